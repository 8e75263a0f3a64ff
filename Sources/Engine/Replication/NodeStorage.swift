public import LeaseEngine

/// All files of one replica: the engine's two and the two of the replica layer (replica.md 1).
public protocol NodeStorage: EngineStorage {
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

/// Where the four files of one replica lie.
public struct ReplicaPaths: Hashable, Sendable {
    public var metadata: String
    public var preparedLog: String
    public var wal: String
    public var snapshot: String

    /// The prepared log lies beside the metadata, under its name with one more extension
    /// (replica.md 1).
    public init(metadata: String, wal: String, snapshot: String) {
        self.metadata = metadata
        self.preparedLog = metadata + ".prepare"
        self.wal = wal
        self.snapshot = snapshot
    }

    /// The names that every replica of a local cluster uses inside its folder
    /// (cluster-runner.md 2).
    public init(folder: String) {
        self.init(
            metadata: folder + "/replica.metadata", wal: folder + "/state.wal",
            snapshot: folder + "/state.snapshot")
    }
}
