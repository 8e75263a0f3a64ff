public import LeaseEngine

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

    public init(
        format: Format, metadata: ReplicaMetadata, snapshot: [UInt8]?, frames: [WALFrame],
        prepared: PreparedEntries
    ) {
        self.format = format
        self.metadata = metadata
        self.snapshot = snapshot
        self.frames = frames
        self.prepared = prepared
    }
}

extension WALFrame {
    var isMarker: Bool { recordType == .snapshotMarker }
}
