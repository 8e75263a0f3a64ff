public import Replication

/// The files of a replica, with a deviation: what a decorator does not say itself, its disk does.
public protocol StorageDecorator: ReplicaStorage {
    associatedtype Disk: ReplicaStorage
    var disk: Disk { get set }
}

extension StorageDecorator {
    public mutating func begin(_ purpose: StorageBoundary.Purpose) { disk.begin(purpose) }

    public mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        try disk.read(file)
    }

    public mutating func read(
        _ file: ReplicaFile, at offset: Int, count: Int
    ) throws(StorageFailure) -> [UInt8] {
        try disk.read(file, at: offset, count: count)
    }

    public mutating func append(
        _ file: ReplicaFile, _ bytes: [UInt8]
    ) throws(StorageFailure) {
        try disk.append(file, bytes)
    }

    public mutating func sync(_ file: ReplicaFile) throws(StorageFailure) { try disk.sync(file) }

    public mutating func replace(
        _ file: ReplicaFile, with bytes: [UInt8]
    ) throws(StorageFailure) {
        try disk.replace(file, with: bytes)
    }

    public mutating func truncate(
        _ file: ReplicaFile, to length: Int
    ) throws(StorageFailure) {
        try disk.truncate(file, to: length)
    }
}
