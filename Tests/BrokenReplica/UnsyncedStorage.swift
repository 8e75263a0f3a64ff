import Replication

/// The real files, except that nothing appended is ever synced: it is acknowledged while it lies
/// in the system's memory. A kill of the process loses nothing; a power cut does.
struct UnsyncedStorage: ReplicaStorage, Sendable {
    private var disk: ReplicaFolder

    init(_ disk: ReplicaFolder) {
        self.disk = disk
    }

    mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        try disk.read(file)
    }

    mutating func read(
        _ file: ReplicaFile, at offset: Int, count: Int
    ) throws(StorageFailure) -> [UInt8] {
        try disk.read(file, at: offset, count: count)
    }

    mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure) {
        try disk.append(file, bytes)
    }

    mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {}

    mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) throws(StorageFailure) {
        try disk.replace(file, with: bytes)
    }

    mutating func truncate(_ file: ReplicaFile, to length: Int) throws(StorageFailure) {
        try disk.truncate(file, to: length)
    }
}
