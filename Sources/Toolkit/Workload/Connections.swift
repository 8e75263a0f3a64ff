import ClusterProtocol
public import History
import Synchronization
public import SystemCalls

/// Where the replicas' client ports are, and which of them is believed to be the primary. All
/// clients share the belief, so that one that finds the primary spares the others the search.
public final class Endpoints: Sendable {
    public struct Endpoint: Sendable, Hashable {
        public let replica: ReplicaID
        public let address: SocketAddress
        /// The network from which it is spoken to.
        public let place: NetworkPlace

        public init(replica: ReplicaID, address: SocketAddress, in place: NetworkPlace = .own) {
            self.replica = replica
            self.address = address
            self.place = place
        }
    }

    public let all: [Endpoint]
    private let believed = Atomic<Int>(0)

    /// `all` must not be empty.
    public init(_ all: [Endpoint]) {
        precondition(!all.isEmpty)
        self.all = all
    }

    public var primary: Endpoint { all[believed.load(ordering: .relaxed)] }

    /// One of the others, or the only one there is.
    public func other(_ pick: UInt64) -> Endpoint {
        guard all.count > 1 else { return all[0] }
        let skip = 1 + Int(pick % UInt64(all.count - 1))
        return all[(believed.load(ordering: .relaxed) + skip) % all.count]
    }

    /// That replica is not the primary, or cannot be reached: believe in the next one, unless
    /// somebody else has moved on already.
    public func isNotPrimary(_ endpoint: Endpoint) {
        guard let index = all.firstIndex(of: endpoint) else { return }
        _ = believed.compareExchange(
            expected: index, desired: (index + 1) % all.count, ordering: .relaxed)
    }

    public func isPrimary(_ replica: ReplicaID) {
        if let index = all.firstIndex(where: { $0.replica == replica }) {
            believed.store(index, ordering: .relaxed)
        }
    }
}

/// Performs requests for one process of the record: records the invocation, exchanges, classifies,
/// records the completion. One request per connection, as the port demands (wire-api.md 7.1).
public struct Asker: Sendable {
    public let process: ProcessID
    let recorder: Recorder
    let counters: WorkloadCounters
    let clientID: UInt128

    public init(
        process: ProcessID, recorder: Recorder, counters: WorkloadCounters, clientID: UInt128
    ) {
        self.process = process
        self.recorder = recorder
        self.counters = counters
        self.clientID = clientID
    }

    public struct Limits: Sendable, Hashable {
        public var connect: Duration
        public var exchange: Duration

        public init(connect: Duration, exchange: Duration) {
            self.connect = connect
            self.exchange = exchange
        }

        /// A primary may wait for each peer in turn; below five seconds a client sees time-outs
        /// that mean nothing (wire-api.md 7.2).
        public static let patient = Limits(connect: .seconds(1), exchange: .seconds(5))
        /// Patient, or too short for most writes.
        public static func hangingUp(after wait: Duration?) -> Limits {
            wait.map { Limits(connect: .seconds(1), exchange: $0) } ?? .patient
        }
    }

    /// Throws, before or after asking, when the record cannot be written: then nothing may be
    /// asked any more.
    public func ask(
        _ endpoint: Endpoints.Endpoint, _ operation: Operation, operationID: OperationID?,
        slot: Slot, limits: Limits = .patient
    ) throws(HistoryFileError) -> Outcome {
        let carriesSlot =
            switch operation {
            case .getResource: false
            case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
                .tickExpirations, .getReservation:
                true
            }
        let attempt = try recorder.invoke(
            operation, id: operationID, slot: carriesSlot ? slot : nil,
            endpoint: endpoint.replica, by: process)
        let outcome = exchange(endpoint, operation, operationID, slot, limits)
        try recorder.complete(attempt, outcome, by: process)
        counters.completed(outcome)
        return outcome
    }

    private func exchange(
        _ endpoint: Endpoints.Endpoint, _ operation: Operation, _ operationID: OperationID?,
        _ slot: Slot, _ limits: Limits
    ) -> Outcome {
        let request: [UInt8]
        do throws(ClientCodecError) {
            request = try WireRequest.bytes(
                operation, operationID: operationID, slot: slot, clientID: clientID)
        } catch {
            // Longer than any frame can be: it never left this process.
            return .failed(.invalidRequest)
        }
        let exchange = OneShotExchange(
            connectLimit: limits.connect, exchangeLimit: limits.exchange, in: endpoint.place)
        do throws(OneShotExchange.Failure) {
            let reply = try exchange.perform(request, with: endpoint.address)
            return AnswerClassifier.outcome(of: operation, .success(reply))
        } catch {
            return AnswerClassifier.outcome(of: operation, .failure(error))
        }
    }
}

/// What all clients of a run count together.
public final class WorkloadCounters: Sendable {
    private let completions = Atomic<UInt64>(0)
    private let ambiguousCompletions = Atomic<UInt64>(0)
    private let commits = Atomic<UInt64>(0)

    public init() {}

    func completed(_ outcome: Outcome) {
        completions.add(1, ordering: .relaxed)
        switch outcome {
        case .ambiguous: ambiguousCompletions.add(1, ordering: .relaxed)
        case .committed: commits.add(1, ordering: .relaxed)
        case .refused, .ticked, .read, .failed: break
        }
    }

    public var completed: UInt64 { completions.load(ordering: .relaxed) }
    public var ambiguous: UInt64 { ambiguousCompletions.load(ordering: .relaxed) }
    public var committed: UInt64 { commits.load(ordering: .relaxed) }
}

extension Endpoints.Endpoint {
    /// Nil when the text is no numeric address with a port.
    public init?(replica: ReplicaID, addressText: String, in place: NetworkPlace = .own) {
        guard let address = SocketAddress(addressText) else { return nil }
        self.init(replica: replica, address: address, in: place)
    }
}
