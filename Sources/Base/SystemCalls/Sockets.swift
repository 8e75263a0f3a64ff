import CSystem
import Glibc

/// A listening TCP socket, non-blocking.
public struct TCPListener: Sendable {
    public let descriptor: FileDescriptor
    /// Where it listens, with the real port when 0 was asked for.
    public let address: SocketAddress
    private let connectionSubject: String

    /// Connections that wait to be accepted, beyond which new ones are held back by the system.
    public static let defaultBacklog: Int32 = 128

    /// With `waitingForFirstBytes` a connection is accepted when its first bytes are there, which
    /// saves whoever polls a wake-up; a silent one after about a second. A system that cannot do
    /// that accepts at once.
    public init(
        binding address: SocketAddress, backlog: Int32 = TCPListener.defaultBacklog,
        waitingForFirstBytes: Bool = false
    ) throws(SystemError) {
        let raw = try check("socket", "\(address)") { csystem_tcp_socket(address.isIPv6) }
        let descriptor = FileDescriptor(owning: raw, subject: "\(address)")
        try check("bind", "\(address)") {
            csystem_bind_listen(raw, address.hostBytes, address.isIPv6, address.port, backlog)
        }
        // What is accepted inherits it.
        _ = csystem_set_nodelay(raw)
        if waitingForFirstBytes { _ = csystem_defer_accept(raw, 1) }
        let port = try check("getsockname", "\(address)") { csystem_local_port(raw) }
        self.descriptor = descriptor
        self.address = SocketAddress(host: address.host, port: UInt16(truncatingIfNeeded: port))
        connectionSubject = "connection to \(self.address)"
    }

    /// The next waiting connection, non-blocking and without delayed sending; nil when none waits
    /// or the one that waited has gone already.
    public func accept() throws(SystemError) -> TCPConnection? {
        do throws(SystemError) {
            let raw = try check("accept4", descriptor.subject) {
                csystem_accept(descriptor.rawValue)
            }
            return TCPConnection(accepted: raw, subject: connectionSubject)
        } catch {
            let gone: Set<Int32> = [ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, ENETUNREACH]
            if error.wouldBlock || gone.contains(error.code) { return nil }
            throw error
        }
    }
}

/// One TCP connection, non-blocking, with TCP_NODELAY set.
public struct TCPConnection: Sendable {
    public let descriptor: FileDescriptor

    fileprivate init(accepted raw: Int32, subject: String) {
        descriptor = FileDescriptor(owning: raw, subject: subject)
    }

