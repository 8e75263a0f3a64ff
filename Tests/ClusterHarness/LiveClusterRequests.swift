public import ClusterProtocol
public import LeaseKernel
public import SystemCalls

/// What a test asks of a live cluster. Every function blocks until the answer is here.
extension LiveCluster {
    /// Limit for one exchange. Quorum loss alone takes half a second to be told.
    public static let exchange = OneShotExchange(
        connectLimit: .seconds(5), exchangeLimit: .seconds(10), replyByteLimit: 4 << 20)

    public func clientAddress(_ number: UInt64) throws -> SocketAddress {
        try socketAddress(replica(number).addresses.client)
    }

    public func controlAddress(_ number: UInt64) throws -> SocketAddress {
        try socketAddress(replica(number).addresses.control)
    }

    public func protocolAddress(_ number: UInt64) throws -> SocketAddress {
        try socketAddress(replica(number).addresses.protocol)
    }

    private func socketAddress(_ address: NetworkAddress) throws -> SocketAddress {
        guard let address = SocketAddress(address.description) else {
            throw Unmet("\(address) is no socket address")
        }
        return address
    }

    public func ask(_ request: ClientRequest, at number: UInt64 = 1) throws -> ClientReply {
        try ask(bytes: try request.encoded(), at: number)
    }

    public func ask(bytes: [UInt8], at number: UInt64 = 1) throws -> ClientReply {
        ClientReply(bytes: try Self.exchange.perform(bytes, with: clientAddress(number)))
    }

    public func submit(
        _ command: Command, slot: UInt64, operation: UInt128? = nil, at number: UInt64 = 1
    ) throws -> ClientReply {
        try submit(
            payload: CommandCodec.encode(
                ClientCommand(
                    operationID: OperationID(operation ?? newOperation()), clientID: ClientID(7),
                    command: command)),
            slot: slot, at: number)
    }

    public func submit(
        payload: [UInt8], slot: UInt64, at number: UInt64 = 1
    ) throws -> ClientReply {
        try ask(.submit(slot: Slot(slot), payload: payload), at: number)
    }

    /// Submits and expects it to be committed. A disk that stalls for half a second on a busy
    /// machine makes the answer indefinite; the submit is then repeated as clients must, and
    /// said so. Any other answer fails at once.
    @discardableResult
    public func commit(
        _ command: Command, slot: UInt64, operation: UInt128? = nil, at number: UInt64 = 1
    ) throws -> CommittedSubmit {
        let operation = operation ?? newOperation()
        let stalled = ClientReply.response(.submitRejected(Rejection(.storageFailure)))
        var reply = try submit(command, slot: slot, operation: operation, at: number)
        for repetition in 1...5 where reply == stalled {
            print("\(command): indefinite, repetition \(repetition)\n\(explanations())")
            reply = try submit(command, slot: slot, operation: operation, at: number)
        }
        guard case .response(.committed(let committed)) = reply else {
            throw Unmet(
                "\(command) was not committed but answered \(reply)\n\(explanations())")
        }
        return committed
    }

    /// Repeats the identical submit until it is committed.
    @discardableResult
    public func eventuallyCommit(
        _ command: Command, slot: UInt64, at number: UInt64 = 1
    ) throws -> CommittedSubmit {
        let operation = newOperation()
        var committed: CommittedSubmit?
        var last = "nothing"
        try waitUntil("\(command) is committed") {
            do {
                let reply = try submit(command, slot: slot, operation: operation, at: number)
                last = "\(reply)"
                if case .response(.committed(let value)) = reply { committed = value }
            } catch let failure as OneShotExchange.Failure {
                last = "\(failure)"
            }
            return committed != nil
        }
        guard let committed else { throw Unmet("\(command) ended with \(last)") }
        return committed
    }

    public func read(
        _ resource: ResourceID, at number: UInt64 = 1, requiredLSN: LSN? = nil
    ) throws -> ClientReply {
        try ask(.getResource(resource, requiredLSN: requiredLSN), at: number)
    }

    public func metrics(_ number: UInt64 = 1) throws -> MetricsView {
        let reply = try ask(.getMetrics(currentSlot: Slot(0)), at: number)
        guard case .response(.metrics(let metrics)) = reply else {
            throw Unmet("replica \(number) answered \(reply) instead of metrics")
        }
        return metrics
    }

    public func status(_ number: UInt64) throws -> StatusReply {
        try StatusReply(decoding: try control(.status, at: number))
    }

    /// The raw reply to one word on the control port.
    public func control(_ request: ControlRequest, at number: UInt64) throws -> [UInt8] {
        try Self.exchange.perform(request.bytes, with: controlAddress(number))
    }

    /// The `explain` lines of a replica, for messages of failing tests.
    public func explanation(_ number: UInt64) -> String {
        let reply = try? control(.explain, at: number)
        return reply.map { String(decoding: $0, as: UTF8.self) } ?? "no explanation"
    }

    /// The same of everybody who answers.
    public func explanations() -> String {
        (1...3).filter { isRunning($0) }
            .map { "--- replica \($0) explains\n\(explanation($0))" }.joined()
    }

    /// Waits until the replica has applied everything up to `lsn`.
    public func awaitCommit(_ lsn: LSN, at number: UInt64) throws {
        try waitUntil("replica \(number) has applied position \(lsn)") {
            guard let reached = try? status(number).commitLSN else { return false }
            return reached >= lsn
        }
    }
}

/// Resources whose only purpose is to be asked for.
public enum ResourceProbe {
    /// Never created by any test.
    public static let absent = ResourceID(UInt128.max)
}
