import Replication

/// A disk that lies: what is appended stays in memory, `sync` does nothing, and only now and then
/// everything is really written. A kill forgets what was answered as durable.
struct ForgetfulStorage: ReplicaStorage, Sendable {
    private var disk: ReplicaFolder
    private var unwritten: [ReplicaFile: [UInt8]] = [:]

    /// Bytes that may be forgotten: a few seconds of load.
    static let forgettableBytes = 256 << 10

    init(_ disk: ReplicaFolder) {
        self.disk = disk
    }

    mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        guard let pending = unwritten[file] else { return try disk.read(file) }
        return (try disk.read(file) ?? []) + pending
    }

    mutating func read(
        _ file: ReplicaFile, at offset: Int, count: Int
    ) throws(StorageFailure) -> [UInt8] {
        let whole = try read(file) ?? []
        guard offset < whole.count else { return [] }
        return Array(whole[offset..<min(whole.count, offset + count)])
    }

    mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure) {
        unwritten[file, default: []] += bytes
        if unwritten.values.reduce(0, { $0 + $1.count }) > Self.forgettableBytes {
            for file in ReplicaFile.allCases { try writeOut(file) }
        }
    }

    mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {}

    mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) throws(StorageFailure) {
        unwritten[file] = nil
        try disk.replace(file, with: bytes)
    }

    mutating func truncate(_ file: ReplicaFile, to length: Int) throws(StorageFailure) {
        try writeOut(file)
        try disk.truncate(file, to: length)
    }

    private mutating func writeOut(_ file: ReplicaFile) throws(StorageFailure) {
        guard let pending = unwritten.removeValue(forKey: file) else { return }
        try disk.append(file, pending)
        try disk.sync(file)
    }
}
