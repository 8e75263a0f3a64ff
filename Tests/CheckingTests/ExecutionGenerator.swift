import History

/// Random correct executions: clients that overlap in time, lose answers, retry, reuse ids,
/// bundle, tick and read, over an allocator that keeps every promise.
struct ExecutionGenerator {
    struct Shape {
        var clients = 4
        var operations = 120
        var resources = 6
        var ambiguousPercent = 12
        /// Whether ambiguous commands are retried until somebody knows.
        var resolves = true
        var limits = ClusterLimits(
            maxResources: 8, maxReservations: 40, maxBundleSize: 3, maxOperations: 400,
            maxTTL: SlotCount(12), clientRetryWindow: SlotCount(20),
            reservationHistoryWindow: SlotCount(6), maxExpirationBucketLength: 20,
            maxExpirationsPerTick: 4)
    }

    private struct Pending {
        var client: Int
        var attempt: AttemptNumber
        var operation: History.Operation
        var id: OperationID?
        var slot: Slot?
        /// When it takes effect; nil when it never does.
        var effectAt: UInt64?
        var answerAt: UInt64
        var losesAnswer: Bool
        var outcome: Outcome?
    }

    private let shape: Shape
    private var random: SeededRandom
    private var oracle: OracleAllocator
    private var slot: UInt64 = 1
    private var nextAttempt: UInt64 = 1
    private var nextID: UInt128 = 1
    private var drafts: [(time: UInt64, process: Int, content: HistoryEvent.Content)] = []
    private var grants: [(id: ReservationID, holder: HolderID, epoch: UInt64)] = []
    private var used: [(id: OperationID, operation: History.Operation, slot: Slot)] = []
    private var unresolved: [(id: OperationID, operation: History.Operation, slot: Slot)] = []
    private var ambiguous: Set<OperationID> = []
    private var lastLSN: UInt64 = 0

    static func generate(seed: UInt64, shape: Shape = Shape()) throws -> RunRecord {
        var generator = try ExecutionGenerator(seed: seed, shape: shape)
        return try generator.run()
    }

    private init(seed: UInt64, shape: Shape) throws {
        self.shape = shape
        random = SeededRandom(seed: seed)
        oracle = try OracleAllocator(limits: shape.limits)
    }

    private mutating func run() throws -> RunRecord {
        for resource in 1...shape.resources {
            try alone(.createResource(ResourceID(UInt128(resource))))
        }
        try concurrentPhase()
        if shape.resolves { try resolve() }
        for resource in 1...shape.resources {
            try alone(.getResource(ResourceID(UInt128(resource)), requiredLSN: LSN(lastLSN)))
        }
        return record()
    }

    // MARK: - Phases

    private mutating func concurrentPhase() throws {
        var clock: UInt64 = (drafts.last?.time ?? 0) + 1000
        var pending: [Pending] = []
        var freeAt = (0..<shape.clients).map { _ in clock + UInt64(random.below(500)) }
        var started = 0
        while started < shape.operations || !pending.isEmpty {
            // The next thing that happens: an effect, an answer, or a client that begins.
            let begin = freeAt.indices.filter { index in
                started < shape.operations && !pending.contains { $0.client == index }
            }.min { freeAt[$0] < freeAt[$1] }
            let effect = pending.indices.filter { pending[$0].effectAt != nil }
                .min { pending[$0].effectAt ?? 0 < pending[$1].effectAt ?? 0 }
            let answer = pending.indices.filter { pending[$0].effectAt == nil }
                .min { pending[$0].answerAt < pending[$1].answerAt }
            let times = [
                begin.map { freeAt[$0] }, effect.flatMap { pending[$0].effectAt },
                answer.map { pending[$0].answerAt },
            ]
            guard let now = times.compactMap({ $0 }).min() else { break }
            clock = now
            if let effect, pending[effect].effectAt == now {
                pending[effect].outcome = try execute(pending[effect])
                pending[effect].effectAt = nil
            } else if let answer, pending[answer].answerAt == now {
                let done = pending.remove(at: answer)
                complete(done)
                freeAt[done.client] = now + UInt64(random.below(400)) + 1
            } else if let begin {
                started += 1
                pending.append(start(client: begin, at: now))
            }
        }
    }

    private mutating func start(client: Int, at now: UInt64) -> Pending {
        if random.chance(15) { slot += UInt64(random.below(3)) }
        let (operation, id, requestSlot) = choose()
        let losesAnswer = operation.isMutating && random.chance(shape.ambiguousPercent)
        let effectAt = now + 1 + UInt64(random.below(300))
        let pending = Pending(
            client: client, attempt: AttemptNumber(nextAttempt), operation: operation, id: id,
            slot: requestSlot, effectAt: losesAnswer && random.chance(50) ? nil : effectAt,
            answerAt: effectAt + 1 + UInt64(random.below(300)), losesAnswer: losesAnswer,
            outcome: nil)
        nextAttempt += 1
        note(pending, at: now)
        return pending
    }

    private mutating func resolve() throws {
        for _ in 0..<20 where !unresolved.isEmpty {
            let waiting = unresolved
            unresolved = []
            for command in waiting {
                // With the slot of now: the old one may lie below what the log has reached.
                try alone(command.operation, id: command.id)
            }
        }
    }

    /// One operation with nothing beside it.
    private mutating func alone(
        _ operation: History.Operation, id: OperationID? = nil, slot requestSlot: Slot? = nil
    ) throws {
        let now = (drafts.map(\.time).max() ?? 0) + 10
        let isCommand = operation.isMutating && operation != .tickExpirations
        if isCommand, id == nil { nextID += 1 }
        var pending = Pending(
            client: 0, attempt: AttemptNumber(nextAttempt), operation: operation,
            id: isCommand ? id ?? OperationID(nextID) : nil, slot: requestSlot ?? Slot(slot),
            effectAt: nil, answerAt: now + 10, losesAnswer: false, outcome: nil)
        nextAttempt += 1
        note(pending, at: now)
        pending.outcome = try execute(pending)
        complete(pending)
    }

