public import LeaseKernel

/// Names one storage job; the completion carries it back. Tokens grow.
public struct StorageToken: Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Work for the disk: done in order, and given up at the first failure.
public struct StorageJob: Sendable {
    public let token: StorageToken
    public let purpose: StorageBoundary.Purpose
    public let work: [StorageWork]

    public init(
        token: StorageToken, purpose: StorageBoundary.Purpose, work: [StorageWork]
    ) {
        self.token = token
        self.purpose = purpose
        self.work = work
    }
}

/// One step of a job.
public enum StorageWork: Sendable {
    case append(ReplicaFile, [UInt8])
    /// Data sync: what was appended before survives a crash afterwards.
    case sync(ReplicaFile)
    /// Atomic and durable replacement of a whole file.
    case replace(ReplicaFile, [UInt8])
    /// The same for the snapshot, which needs its checksum beside it.
    case replaceSnapshot([UInt8])
    /// Writes the snapshot, then the log with the frames above `keepAbove` and a marker
    /// (durability.md 7). The state is a value: it is encoded here, off the server's loop.
    case checkpoint(state: Kernel, keepAbove: LSN?)
    /// Reads committed entries from the log for a peer that is behind.
    case readLog(LogReadRequest)
    /// Reads the snapshot file for a peer below the log's floor.
    case readSnapshot
}

/// Where a read of the log begins and how much it may return.
public struct LogReadRequest: Hashable, Sendable {
    /// The first position wanted.
    public var from: LSN
    /// Where in the file to begin looking: at or before that position.
    public var offset: Int
    /// At least one frame is returned if there is one, more only up to this many bytes.
    public var maximumBytes: Int

    public init(from: LSN, offset: Int, maximumBytes: Int) {
        self.from = from
        self.offset = offset
        self.maximumBytes = maximumBytes
    }
}

/// What a storage job came to.
public enum StorageOutcome: Sendable {
    case done
    case log(entries: [PreparedEntry], nextOffset: Int)
    case snapshot([UInt8])
    case failed(StorageFailure)
}

/// Why a job was given up: text for people, naming the step and the system's error.
public struct StorageFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
