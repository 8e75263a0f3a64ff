import SecureShell
import SystemCalls

/// A channel that carries a connection: what is read from our end of a socket pair goes to the
/// server, what comes from there goes into it, and each direction ends by itself.
final class StreamChannel: SessionChannel {
    private enum State {
        case moving
        case closing
    }

    /// From the socket to the server.
    private enum Outward {
        case moving(OutgoingBytes)
        /// The user has ended its direction; the server has yet to hear of it.
        case ending
        case ended
    }

    /// From the server to the socket.
    private enum Inward {
        case moving
        /// Bytes the socket did not take yet.
        case blocked([UInt8])
        /// The server has ended its direction, and the user knows.
        case ended
        /// Nobody is left to read; what comes is dropped.
        case unread
    }

    private let channel: LibraryChannel
    private let socket: FileDescriptor
    private var state = State.moving
    private var outward = Outward.moving(OutgoingBytes())
    private var inward = Inward.moving
    private let buffer: UnsafeMutableRawBufferPointer

    init(_ channel: LibraryChannel, _ socket: FileDescriptor) {
        self.channel = channel
        self.socket = socket
        buffer = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    var deadline: Deadline? { nil }

    var local: (descriptor: FileDescriptor, interest: Poller.Interest)? {
        guard case .moving = state else { return nil }
        if case .unread = inward { return nil }
        var interest: Poller.Interest = []
        if case .moving(let bytes) = outward, bytes.isEmpty { interest.insert(.readable) }
        if case .blocked = inward { interest.insert(.writable) }
        return (socket, interest)
    }

    func advance(_ transport: SessionTransport) throws(LibraryError) -> Bool {
        if case .moving = state {
            try sendOut(transport)
            try bringIn()
            if isDone { close() }
        }
        if case .closing = state { return try channel.free() != nil }
        return false
    }

    private var isDone: Bool {
        guard case .ended = outward else { return false }
        return switch inward {
        case .ended, .unread: true
        case .moving, .blocked: false
        }
    }

    private func sendOut(_ transport: SessionTransport) throws(LibraryError) {
        while true {
            switch outward {
            case .ended: return
            case .ending:
                guard try channel.finishSending() != nil else { return }
                outward = .ended
            case .moving(var bytes):
                let isAllTaken = try bytes.send(to: channel, transport)
                outward = .moving(bytes)
                guard isAllTaken else { return }
                do throws(SystemError) {
                    outward = try bytes.refill(from: socket) ? .moving(bytes) : .ending
                } catch {
                    if error.wouldBlock { return }
                    // The user closed it with bytes unread.
                    outward = .ending
                    inward = .unread
                }
            }
        }
    }

    private func bringIn() throws(LibraryError) {
        while true {
            switch inward {
            case .ended:
                // Only a server that has closed the channel does not read any more.
                if try channel.awaitClose() != nil { close() }
                return
            case .blocked(let bytes):
                inward = .moving
                deliver(bytes)
                if case .blocked = inward { return }
            case .moving, .unread:
                switch try channel.read(.output, into: buffer) {
                case .later: return
                case .bytes(let count):
                    if case .moving = inward { deliver(Array(buffer[..<count])) }
                case .end:
                    if case .unread = inward { return }
                    inward = .ended
                    try? socket.finishSending()
                }
            }
        }
    }

    /// To the socket, as far as it takes it.
    private func deliver(_ bytes: [UInt8]) {
        do throws(SystemError) {
            let count = try bytes.span.withUnsafeBytes { bytes throws(SystemError) in
                try socket.send(bytes)
            }
            if count < bytes.count { inward = .blocked(Array(bytes[count...])) }
        } catch {
            inward = .unread
        }
    }

    private func close() {
        socket.close()
        state = .closing
    }

    func localEndIsGone() {
        inward = .unread
    }

    func deadlineHasPassed() {}

    func isLost(_: RemoteError.Cause) {
        close()
    }
}
