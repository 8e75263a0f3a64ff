import History

/// A record as a page looks at it: attempts, faults and which reservation held what.
struct RunActivity {
    /// How an attempt ended, as far as colours go.
    enum Class: Int, CaseIterable {
        /// Committed, ticked or read.
        case ok
        /// The state machine's deterministic refusal, which is an answer too.
        case refused
        /// Certainly not executed.
        case failed
        case ambiguous

        var name: String {
            switch self {
            case .ok: "ok"
            case .refused: "refused"
            case .failed: "failed"
            case .ambiguous: "ambiguous"
            }
        }

        init(_ outcome: Outcome) {
            switch outcome {
            case .committed, .ticked, .read: self = .ok
            case .refused: self = .refused
            case .failed: self = .failed
            case .ambiguous: self = .ambiguous
            }
        }
    }

    struct Attempt {
        let process: ProcessID
        let invocation: Invocation
        let sequence: Sequence
        let sentAt: RunInstant
        var outcome: Outcome
        /// Nil when the record holds no completion.
        var endedAt: RunInstant?
        var endSequence: Sequence?

        var kind: Operation.Kind { invocation.operation.kind }
        var look: Class { Class(outcome) }

        /// Microseconds from sending to the answer, at least 1.
        var latency: UInt32? {
            guard let endedAt, endedAt >= sentAt else { return nil }
            return UInt32(clamping: max(1, (endedAt.rawValue - sentAt.rawValue) / 1000))
        }
    }

    struct Fault {
        let id: FaultID
        let kind: String
        let targets: [ReplicaID]
        let detail: String
        let from: RunInstant
        /// Nil when the record does not hold its end.
        var to: RunInstant?
    }

    /// In the order of sending.
    private(set) var attempts: [Attempt] = []
    private(set) var faults: [Fault] = []
    private(set) var notes: [(time: RunInstant, text: String)] = []
    /// The moment of the last event.
    private(set) var end = RunInstant(0)
    /// The resources of each reservation that a client was granted.
    private(set) var members: [ReservationID: [ResourceID]] = [:]
    /// Index in `attempts` by the sequence of either event.
    private(set) var attemptOfEvent: [Sequence: Int] = [:]
    /// The attempts that are about a resource, in the order of sending.
    private(set) var attemptsOfResource: [ResourceID: [Int]] = [:]

    init(_ record: RunRecord?) {
        var open: [AttemptNumber: Int] = [:]
        var faultIndex: [FaultID: Int] = [:]
        for event in record?.events ?? [] {
            end = max(end, event.time)
            switch event.content {
            case .invoke(let invocation):
                open[invocation.attempt] = attempts.count
                attemptOfEvent[event.sequence] = attempts.count
                attempts.append(
                    Attempt(
                        process: event.process, invocation: invocation, sequence: event.sequence,
                        sentAt: event.time, outcome: .ambiguous(.interrupted)))
            case .complete(let number, let outcome):
                guard let index = open.removeValue(forKey: number) else { continue }
                attempts[index].outcome = outcome
                attempts[index].endedAt = event.time
                attempts[index].endSequence = event.sequence
                attemptOfEvent[event.sequence] = index
                learn(attempts[index])
            case .fault(let fault):
                switch fault.phase {
                case .begin:
                    faultIndex[fault.id] = faults.count
                    faults.append(
                        Fault(
                            id: fault.id, kind: fault.kind, targets: fault.targets,
                            detail: fault.detail, from: event.time))
                case .end:
                    if let index = faultIndex[fault.id] { faults[index].to = event.time }
                }
            case .note(let text): notes.append((event.time, text))
            }
        }
        for (index, attempt) in attempts.enumerated() {
            for resource in resources(of: attempt.invocation.operation) {
                attemptsOfResource[resource, default: []].append(index)
            }
        }
    }

    private mutating func learn(_ attempt: Attempt) {
        guard case .committed(_, let result, _) = attempt.outcome, let id = result.reservationID
        else { return }
        switch attempt.invocation.operation {
        case .reserve(let resource, _, _): members[id] = [resource]
        case .reserveBundle(let resources, _, _): members[id] = resources
        case .createResource, .confirm, .release, .revoke, .reclaim, .tickExpirations,
            .getResource, .getReservation:
            break
        }
    }

    /// The resources that an operation is about, as far as the record tells.
    func resources(of operation: Operation) -> [ResourceID] {
        switch operation {
        case .createResource(let id), .reserve(let id, _, _), .getResource(let id, _): [id]
        case .reserveBundle(let ids, _, _): ids
        case .confirm(let id, _, _), .release(let id, _, _), .revoke(let id), .reclaim(let id),
            .getReservation(let id, _):
            members[id] ?? []
        case .tickExpirations: []
        }
    }

    /// The attempts that a finding names, in the order of sending.
    func attempts(of events: [Sequence]) -> [Int] {
        Set(events.compactMap { attemptOfEvent[$0] }).sorted()
    }
}
