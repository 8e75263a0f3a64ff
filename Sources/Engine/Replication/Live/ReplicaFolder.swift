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

    public subscript(file: ReplicaFile) -> String {
        switch file {
        case .metadata: metadata
        case .journal: journal
        case .log: log
        case .snapshot: snapshot
        }
    }
}

/// The files of one replica on disk. Files that grow stay open between calls.
public struct ReplicaFolder: ReplicaStorage, Sendable {
    public let paths: ReplicaPaths
    /// No file of a replica is read that is longer, in bytes.
    public var maximumFileBytes = 1 << 30
    private var open: [ReplicaFile: AppendFile] = [:]

    public init(_ paths: ReplicaPaths) {
        self.paths = paths
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
        try whileOpen(file, "appending to") { (open: inout AppendFile) throws(SystemError) in
            try open.append(bytes)
        }
    }

    public mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {
        try whileOpen(file, "syncing") { (open: inout AppendFile) throws(SystemError) in
            try open.sync()
        }
    }

    public mutating func replace(
        _ file: ReplicaFile, with bytes: [UInt8]
    ) throws(StorageFailure) {
        // The open descriptor would go on writing to the file that was replaced.
        open[file] = nil
        do {
            try DurableFiles.replace(paths[file], with: bytes)
        } catch {
            throw StorageFailure("replacing the \(file.rawValue): \(error)")
        }
    }

    public mutating func truncate(
        _ file: ReplicaFile, to length: Int
    ) throws(StorageFailure) {
        try whileOpen(file, "cutting") { (open: inout AppendFile) throws(SystemError) in
            try open.truncate(to: length)
            try open.sync()
        }
    }

    private mutating func whileOpen(
        _ file: ReplicaFile, _ doing: String,
        _ body: (inout AppendFile) throws(SystemError) -> Void
    ) throws(StorageFailure) {
        do throws(SystemError) {
            if open[file] == nil { open[file] = try AppendFile(opening: paths[file]) }
            // Set in the line above.
            try body(&open[file]!)
        } catch {
            throw StorageFailure("\(doing) the \(file.rawValue): \(error)")
        }
    }
}
