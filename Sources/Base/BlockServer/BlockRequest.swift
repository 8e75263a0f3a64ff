/// What a client asks of a disk. The bytes of a write are there, whole.
public struct BlockRequest: Hashable, Sendable {
    public enum Operation: Hashable, Sendable {
        case read(offset: Int, count: Int)
        /// A durable write is answered when it survives a power cut.
        case write(offset: Int, [UInt8], isDurable: Bool)
        /// Answered when all writes that were answered before survive a power cut.
        case flush
    }

    /// What the client knows the request by; the answer carries it again.
    public let cookie: UInt64
    public let operation: Operation

    public init(cookie: UInt64, _ operation: Operation) {
        self.cookie = cookie
        self.operation = operation
    }
}

/// What became of a request.
public enum BlockReply: Hashable, Sendable {
    /// The bytes that were read; none for other requests.
    case done([UInt8])
    case failed(BlockError)
}

/// Why a disk refuses a request; each stands for one error of the protocol.
public enum BlockError: UInt32, Error, Hashable, Sendable {
    case inputOutput = 5
    case invalid = 22
    case noSpaceLeft = 28
}
