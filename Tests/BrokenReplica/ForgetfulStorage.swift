import LeaseKernel
import Replication
import StorageDoubles

/// A disk that lies: what is appended stays in memory, `sync` does nothing, and only now and then
/// everything is really written. A kill forgets what was answered as durable. It may lie to backups
/// only.
struct ForgetfulStorage: StorageDecorator, Sendable {
    var disk: ReplicaFolder
    private var unwritten: [ReplicaFile: [UInt8]] = [:]
    private let liesToBackupsOnly: Bool
    private var role = ReplicaRole.backup

    /// Bytes that may be forgotten: a few seconds of load.
    static let forgettableBytes = 256 << 10

    init(_ disk: ReplicaFolder, liesToBackupsOnly: Bool = false) {
        self.disk = disk
        self.liesToBackupsOnly = liesToBackupsOnly
    }

    mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        let stored = try disk.read(file)
        if file == .metadata, let stored { note(metadata: stored) }
        guard let pending = unwritten[file] else { return stored }
        return (stored ?? []) + pending
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

    mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {
        guard liesToBackupsOnly, role == .primary else { return }
        try writeOut(file)
        try disk.sync(file)
    }

    mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) throws(StorageFailure) {
        unwritten[file] = nil
        if file == .metadata { note(metadata: bytes) }
        try disk.replace(file, with: bytes)
    }

    mutating func truncate(_ file: ReplicaFile, to length: Int) throws(StorageFailure) {
        try writeOut(file)
        try disk.truncate(file, to: length)
    }

    private mutating func note(metadata: [UInt8]) {
        if let known = try? MetadataFormatV3.decode(metadata) { role = known.role }
    }

    private mutating func writeOut(_ file: ReplicaFile) throws(StorageFailure) {
        guard let pending = unwritten.removeValue(forKey: file) else { return }
        try disk.append(file, pending)
        try disk.sync(file)
    }
}