    // MARK: - Choices

    private mutating func choose() -> (History.Operation, OperationID?, Slot?) {
        if !unresolved.isEmpty, random.chance(40) {
            let command = unresolved.remove(at: random.below(unresolved.count))
            return (command.operation, command.id, command.slot)
        }
        if !used.isEmpty, random.chance(6) {
            let command = random.pick(used)
            return (command.operation, command.id, command.slot)
        }
        let operation = chooseOperation()
        guard operation.isMutating, operation != .tickExpirations else {
            return (operation, nil, Slot(slot))
        }
        if !used.isEmpty, random.chance(4) {
            return (operation, random.pick(used).id, Slot(slot))
        }
        nextID += 1
        used.append((OperationID(nextID), operation, Slot(slot)))
        return (operation, OperationID(nextID), Slot(slot))
    }

    private mutating func chooseOperation() -> History.Operation {
        let resource = ResourceID(UInt128(1 + random.below(shape.resources)))
        let holder = HolderID(UInt128(100 + random.below(5)))
        let ttl = SlotCount(UInt64(1 + random.below(8)))
        let grant = grants.isEmpty ? nil : random.pick(Array(grants.suffix(6)))
        let fence = random.chance(40) ? LSN(lastLSN) : nil
        switch random.below(20) {
        case 0...4: return .reserve(resource, holder, ttl: ttl)
        case 5:
            let other = ResourceID(UInt128(1 + random.below(shape.resources)))
            return .reserveBundle([resource, other], holder, ttl: ttl)
        case 6...7:
            guard let grant else { return .tickExpirations }
            return .confirm(grant.id, grant.holder, LeaseEpoch(grant.epoch))
        case 8...9:
            guard let grant else { return .tickExpirations }
            let epoch = random.chance(80) ? grant.epoch : grant.epoch + 1
            return .release(grant.id, random.chance(90) ? grant.holder : holder, LeaseEpoch(epoch))
        case 10:
            guard let grant else { return .tickExpirations }
            return .revoke(grant.id)
        case 11:
            guard let grant else { return .tickExpirations }
            return .reclaim(grant.id)
        case 12...13: return .tickExpirations
        case 14...16: return .getResource(resource, requiredLSN: fence)
        default:
            guard let grant else { return .getResource(resource, requiredLSN: fence) }
            return .getReservation(grant.id, requiredLSN: fence)
        }
    }

    // MARK: - Effects and record

    private mutating func execute(_ pending: Pending) throws -> Outcome {
        switch pending.operation {
        case .tickExpirations: try oracle.tick(at: pending.slot ?? Slot(slot))
        case .getResource, .getReservation:
            oracle.read(pending.operation, slot: pending.slot ?? Slot(slot))
        default:
            try oracle.submit(
                pending.operation, id: pending.id ?? OperationID(0),
                slot: pending.slot ?? Slot(slot))
        }
    }

    private mutating func note(_ pending: Pending, at now: UInt64) {
        drafts.append(
            (
                now, pending.client,
                .invoke(
                    Invocation(
                        attempt: pending.attempt, operationID: pending.id,
                        operation: pending.operation, slot: pending.slot, endpoint: ReplicaID(1)))
            ))
    }

    private mutating func complete(_ pending: Pending) {
        let outcome: Outcome =
            pending.losesAnswer ? .ambiguous(.timeout) : pending.outcome ?? .ambiguous(.timeout)
        drafts.append((pending.answerAt, pending.client, .complete(pending.attempt, outcome)))
        switch outcome {
        case .committed(let lsn, let result, _):
            lastLSN = max(lastLSN, lsn.rawValue)
            if let id = result.reservationID, let holder = pending.operation.holder {
                grants.append((id, holder, 1))
            }
        case .ambiguous, .failed:
            // A definite failure of one attempt says nothing about an ambiguous one.
            let isOpen = outcome.isAmbiguous || ambiguous.contains(pending.id ?? OperationID(0))
            if isOpen, let id = pending.id, let slot = pending.slot {
                ambiguous.insert(id)
                unresolved.append((id, pending.operation, slot))
            }
        case .refused(let lsn, _, _): lastLSN = max(lastLSN, lsn.rawValue)
        case .ticked, .read: break
        }
    }

    private func record() -> RunRecord {
        let ordered = drafts.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }
        let events = ordered.enumerated().map { index, draft in
            HistoryEvent(
                sequence: History.Sequence(UInt64(index + 1)),
                time: RunInstant(draft.element.time),
                process: ProcessID(UInt32(draft.element.process)), content: draft.element.content)
        }
        return RunRecord(header: .forTests(limits: shape.limits), events: events)
    }
}

extension History.Operation {
    var holder: HolderID? {
        switch self {
        case .reserve(_, let holder, _), .reserveBundle(_, let holder, _),
            .confirm(_, let holder, _), .release(_, let holder, _):
            holder
        case .createResource, .revoke, .reclaim, .tickExpirations, .getResource, .getReservation:
            nil
        }
    }
}

extension Outcome {
    var isAmbiguous: Bool { if case .ambiguous = self { true } else { false } }
}

extension RunHeader {
    static func forTests(limits: ClusterLimits) -> RunHeader {
        RunHeader(
            runID: "test", workload: "generated", nemesis: "none", testbed: "none", seed: 0,
            concurrency: 4, startedAt: 0, slotRule: "generated", toolVersion: "test",
            limits: limits)
    }
}
