/// A moment in the work on one file of a replica: right before or right after one call to the
/// system. A process that dies there leaves what the calls so far have done.
///
/// Tests hand in an observer to stop at such a moment (`ReplicaFolder.observe`); nothing else
/// looks at them.
public struct StorageBoundary: Hashable, Sendable, CustomStringConvertible {
    /// What the calls are part of.
    public enum Purpose: String, CaseIterable, Sendable {
        /// Bringing the files in line with each other before anything is served.
        case recovery
        /// A journal batch, and log frames that go with it.
        case batch
        /// Log frames alone.
        case frames
        /// The log becomes durable and the journal begins anew.
        case compaction
        case checkpoint
        /// The metadata of a higher view.
        case view
        /// A snapshot from the primary.
        case install
        case stop
        /// For a peer that is behind; nothing is written.
        case reading
    }

    /// Where in the work on the file.
    public enum Moment: String, CaseIterable, Sendable {
        case beforeAppend
        case appended
        case beforeSync
        case synced
        case beforeReplace
        /// The new content has another name and may be lost with the machine's power.
        case written
        case writtenAndSynced
        case renamed
        /// The new name is on disk.
        case replaced
        case beforeCut
        case cut
        case cutAndSynced
    }

    public let purpose: Purpose
    public let file: ReplicaFile
    public let moment: Moment

    public init(_ purpose: Purpose, _ file: ReplicaFile, _ moment: Moment) {
        self.purpose = purpose
        self.file = file
        self.moment = moment
    }

    /// `checkpoint.log.renamed`
    public var description: String {
        "\(purpose.rawValue).\(file.rawValue).\(moment.rawValue)"
    }
}
