/// The client side of every port of a replica: connect, send one request, end our direction,
/// read the reply to its end (wire-api.md 7.1). It blocks the calling thread.
public struct OneShotExchange: Sendable {
    /// How far an exchange came before it failed. It decides what the failure means: a request
    /// that was never sent cannot have had an effect, every other failure leaves that open.
    public enum Progress: Equatable, Sendable {
        /// No connection came about: nothing was sent.
        case connecting
        /// Some or all of the request may have left.
        case sending(bytesSent: Int)
        /// The whole request was sent; the reply is missing or incomplete.
        case receiving(bytesReceived: [UInt8])
    }

    /// A failed exchange: how far it came, and the system's reason.
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        public let progress: Progress
        public let cause: SystemError

        public init(progress: Progress, cause: SystemError) {
            self.progress = progress
            self.cause = cause
        }

        public var description: String {
            switch progress {
            case .connecting: "could not connect: \(cause)"
            case .sending(let sent): "request broke off after \(sent) bytes: \(cause)"
            case .receiving(let received):
                "no complete reply (\(received.count) bytes so far): \(cause)"
            }
        }
    }

    /// Limit for connecting.
    public var connectLimit: Duration
    /// Limit for sending the request and reading the whole reply, counted from the connection.
    public var exchangeLimit: Duration
    /// A reply longer than this is a failure (`EMSGSIZE`).
    public var replyByteLimit: Int
    /// The network in which the connection is made.
    public var place: NetworkPlace

    public init(
        connectLimit: Duration, exchangeLimit: Duration, replyByteLimit: Int = 1 << 20,
        in place: NetworkPlace = .own
    ) {
        self.connectLimit = connectLimit
        self.exchangeLimit = exchangeLimit
        self.replyByteLimit = replyByteLimit
        self.place = place
    }

    /// The reply's bytes, possibly none: an orderly end without a byte is not an error here.
    public func perform(
        _ request: [UInt8], with address: SocketAddress
    ) throws(Failure) -> [UInt8] {
        let connection: TCPConnection
        do throws(SystemError) {
            connection = try TCPConnection.connect(
                to: address, in: place, until: .after(connectLimit))
        } catch {
            throw Failure(progress: .connecting, cause: error)
        }
        defer { connection.close() }
        let deadline = Deadline.after(exchangeLimit)
        try send(request, on: connection, until: deadline)
        return try receive(on: connection, until: deadline)
    }

    private func send(
        _ request: [UInt8], on connection: TCPConnection, until deadline: Deadline
    ) throws(Failure) {
        var sent = 0
        do throws(SystemError) {
            while sent < request.count {
                let taken = try sendOnce(request, from: sent, on: connection)
                sent += taken
                if taken > 0 { continue }
                guard try connection.descriptor.waitUntilWritable(deadline) else {
                    throw SystemError.timedOut("send", connection.descriptor.subject)
                }
            }
            try connection.finishSending()
        } catch {
            // The peer may have answered and closed before it read everything: an answer that
            // is already here says more than our broken pipe.
            if sent > 0 || error.isReset,
                let reply = try? receive(on: connection, until: .after(.milliseconds(1))),
                !reply.isEmpty
            {
                throw Failure(progress: .receiving(bytesReceived: reply), cause: error)
            }
            throw Failure(progress: .sending(bytesSent: sent), cause: error)
        }
    }

    private func sendOnce(
        _ request: [UInt8], from start: Int, on connection: TCPConnection
    ) throws(SystemError) -> Int {
        var failure: SystemError?
        let taken = request.withUnsafeBytes { buffer -> Int in
            do throws(SystemError) {
                // The end leaves with the last bytes: a peer that waits for it wakes up once.
                return try connection.send(
                    UnsafeRawBufferPointer(rebasing: buffer[start...]), moreFollows: true)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return taken
    }

    private func receive(
        on connection: TCPConnection, until deadline: Deadline
    ) throws(Failure) -> [UInt8] {
        var reply: [UInt8] = []
        do throws(SystemError) {
            while true {
                switch try connection.receive(atMost: 64 << 10) {
                case .bytes(let bytes):
                    reply += bytes
                    if reply.count > replyByteLimit {
                        throw SystemError(
                            call: "read", code: SystemError.messageTooLong,
                            subject: connection.descriptor.subject)
                    }
                case .end:
                    return reply
                case .nothingYet:
                    guard try connection.descriptor.waitUntilReadable(deadline) else {
                        throw SystemError.timedOut("read", connection.descriptor.subject)
                    }
                }
            }
        } catch {
            throw Failure(progress: .receiving(bytesReceived: reply), cause: error)
        }
    }
}
