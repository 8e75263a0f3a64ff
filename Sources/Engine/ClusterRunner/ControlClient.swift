public import ClusterProtocol
public import SystemCalls

/// Asks one replica's control port (cluster-runner.md 7). Blocks the calling thread.
public struct ControlClient: Sendable {
    public let address: NetworkAddress
    private let rule = StatusRetryRule()

    public init(_ address: NetworkAddress) {
        self.address = address
    }

    /// Why there is no answer.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        /// An address this system cannot connect to, such as IPv6 with a scope.
        case address
        case exchange(OneShotExchange.Failure)
        case reply(ControlReplyError)

        public var description: String {
            switch self {
            case .address: "the address cannot be used by this system"
            case .exchange(let failure): "\(failure)"
            case .reply(let error): "\(error)"
            }
        }

        var ruleFailure: StatusRetryRule.Failure? {
            switch self {
            case .address: nil
            case .exchange: .inputOutput
            case .reply(let error): .reply(error)
            }
        }
    }

    /// The status, asked for up to three times where asking again may help.
    public func status() throws(Failure) -> StatusReply {
        var attempt = 1
        while true {
            do throws(Failure) {
                let bytes = try ask(.status, limit: rule.limit)
                do throws(ControlReplyError) {
                    return try StatusReply(decoding: bytes)
                } catch {
                    throw .reply(error)
                }
            } catch {
                guard let failure = error.ruleFailure,
                    let pause = rule.pause(after: failure, attempt: attempt)
                else { throw error }
                sleepThread(for: pause)
                attempt += 1
            }
        }
    }

    /// Asks the replica to stop, once. Success means that it has begun to.
    public func stop() throws(Failure) {
        _ = try fields(of: try ask(.stop, limit: rule.limit))
    }

    /// What `explain` and `checkpoint` answer. A checkpoint may take a while.
    public func fields(
        for request: ControlRequest, limit: Duration = .seconds(10)
    ) throws(Failure) -> [(key: String, value: String)] {
        try fields(of: try ask(request, limit: limit))
    }

    private func fields(of bytes: [UInt8]) throws(Failure) -> [(key: String, value: String)] {
        do throws(ControlReplyError) {
            return try ControlReply.fields(of: bytes)
        } catch {
            throw .reply(error)
        }
    }

    private func ask(_ request: ControlRequest, limit: Duration) throws(Failure) -> [UInt8] {
        guard let target = SocketAddress("\(address)") else { throw .address }
        let exchange = OneShotExchange(connectLimit: rule.limit, exchangeLimit: limit)
        do throws(OneShotExchange.Failure) {
            return try exchange.perform(request.bytes, with: target)
        } catch {
            throw .exchange(error)
        }
    }
}
