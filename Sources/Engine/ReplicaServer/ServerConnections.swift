import LeaseKernel
import SystemCalls

/// What the poller does for a connection.
enum SocketWatch: Equatable {
    /// It does not know the connection.
    case none
    case armed(Poller.Interest)
    /// It has reported something and waits to be asked again.
    case reported
}

/// One accepted connection that carries one request.
final class RequestConnection {
    let id: UInt64
    let port: Port
    let socket: TCPConnection
    var machine: OneShotConnection
    var watch = SocketWatch.none
    /// Order of arrival, for letting go of the one that has been silent longest.
    let acceptedAt: Instant

    init(id: UInt64, port: Port, socket: TCPConnection, limits: PortLimits, at now: Instant) {
        self.id = id
        self.port = port
        self.socket = socket
        machine = OneShotConnection(limits: limits, at: now)
        acceptedAt = now
    }
}

/// One native peer stream, in the direction it was opened.
final class PeerStream {
    enum Phase: Equatable {
        /// Outgoing only: the connection is not established yet.
        case connecting(since: Instant)
        /// Our greeting is on its way, theirs is not here yet.
        case greeting(since: Instant)
        case open
    }

    enum Direction: Equatable {
        case outgoing(to: ReplicaID)
        case incoming
    }

    let id: UInt64
    let direction: Direction
    let socket: TCPConnection
    var phase: Phase
    /// Who is at the other end; for incoming streams known after the greeting.
    var peer: ReplicaID?
    var buffers = PeerStreamBuffers()
    var watch = SocketWatch.none

    init(
        id: UInt64, direction: Direction, socket: TCPConnection, phase: Phase, peer: ReplicaID?
    ) {
        self.id = id
        self.direction = direction
        self.socket = socket
        self.phase = phase
        self.peer = peer
    }

    /// A handshake that takes longer is given up.
    static let handshakeLimit = Duration.seconds(1)
}

/// Bytes written at once from the front of `bytes`; 0 when the socket takes nothing now. With
/// `endFollows` the last of them leave together with the end of the stream.
func sendFront(
    of bytes: ArraySlice<UInt8>, on socket: TCPConnection, endFollows: Bool = false
) throws(SystemError) -> Int {
    var failure: SystemError?
    let count = bytes.withUnsafeBytes { buffer -> Int in
        do throws(SystemError) {
            return try socket.send(buffer, moreFollows: endFollows)
        } catch {
            failure = error
            return 0
        }
    }
    if let failure { throw failure }
    return count
}
