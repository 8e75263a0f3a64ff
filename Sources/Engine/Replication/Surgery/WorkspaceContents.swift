public import ClusterProtocol
public import LeaseEngine
public import LeaseKernel

/// What the folder of one stopped replica holds, whatever format it is stored in.
public struct WorkspaceContents: Hashable, Sendable {
    /// Which daemons can read the folder.
    public enum Format: Hashable, Sendable {
        /// Version 2, the reference's: any daemon that speaks `replica.md`.
        case reference
        /// Version 3, ours (docs/reference/formats.md).
        case native
    }

    public var format: Format
    public var metadata: ReplicaMetadata
    /// The snapshot file as it is; nil when there is none.
    public var snapshot: [UInt8]?
    /// Every frame of the log in file order, markers included; a torn tail is cut.
    public var frames: [WALFrame]
    /// Entries that are durable but not known to be committed.
    public var prepared: PreparedEntries
    /// Which life of its primary wrote an entry; unknown for entries that are not named, as in
    /// the reference's format, which has no generations.
    public var generations: [LSN: Generation]
    /// The highest life of a primary that wrote anything here, prepared or committed; unknown in
    /// the reference's format.
    public var highestTerm: Term
    /// The highest generation that the folder mentions anywhere.
    public var highestGeneration: Generation

    public init(
        format: Format, metadata: ReplicaMetadata, snapshot: [UInt8]?, frames: [WALFrame],
        prepared: PreparedEntries, generations: [LSN: Generation] = [:],
        highestTerm: Term = .unknown, highestGeneration: Generation = .unknown
    ) {
        self.format = format
        self.metadata = metadata
        self.snapshot = snapshot
        self.frames = frames
        self.prepared = prepared
        self.generations = generations
        self.highestTerm = highestTerm
        self.highestGeneration = highestGeneration
    }
}

extension WALFrame {
    var isMarker: Bool { recordType == .snapshotMarker }
}
