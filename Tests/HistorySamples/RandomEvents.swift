public import History
import Randomness

/// Events of every kind with random fields, small and huge, from a seed.
public struct RandomEvents {
    private var random: SeededRandom

    public init(seed: UInt64) { random = SeededRandom(seed: seed) }

    public mutating func content(attempt: UInt64) -> HistoryEvent.Content {
        switch below(10) {
        case 0..<4:
            .invoke(
                Invocation(
                    attempt: AttemptNumber(attempt), operationID: maybe { OperationID($0.wide()) },
                    operation: operation(), slot: maybe { Slot($0.narrow()) },
                    endpoint: ReplicaID(narrow())))
        case 4..<8: .complete(AttemptNumber(attempt), outcome())
        case 8:
            .fault(
                FaultEvent(
                    id: FaultID(narrow()), phase: below(2) == 0 ? .begin : .end, kind: text(),
                    targets: list { ReplicaID($0.narrow()) }, detail: text()))
        default: .note(text())
        }
    }

    public mutating func operation() -> Operation {
        let kinds = Operation.Kind.allCases
        switch kinds[Int(below(UInt64(kinds.count)))] {
        case .createResource: return .createResource(ResourceID(wide()))
        case .reserve:
            return .reserve(ResourceID(wide()), HolderID(wide()), ttl: SlotCount(narrow()))
        case .reserveBundle:
            return .reserveBundle(
                list { ResourceID($0.wide()) }, HolderID(wide()), ttl: SlotCount(narrow()))
        case .confirm:
            return .confirm(ReservationID(wide()), HolderID(wide()), LeaseEpoch(narrow()))
        case .release:
            return .release(ReservationID(wide()), HolderID(wide()), LeaseEpoch(narrow()))
        case .revoke: return .revoke(ReservationID(wide()))
        case .reclaim: return .reclaim(ReservationID(wide()))
        case .tickExpirations: return .tickExpirations
        case .getResource:
            return .getResource(ResourceID(wide()), requiredLSN: maybe { LSN($0.narrow()) })
        case .getReservation:
            return .getReservation(ReservationID(wide()), requiredLSN: maybe { LSN($0.narrow()) })
        }
    }

    public mutating func outcome() -> Outcome {
        switch below(6) {
        case 0:
            return .committed(
                LSN(narrow()),
                CommitResult(
                    reservationID: maybe { ReservationID($0.wide()) },
                    epoch: maybe { LeaseEpoch($0.narrow()) }, deadline: maybe { Slot($0.narrow()) }
                ), fromRetryCache: below(2) == 0)
        case 1:
            return .refused(
                LSN(narrow()), one(of: RefusalCode.allCases), fromRetryCache: below(2) == 0)
        case 2:
            return .ticked(
                applied: UInt32(truncatingIfNeeded: next()), lastLSN: maybe { LSN($0.narrow()) })
        case 3:
            let facts = ServingFacts(
                role: maybe { $0.one(of: ReplicaRole.allCases) },
                observedLSN: maybe { LSN($0.narrow()) })
            return .read(answer(), facts)
        case 4: return .failed(failure())
        default: return .ambiguous(one(of: Ambiguity.allCases))
        }
    }

    private mutating func answer() -> ReadAnswer {
        switch below(4) {
        case 0:
            return .resource(
                ResourceView(
                    resourceID: ResourceID(wide()), state: one(of: ResourceView.State.allCases),
                    currentReservation: maybe { ReservationID($0.wide()) }, version: narrow()))
        case 1:
            return .lease(
                LeaseView(
                    reservationID: ReservationID(wide()), holder: HolderID(wide()),
                    state: one(of: LeaseView.State.allCases), epoch: LeaseEpoch(narrow()),
                    createdLSN: LSN(narrow()), deadline: maybe { Slot($0.narrow()) },
                    releasedLSN: maybe { LSN($0.narrow()) },
                    retireAfter: maybe { Slot($0.narrow()) },
                    members: list { ResourceID($0.wide()) }
                ))
        case 2: return .notFound
        default: return .retired
        }
    }

    private mutating func failure() -> DefiniteFailure {
        let all: [DefiniteFailure] = [
            .notPrimary(role: maybe { $0.one(of: ReplicaRole.allCases) }),
            .fenceNotApplied(lastApplied: maybe { LSN($0.narrow()) }), .engineHalted,
            .invalidRequest, .slotOverflow, .commandTooLarge, .lsnExhausted, .overloaded,
            .isolated, .replicaFaulted, .connectionRefused,
        ]
        return one(of: all)
    }

    private mutating func text() -> String {
        one(of: ["", "crash", "two words", "ünïcode → 漢字", String(repeating: "x", count: 300)])
    }

    private mutating func narrow() -> UInt64 { next() >> below(64) }

    private mutating func wide() -> UInt128 {
        let value = UInt128(next()) << 64 | UInt128(next())
        return value >> UInt128(below(128))
    }

    private mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? {
        below(3) == 0 ? nil : make(&self)
    }

    private mutating func list<Value>(_ make: (inout Self) -> Value) -> [Value] {
        (0..<below(5)).map { _ in make(&self) }
    }

    public mutating func one<Value>(of values: [Value]) -> Value {
        values[Int(below(UInt64(values.count)))]
    }

    public mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }

    private mutating func next() -> UInt64 { random.next() }
}

extension RunHeader {
    public static let example = RunHeader(
        runID: "reservation_contention-crash-restart", workload: "reservation_contention",
        nemesis: "crash_restart", testbed: "local", seed: .max, concurrency: 5,
        slotRule: "slots advance at a barrier → never back", toolVersion: "0.1.0",
        limits: ClusterLimits(shardID: 7, maxBundleSize: 8, maxTTL: SlotCount(.max)))
}

extension RunRecord {
    /// Random events in the order of their times, by a few processes.
    public static func random(_ count: UInt64, seed: UInt64) -> RunRecord {
        var random = RandomEvents(seed: seed)
        var time: UInt64 = 0
        let events = (1...count).map { number in
            time += random.below(1_000_000)
            return HistoryEvent(
                sequence: Sequence(number), time: RunInstant(time),
                process: ProcessID(UInt32(random.below(5))),
                content: random.content(attempt: number))
        }
        return RunRecord(header: .example, events: events)
    }
}
