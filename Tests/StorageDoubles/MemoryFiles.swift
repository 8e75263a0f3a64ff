public import Replication

/// The files of one replica in memory, where nothing goes wrong.
public struct MemoryFiles: ReplicaStorage, Sendable {
    private var contents: [ReplicaFile: [UInt8]] = [:]

    public init() {}

    /// Nil for a file that does not exist.
    public subscript(file: ReplicaFile) -> [UInt8]? {
        get { contents[file] }
        set { contents[file] = newValue }
    }

    public func read(_ file: ReplicaFile) -> [UInt8]? { contents[file] }

    public func read(_ file: ReplicaFile, at offset: Int, count: Int) -> [UInt8] {
        Array((contents[file] ?? []).dropFirst(offset).prefix(count))
    }

    public mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) {
        contents[file, default: []] += bytes
    }

    public func sync(_ file: ReplicaFile) {}

    public mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) {
        contents[file] = bytes
    }

    public mutating func truncate(_ file: ReplicaFile, to length: Int) {
        contents[file] = Array((contents[file] ?? []).prefix(length))
    }
}
