import History
import SystemCalls
import Workload

/// What the tool itself asks of the cluster: the resources before the load, and after it what has
/// become of everything. It insists, because the cluster is whole at both times.
struct Questioner {
    /// Everything must be answered within this time.
    static let limit = Duration.seconds(30)

    private let asker: Asker
    private let endpoints: Endpoints
    private let clock: SlotClock
    private let isInterrupted: @Sendable () -> Bool
    private let nonce: UInt64

    init(
        lane: Lane, clock: SlotClock, recorder: Recorder, counters: WorkloadCounters,
        nonce: UInt64, isInterrupted: @escaping @Sendable () -> Bool
    ) {
        asker = Asker(
            process: .tool, recorder: recorder, counters: counters,
            clientID: UInt128(nonce) << 64)
        endpoints = lane.endpoints
        self.clock = clock
        self.nonce = nonce
        self.isInterrupted = isInterrupted
    }

    /// Creates the resources; one that exists already is fine. A resource is created once.
    func create(_ resources: [ResourceID]) throws(RunFailure) {
        for resource in resources {
            let id = OperationID(UInt128(nonce) << 64 | resource.rawValue)
            try submit(.createResource(resource), id)
        }
    }

    private func submit(_ operation: Operation, _ id: OperationID) throws(RunFailure) {
        let deadline = Deadline.after(Self.limit)
        var slot = clock.current
        var isUnresolved = false
        while !deadline.isPassed {
            if isInterrupted() { throw .interrupted }
            if isUnresolved {
                guard clock.beginRepeat() else { continue }
            } else {
                guard case .granted(let current) = clock.beginNew() else { continue }
                slot = current
            }
            let outcome = try ask(operation, id: id, slot: slot)
            switch outcome {
            case .committed, .refused:
                clock.end(isUnresolved ? .resolved : .settled)
                return
            case .ambiguous, .ticked, .read:
                clock.end(isUnresolved ? .repeated : .becameUnresolved)
                isUnresolved = true
            case .failed:
                clock.end(isUnresolved ? .repeated : .notExecuted)
            }
            sleepThread(for: .milliseconds(20))
        }
        throw .testbed("the cluster did not answer \(operation) within \(Self.limit)")
    }

    /// Reads every resource and every lease that holds one, from the primary.
    func readAll(_ resources: [ResourceID]) throws(RunFailure) {
        var leases: [ReservationID] = []
        for resource in resources {
            let answer = try read(.getResource(resource, requiredLSN: nil))
            guard case .resource(let view) = answer, let lease = view.currentReservation,
                !leases.contains(lease)
            else { continue }
            leases.append(lease)
        }
        for lease in leases { _ = try read(.getReservation(lease, requiredLSN: nil)) }
    }

    private func read(_ operation: Operation) throws(RunFailure) -> ReadAnswer {
        let deadline = Deadline.after(Self.limit)
        while !deadline.isPassed {
            if isInterrupted() { throw .interrupted }
            if case .read(let answer, _) = try ask(operation, id: nil, slot: clock.current) {
                return answer
            }
            sleepThread(for: .milliseconds(50))
        }
        throw .testbed("no replica answered \(operation) within \(Self.limit)")
    }

    private func ask(
        _ operation: Operation, id: OperationID?, slot: Slot
    ) throws(RunFailure) -> Outcome {
        let endpoint = endpoints.primary
        do throws(HistoryFileError) {
            let outcome = try asker.ask(endpoint, operation, operationID: id, slot: slot)
            switch outcome {
            case .failed, .ambiguous: endpoints.isNotPrimary(endpoint)
            case .committed, .refused, .ticked, .read: break
            }
            return outcome
        } catch {
            throw .record(error)
        }
    }
}
