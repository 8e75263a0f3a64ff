public import LeaseEngine

/// The files of one replica in memory, with the failures that disks have: for simulation,
/// surgery on images and tests.
public final class MemoryNodeStorage: NodeStorage {
    /// What the next write of one of the replica layer's files runs into, once.
    public enum Fault: Hashable, Sendable {
        case metadataWrite
        case preparedLogWrite
    }

    /// Nil while the file does not exist.
    public var metadata: [UInt8]?
    public var preparedLog: [UInt8]?
    /// The log and the snapshot, with failures of their own.
    public let engine: MemoryStorage
    /// `errno` of injected failures; 5 is an input or output error.
    public var failureCode: Int32
    private var fault: Fault?

    public init(
        metadata: [UInt8]? = nil, preparedLog: [UInt8]? = nil, wal: [UInt8]? = nil,
        snapshot: [UInt8]? = nil, failureCode: Int32 = 5
    ) {
        self.metadata = metadata
        self.preparedLog = preparedLog
        self.engine = MemoryStorage(wal: wal, snapshot: snapshot, failureCode: failureCode)
        self.failureCode = failureCode
    }

    public func injectOnce(_ fault: Fault) { self.fault = fault }

    public func readMetadata(limit: UInt64) throws(InputOutputFailure) -> BoundedRead {
        bounded(metadata, limit: limit)
    }

    public func replaceMetadata(with bytes: [UInt8]) throws(InputOutputFailure) {
        try failIfWanted(.metadataWrite)
        metadata = bytes
    }

    public func readPreparedLog(limit: UInt64) throws(InputOutputFailure) -> BoundedRead {
        bounded(preparedLog, limit: limit)
    }

    public func replacePreparedLog(with bytes: [UInt8]) throws(InputOutputFailure) {
        try failIfWanted(.preparedLogWrite)
        preparedLog = bytes
    }

    private func bounded(_ file: [UInt8]?, limit: UInt64) -> BoundedRead {
        guard let file else { return .absent }
        return UInt64(file.count) > limit
            ? .tooLong(length: UInt64(file.count)) : .contents(file)
    }

    private func failIfWanted(_ wanted: Fault) throws(InputOutputFailure) {
        guard fault == wanted else { return }
        fault = nil
        throw InputOutputFailure(code: failureCode)
    }
}
