import LeaseKernel

/// What can go wrong with the log of a node (durability.md 4).
public enum WALFileError: Error, Hashable, Sendable {
    case inputOutput(InputOutputFailure)
    /// Nothing was written.
    case payloadTooLarge(length: Int, maxPayloadBytes: UInt64)
    case corruption(offset: Int, FrameError)
}

/// The log of one node: frames on top of the bytes of its storage (durability.md 4).
public struct WALFile {
    private let storage: any EngineStorage
    /// Bound on what is written; reading and recovery accept larger frames.
    public let maxPayloadBytes: UInt64

    /// Opens the log, creating an empty one if there is none.
    public init(
        opening storage: any EngineStorage, maxPayloadBytes: UInt64
    ) throws(WALFileError) {
        self.storage = storage
        self.maxPayloadBytes = maxPayloadBytes
        try reporting { () throws(InputOutputFailure) in try storage.openWAL() }
    }

    /// Appends one frame without sync.
    public func append(_ frame: WALFrame) throws(WALFileError) {
        try requireBounded(frame)
        let bytes = frame.encode()
        try reporting { () throws(InputOutputFailure) in try storage.appendToWAL(bytes) }
    }

    public func sync() throws(WALFileError) {
        try reporting { () throws(InputOutputFailure) in try storage.syncWAL() }
    }

    /// Reads everything and changes nothing.
    public func scan() throws(WALFileError) -> WALScan {
        WALScan(try reporting { () throws(InputOutputFailure) in try storage.readWAL() })
    }

    /// Cuts off a torn tail. Corruption is an error and leaves the file as it is.
    public func truncateToValidPrefix() throws(WALFileError) -> WALScan {
        let scan = try scan()
        switch scan.stop {
        case .cleanEnd: break
        case .tornTail(let offset):
            try reporting { () throws(InputOutputFailure) in
                try storage.truncateWAL(to: offset)
            }
        case .corruption(let offset, let error):
            throw .corruption(offset: offset, error)
        }
        return scan
    }

    /// Replaces all frames at once; every payload is checked before anything is written.
    public func replace(with frames: [WALFrame]) throws(WALFileError) {
        for frame in frames { try requireBounded(frame) }
        let bytes = frames.flatMap { $0.encode() }
        try reporting { () throws(InputOutputFailure) in try storage.replaceWAL(with: bytes) }
    }

    private func requireBounded(_ frame: WALFrame) throws(WALFileError) {
        guard UInt64(frame.payload.count) <= maxPayloadBytes else {
            throw .payloadTooLarge(
                length: frame.payload.count, maxPayloadBytes: maxPayloadBytes)
        }
    }

    private func reporting<Value>(
        _ work: () throws(InputOutputFailure) -> Value
    ) throws(WALFileError) -> Value {
        do throws(InputOutputFailure) {
            return try work()
        } catch {
            throw .inputOutput(error)
        }
    }
}
