/// The files of one replica (replica.md 1).
public enum ReplicaFile: String, CaseIterable, Hashable, Sendable {
    case metadata
    /// Prepared journal, version 3; the reference's prepared log, version 2, has the same path.
    case journal
    case log
    case snapshot
    /// Ours: tells a damaged snapshot from a good one (`SnapshotChecksums`).
    case snapshotChecksums
}

/// The files of one replica, as the server, the simulator and offline tools see them.
/// Only one caller uses an instance at a time.
public protocol ReplicaStorage {
    /// What the following calls are part of; of interest to observers only.
    mutating func begin(_ purpose: StorageBoundary.Purpose)
    /// The whole file; nil when it does not exist.
    mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]?
    /// At most `count` bytes from `offset`; fewer at the end of the file.
    mutating func read(
        _ file: ReplicaFile, at offset: Int, count: Int
    ) throws(StorageFailure) -> [UInt8]
    /// Adds bytes at the end, creating the file if necessary; durable only after `sync`.
    mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure)
    mutating func sync(_ file: ReplicaFile) throws(StorageFailure)
    /// The old content or the new one after a crash, the new one once this returns.
    mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) throws(StorageFailure)
    /// Cuts the file and syncs it.
    mutating func truncate(_ file: ReplicaFile, to length: Int) throws(StorageFailure)
}

extension ReplicaStorage {
    public mutating func begin(_ purpose: StorageBoundary.Purpose) {}
}