    private init(descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    init(owning raw: Int32, subject: String) {
        descriptor = FileDescriptor(owning: raw, subject: subject)
        // Fails only for a connection that is gone; the next read or write says so.
        _ = csystem_set_nodelay(raw)
    }

    /// Begins to connect. The connection is usable once it polls as writable and
    /// `pendingError()` is nil; `connect(to:until:)` waits for that.
    public static func start(to address: SocketAddress) throws(SystemError) -> TCPConnection {
        let raw = try check("socket", "\(address)") { csystem_tcp_socket(address.isIPv6) }
        return try start(raw, to: address)
    }

    private static func start(
        _ raw: Int32, to address: SocketAddress
    ) throws(SystemError) -> TCPConnection {
        let connection = TCPConnection(owning: raw, subject: "\(address)")
        do throws(SystemError) {
            try check("connect", "\(address)") {
                csystem_connect(raw, address.hostBytes, address.isIPv6, address.port)
            }
        } catch {
            if error.code != EINPROGRESS { throw error }
        }
        return connection
    }

    /// Connects, waiting until `deadline` at most.
    public static func connect(
        to address: SocketAddress, in place: NetworkPlace = .own, until deadline: Deadline
    ) throws(SystemError) -> TCPConnection {
        let connection: TCPConnection
        switch place {
        case .own: connection = try start(to: address)
        case .namespace(let namespace):
            connection = try start(try namespace.takeSocket(), to: address)
        case .elsewhere(let network):
            let stream = try network.source.stream(to: address, until: deadline)
            return TCPConnection(descriptor: stream)
        }
        guard try connection.descriptor.waitUntilWritable(deadline) else {
            throw SystemError.timedOut("connect", "\(address)")
        }
        if let error = connection.pendingError() { throw error }
        return connection
    }

    /// The error a connection attempt ended with; nil when it succeeded.
    ///
    /// An attempt to reach a port nobody listens on can meet itself, when the system happens to
    /// choose that port for the near end. That is a refused connection in disguise.
    public func pendingError() -> SystemError? {
        var code = csystem_socket_error(descriptor.rawValue)
        if code == 0, csystem_is_connected_to_itself(descriptor.rawValue) {
            // A reset leaves no port in TIME_WAIT for the one who wants to listen there.
            _ = csystem_set_reset_on_close(descriptor.rawValue)
            code = ECONNREFUSED
        }
        if code == 0 { return nil }
        return SystemError(
            call: "connect", code: code == -1 ? errno : code, subject: descriptor.subject)
    }

    /// Sends what the socket takes now; 0 when its buffer is full. Never raises SIGPIPE. With
    /// `moreFollows` it may leave together with what is sent next, or with the end.
    public func send(
        _ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false
    ) throws(SystemError) -> Int {
        try descriptor.send(bytes, moreFollows: moreFollows)
    }

    /// What a non-blocking read found.
    public enum Received: Equatable, Sendable {
        case bytes([UInt8])
        case nothingYet
        case end
    }

    public func receive(atMost limit: Int) throws(SystemError) -> Received {
        do throws(SystemError) {
            let bytes = try descriptor.read(atMost: limit)
            return bytes.isEmpty ? .end : .bytes(bytes)
        } catch {
            if error.wouldBlock { return .nothingYet }
            throw error
        }
    }

    /// Ends our direction; the peer reads an end of stream, its bytes still arrive.
    public func finishSending() throws(SystemError) {
        try descriptor.finishSending()
    }

    /// Makes the coming close a reset instead of an orderly end; for fault injection and tests.
    public func resetOnClose() throws(SystemError) {
        try check("setsockopt", descriptor.subject) {
            csystem_set_reset_on_close(descriptor.rawValue)
        }
    }

    public func close() {
        descriptor.close()
    }
}

/// A pair of connected stream sockets, non-blocking: what is written to one is read from the
/// other, and each direction ends by itself.
public struct StreamPair: Sendable {
    public let first: FileDescriptor
    public let second: FileDescriptor

    public init(subject: String) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try check("socketpair", subject) { csystem_stream_pair(&ends) }
        first = FileDescriptor(owning: ends[0], subject: subject)
        second = FileDescriptor(owning: ends[1], subject: subject)
    }
}

/// What only sockets can do.
extension FileDescriptor {
    /// Sends what the socket takes now; 0 when its buffer is full. Never raises SIGPIPE. With
    /// `moreFollows` it may leave together with what is sent next, or with the end.
    public func send(
        _ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false
    ) throws(SystemError) -> Int {
        do throws(SystemError) {
            return try check("send", subject) {
                csystem_send(rawValue, bytes.baseAddress, bytes.count, moreFollows)
            }
        } catch {
            if error.wouldBlock { return 0 }
            throw error
        }
    }

    /// Acknowledges what was read at once. A TCP peer that gathers small messages (Nagle) otherwise
    /// waits with the next one until the system has waited 40 ms for something to send along.
    /// Holds until the next read; without effect on other sockets.
    public func acknowledgeNow() {
        _ = csystem_acknowledge_now(rawValue)
    }

    /// Ends our direction; the peer reads an end of stream, its bytes still arrive.
    public func finishSending() throws(SystemError) {
        try check("shutdown", subject) { csystem_shutdown_writing(rawValue) }
    }
}

extension FileDescriptor {
    /// Waits for input or the end of it; false when the deadline came first.
    public func waitUntilReadable(_ deadline: Deadline) throws(SystemError) -> Bool {
        try wait(UInt32(csystem_readable), deadline)
    }

    /// Waits for room to write; false when the deadline came first.
    public func waitUntilWritable(_ deadline: Deadline) throws(SystemError) -> Bool {
        try wait(UInt32(csystem_writable), deadline)
    }

    private func wait(_ interest: UInt32, _ deadline: Deadline) throws(SystemError) -> Bool {
        while true {
            // The time left is taken again after each interruption, so signals never lengthen it.
            let ready = try check("poll", subject) {
                csystem_poll_one(rawValue, interest, deadline.pollMilliseconds)
            }
            if ready > 0 { return true }
            if deadline.isPassed { return false }
        }
    }
}
