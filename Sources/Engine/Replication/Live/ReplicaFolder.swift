import DurableFiles
import SystemCalls

/// Where the files of one replica lie (replica.md 1, cluster-runner.md 3).
public struct ReplicaPaths: Hashable, Sendable {
    public var metadata: String
    public var journal: String
    public var log: String
    public var snapshot: String

    public init(metadata: String, journal: String, log: String, snapshot: String) {
        self.metadata = metadata
        self.journal = journal
        self.log = log
        self.snapshot = snapshot
    }

    /// Beside the snapshot.
    public var snapshotChecksums: String { snapshot + ".crc32c" }

    public subscript(file: ReplicaFile) -> String {
        switch file {
        case .metadata: metadata
        case .journal: journal
        case .log: log
        case .snapshot: snapshot
        case .snapshotChecksums: snapshotChecksums
        }
    }
}

/// The files of one replica on disk. Files that grow stay open between calls.
public struct ReplicaFolder: ReplicaStorage, Sendable {
    public let paths: ReplicaPaths
    /// No file of a replica is read that is longer, in bytes.
    public var maximumFileBytes = 1 << 30
    /// Called at every boundary; tests stop there.
    private let observe: @Sendable (StorageBoundary) -> Void
    private var purpose = StorageBoundary.Purpose.recovery
    private var open: [ReplicaFile: AppendFile] = [:]

    public init(
        _ paths: ReplicaPaths, observe: @escaping @Sendable (StorageBoundary) -> Void = { _ in }
    ) {
        self.paths = paths
        self.observe = observe
    }

    public mutating func begin(_ purpose: StorageBoundary.Purpose) {
        self.purpose = purpose
    }

    private func reach(_ moment: StorageBoundary.Moment, _ file: ReplicaFile) {
        observe(StorageBoundary(purpose, file, moment))
    }

    public mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        do {
            return try DurableFiles.readIfPresent(paths[file], limit: maximumFileBytes)
        } catch {
            throw StorageFailure("reading the \(file.rawValue): \(error)")
        }
    }

    public mutating func read(
        _ file: ReplicaFile, at offset: Int, count: Int
    ) throws(StorageFailure) -> [UInt8] {
        do {
            return try FileSystem.open(paths[file], .readOnly).read(at: offset, count: count)
        } catch {
            throw StorageFailure("reading the \(file.rawValue) at \(offset): \(error)")
        }
    }

    public mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure) {
        reach(.beforeAppend, file)
        try whileOpen(file, "appending to") { (open: inout AppendFile) throws(SystemError) in
            try open.append(bytes)
        }
        reach(.appended, file)
    }

    public mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {
        reach(.beforeSync, file)
        try whileOpen(file, "syncing") { (open: inout AppendFile) throws(SystemError) in
            try open.sync()
        }
        reach(.synced, file)
    }

    public mutating func replace(
        _ file: ReplicaFile, with bytes: [UInt8]
    ) throws(StorageFailure) {
        // The open descriptor would go on writing to the file that was replaced.
        open[file] = nil
        reach(.beforeReplace, file)
        do {
            try DurableFiles.replace(paths[file], with: bytes) { step in
                switch step {
                case .written: reach(.written, file)
                case .synced: reach(.writtenAndSynced, file)
                case .renamed: reach(.renamed, file)
                case .folderSynced: reach(.replaced, file)
                }
            }
        } catch {
            throw StorageFailure("replacing the \(file.rawValue): \(error)")
        }
    }

    public mutating func truncate(
        _ file: ReplicaFile, to length: Int
    ) throws(StorageFailure) {
        reach(.beforeCut, file)
        let cut = { [self] in reach(.cut, file) }
        try whileOpen(file, "cutting") { (open: inout AppendFile) throws(SystemError) in
            try open.truncate(to: length)
            cut()
            try open.sync()
        }
        reach(.cutAndSynced, file)
    }

    private mutating func whileOpen(
        _ file: ReplicaFile, _ doing: String,
        _ body: (inout AppendFile) throws(SystemError) -> Void
    ) throws(StorageFailure) {
        do throws(SystemError) {
            if open[file] == nil {
                open[file] = try AppendFile(
                    opening: paths[file], reservingAhead: file.reservedBytes)
            }
            // Set in the line above.
            try body(&open[file]!)
        } catch {
            throw StorageFailure("\(doing) the \(file.rawValue): \(error)")
        }
    }
}

extension ReplicaFile {
    /// The journal is what every write waits for; its reader takes zeros for a torn tail, and it
    /// is replaced before anything is appended to one from an earlier start.
    fileprivate var reservedBytes: Int {
        switch self {
        case .journal: 256 << 10
        case .metadata, .log, .snapshot, .snapshotChecksums: 0
        }
    }
}
