public import LeaseEngine

/// All files of one replica: the engine's two and the two of the replica layer (replica.md 1).
public protocol NodeStorage: AnyObject {
    associatedtype EngineFiles: EngineStorage
    /// The log and the snapshot.
    var engine: EngineFiles { get }

    /// The metadata file, unless it is longer than `limit` bytes.
    func readMetadata(limit: UInt64) throws(InputOutputFailure) -> BoundedRead
    /// Replaces the metadata as a whole, durably.
    func replaceMetadata(with bytes: [UInt8]) throws(InputOutputFailure)
    /// The prepared log, unless it is longer than `limit` bytes.
    func readPreparedLog(limit: UInt64) throws(InputOutputFailure) -> BoundedRead
    /// Replaces the prepared log as a whole, durably.
    func replacePreparedLog(with bytes: [UInt8]) throws(InputOutputFailure)
}

/// What reading a file of bounded length finds.
public enum BoundedRead: Hashable, Sendable {
    case absent
    case contents([UInt8])
    /// Nothing of it was read.
    case tooLong(length: UInt64)
}

extension ReplicaPaths {
    /// The prepared log lies beside the metadata, under its name with one more extension
    /// (replica.md 1).
    public init(metadata: String, log: String, snapshot: String) {
        self.init(
            metadata: metadata, journal: metadata + ".prepare", log: log, snapshot: snapshot)
    }

    /// The names that every replica of a local cluster uses inside its folder
    /// (cluster-runner.md 2).
    public init(folder: String) {
        self.init(
            metadata: folder + "/replica.metadata", log: folder + "/state.wal",
            snapshot: folder + "/state.snapshot")
    }
}
