import SecureShell
import SystemCalls

/// What the session's thread does with one open channel. Nothing here blocks: `advance` does what
/// can be done now, and is called again whenever something may have changed.
protocol SessionChannel: AnyObject {
    /// By when it must be over; nil for one that lasts as long as it is used.
    var deadline: Deadline? { get }
    /// What to wait for on this side; nil when there is nothing.
    var local: (descriptor: FileDescriptor, interest: Poller.Interest)? { get }

    /// True when the channel is closed on both sides and given back.
    func advance(_ transport: SessionTransport) throws(LibraryError) -> Bool
    /// The peer of the local end has gone for good.
    func localEndIsGone()
    func deadlineHasPassed()
    /// The session is over.
    func isLost(_ cause: RemoteError.Cause)
}

/// Bytes on their way from here to a channel.
///
/// What libssh2 did not take has to be offered again as it was, so they stay at the front until
/// they are taken.
struct OutgoingBytes {
    private var bytes: [UInt8]
    private var taken = 0
    /// What is read at a time.
    private static let pieceBytes = 128 << 10

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    var isEmpty: Bool { taken == bytes.count }

    /// Gives the channel what it takes; true when all is taken.
    mutating func send(
        to channel: LibraryChannel, _ transport: SessionTransport
    ) throws(LibraryError) -> Bool {
        while !isEmpty {
            guard transport.claimRoom() else { return false }
            let count = try bytes.span.withUnsafeBytes { bytes throws(LibraryError) in
                try channel.write(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
            }
            if count == 0 { return false }
            taken += count
        }
        return true
    }

    /// Reads the next piece, once all is taken; false at the end of the input.
    mutating func refill(from source: FileDescriptor) throws(SystemError) -> Bool {
        bytes = try source.read(atMost: Self.pieceBytes)
        taken = 0
        return !bytes.isEmpty
    }
}
