import History
import LeaseKernel

/// Random correct executions: clients that overlap in time, lose answers, retry, reuse ids,
/// bundle, tick and read, over an allocator that keeps every promise.
///
/// Every choice follows from the seed. What happens, and in which order, is an agenda: a client
/// begins, a request takes effect, an answer comes or does not.
struct ExecutionGenerator {
    struct Pending {
        let client: Int
        let attempt: AttemptNumber
        let operation: History.Operation
        let id: History.OperationID?
        let slot: History.Slot?
        var losesAnswer = false
        var isAnswered = false
        var outcome: Outcome?
        /// Of a tick: how many expiries it has applied, the last LSN, and how many are to come.
        var applied: UInt32 = 0
        var lastLSN: History.LSN?
        var rest: [DueReservation] = []
    }

    enum Happening {
        case begin(client: Int)
        case effect(Int)
        case expiry(Int)
        case answer(Int)
    }

    let shape: ExecutionShape
    var random: SeededRandom
    var slot: UInt64 = 1
    var nextID: UInt128 = 1
    var grants: [(id: History.ReservationID, holder: History.HolderID, epoch: UInt64)] = []
    var used: [Sent] = []
    var unresolved: [Sent] = []
    private(set) var lastLSN: UInt64 = 0
    private var sights = ExecutionSights()

    struct Sent {
        let id: History.OperationID
        let operation: History.Operation
        let slot: History.Slot
    }

    private var oracle: OracleAllocator
    private var log: [Execution.Effect] = []
    private var attempts: [Pending] = []
    private var agenda: [(time: UInt64, order: Int, happening: Happening)] = []
    private var scheduled = 0
    private var drafts: [(time: UInt64, process: Int, content: HistoryEvent.Content)] = []
    /// The lowest slot of an attempt whose answer was lost.
    private var ambiguous: [History.OperationID: UInt64] = [:]
    private var failed: Set<History.OperationID> = []
    private var executions: [History.OperationID: Int] = [:]
    private var open = 0
    private var isTickOpen = false

    static func generate(
        seed: UInt64, shape: ExecutionShape = ExecutionShape()
    ) throws -> RunRecord {
        try execution(seed: seed, shape: shape).record
    }

    static func execution(seed: UInt64, shape: ExecutionShape) throws -> Execution {
        var generator = try ExecutionGenerator(seed: seed, shape: shape)
        return try generator.run()
    }

    private init(seed: UInt64, shape: ExecutionShape) throws {
        self.shape = shape
        random = SeededRandom(seed: seed)
        oracle = try OracleAllocator(limits: shape.limits)
    }

    private mutating func run() throws -> Execution {
        for resource in 1...shape.resources {
            try alone(.createResource(ResourceID(UInt128(resource))))
        }
        try concurrentPhase()
        if shape.resolves { try resolve() }
        for resource in 1...shape.resources {
            try alone(
                .getResource(ResourceID(UInt128(resource)), requiredLSN: LSN(lastLSN)))
        }
        return Execution(record: record(), log: log, sights: sights)
    }

    private mutating func see(_ sight: ExecutionSight) { sights.see(sight) }

    // MARK: - Phases

    private mutating func concurrentPhase() throws {
        let start = (drafts.last?.time ?? 0) + 1000
        for client in 0..<shape.clients {
            schedule(.begin(client: client), at: start + UInt64(random.below(500)))
        }
        var started = 0
        while let next = agenda.indices.min(by: {
            (agenda[$0].time, agenda[$0].order) < (agenda[$1].time, agenda[$1].order)
        }) {
            let (now, _, happening) = agenda.remove(at: next)
            switch happening {
            case .begin(let client):
                guard started < shape.operations else { continue }
                started += 1
                begin(client: client, at: now)
            case .effect(let index): try takeEffect(index, at: now)
            case .expiry(let index): try expireNext(of: index, at: now)
            case .answer(let index):
                complete(index, at: now)
                let pause = UInt64(random.below(400)) + 1
                schedule(.begin(client: attempts[index].client), at: now + pause)
            }
        }
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
        _ operation: History.Operation, id: History.OperationID? = nil
    ) throws {
        let now = (drafts.map(\.time).max() ?? 0) + 10
        if operation.carriesID, id == nil { nextID += 1 }
        let index = send(
            operation, id: operation.carriesID ? id ?? OperationID(nextID) : nil,
            slot: Slot(slot), client: 0, at: now)
        try takeEffect(index, at: now + 5)
        complete(index, at: now + 10)
    }

    private mutating func schedule(_ happening: Happening, at time: UInt64) {
        scheduled += 1
        agenda.append((time, scheduled, happening))
    }

    // MARK: - One request

    private mutating func begin(client: Int, at now: UInt64) {
        if random.chance(shape.slotPercent) {
            slot += UInt64(random.below(shape.longestSlotStep + 1))
        }
        let (operation, id, requestSlot) = choose()
        let index = send(operation, id: id, slot: requestSlot, client: client, at: now)
        let answerAt = now + 2 + UInt64(random.below(300)) + UInt64(random.below(300))
        schedule(.answer(index), at: answerAt)
        if random.chance(shape.failedPercent) {
            attempts[index].outcome = .failed(
                operation.isMutating
                    ? random.pick([
                        .notPrimary(role: .backup), .overloaded, .connectionRefused, .isolated,
                    ])
                    : random.pick([.notPrimary(role: .backup), .engineHalted, .connectionRefused]))
            if let id { failed.insert(id) }
            return
        }
        attempts[index].losesAnswer = operation.isMutating && random.chance(shape.ambiguousPercent)
        let inTime = now + 1 + UInt64(random.below(Int(answerAt - now - 1)))
        guard attempts[index].losesAnswer else { return schedule(.effect(index), at: inTime) }
        switch random.below(3) {
        case 0: schedule(.effect(index), at: inTime)
        case 1: schedule(.effect(index), at: answerAt + UInt64(random.below(3000)))
        default: break  // It never takes effect.
        }
    }

    private mutating func send(
        _ operation: History.Operation, id: History.OperationID?, slot: History.Slot?,
        client: Int, at now: UInt64
    ) -> Int {
        let attempt = AttemptNumber(UInt64(attempts.count + 1))
        attempts.append(
            Pending(client: client, attempt: attempt, operation: operation, id: id, slot: slot))
        drafts.append(
            (
                now, client,
                .invoke(
                    Invocation(
                        attempt: attempt, operationID: id, operation: operation, slot: slot,
                        endpoint: ReplicaID(1)))
            ))
        if open > 0 { see(.overlappingRequests) }
        let window = shape.limits.maxTTL.rawValue + shape.limits.clientRetryWindow.rawValue
        if let slot, let lost = id.flatMap({ ambiguous[$0] }), slot.rawValue > lost + window {
            see(.askedAgainTooLate)
        }
        open += 1
        return attempts.count - 1
    }

    private mutating func takeEffect(_ index: Int, at now: UInt64) throws {
        let pending = attempts[index]
        let requestSlot = pending.slot ?? Slot(slot)
        switch pending.operation {
        case .tickExpirations: try beginTick(index, at: now)
        case .getResource, .getReservation:
            attempts[index].outcome = oracle.read(pending.operation, slot: requestSlot)
        default:
            let before = oracle.lsn
            let outcome = try oracle.submit(
                pending.operation, id: pending.id ?? OperationID(0), slot: requestSlot)
            if attempts[index].outcome == nil { attempts[index].outcome = outcome }
            if oracle.lsn > before { logged(index, outcome) }
        }
    }

    private mutating func logged(_ index: Int, _ outcome: Outcome) {
        let pending = attempts[index]
        log.append(.command(pending.attempt))
        if isTickOpen { see(.commandBetweenExpiries) }
        guard let id = pending.id else { return }
        executions[id, default: 0] += 1
        if executions[id] == 2 {
            see(.retryExecutedAgainAfterWindow)
            if ambiguous[id] != nil { see(.ambiguousExecutedTwice) }
        }
        if failed.contains(id) { see(.failedThenExecuted) }
        if pending.losesAnswer { see(.ambiguousCommandExecuted) }
        if pending.losesAnswer, attempts[index].isAnswered { see(.effectAfterTimeout) }
        sights.logged(pending.operation, slot: pending.slot ?? Slot(0), outcome)
    }

    // MARK: - Ticks

    private mutating func beginTick(_ index: Int, at now: UInt64) throws {
        let pending = attempts[index]
        var due = oracle.dueLeases(at: pending.slot ?? Slot(slot))
        if due.count == Int(shape.limits.maxExpirationsPerTick) { see(.tickLimited) }
        // A daemon that dies on the way leaves the rest to a later tick.
        if pending.losesAnswer, !due.isEmpty, random.chance(40) {
            due = Array(due.prefix(random.below(due.count)))
        }
        attempts[index].rest = due
        guard !due.isEmpty else { return }
        if shape.interleavesTicks {
            isTickOpen = true
            schedule(.expiry(index), at: now)
        } else {
            while !attempts[index].rest.isEmpty { try expireNext(of: index, at: now) }
        }
    }

    private mutating func expireNext(of index: Int, at now: UInt64) throws {
        let lease = attempts[index].rest.removeFirst()
        let isIdle = try !oracle.expire(lease, at: attempts[index].slot ?? Slot(slot))
        log.append(
            .expiry(
                ReservationID(lease.id.rawValue), tick: attempts[index].attempt, isIdle: isIdle))
        see(isIdle ? .idleExpiry : .expiry)
        if attempts[index].losesAnswer { see(.lostTickThatExpired) }
        attempts[index].applied += 1
        attempts[index].lastLSN = LSN(oracle.lsn)
        if attempts[index].rest.isEmpty {
            isTickOpen = false
        } else if shape.interleavesTicks {
            schedule(.expiry(index), at: now + UInt64(random.below(120)))
        }
    }

    // MARK: - Answers

    private mutating func complete(_ index: Int, at now: UInt64) {
        let pending = attempts[index]
        // Whoever waits for a tick waits for all of it.
        if !pending.losesAnswer, !pending.rest.isEmpty {
            return schedule(.answer(index), at: now + 100)
        }
        var outcome = pending.outcome ?? .ambiguous(.timeout)
        if pending.operation == .tickExpirations, pending.outcome == nil {
            outcome = .ticked(applied: pending.applied, lastLSN: pending.lastLSN)
        }
        if pending.losesAnswer {
            outcome = random.chance(70) ? .ambiguous(.timeout) : .ambiguous(.transportLoss)
        }
        attempts[index].isAnswered = true
        open -= 1
        drafts.append((now, pending.client, .complete(pending.attempt, outcome)))
        learn(from: outcome, pending)
    }

    private mutating func learn(from outcome: Outcome, _ pending: Pending) {
        sights.told(outcome, of: pending.operation)
        if pending.losesAnswer, pending.outcome == nil, pending.operation.carriesID {
            see(.ambiguousCommandNotExecuted)
        }
        switch outcome {
        case .committed(let lsn, let result, _):
            lastLSN = max(lastLSN, lsn.rawValue)
            if let id = result.reservationID, let holder = pending.operation.holder,
                !grants.contains(where: { $0.id == id })
            {
                grants.append((id, holder, 1))
            }
            if case .revoke(let id) = pending.operation,
                let grant = grants.firstIndex(where: { $0.id == id })
            {
                grants[grant].epoch = 2
            }
        case .ambiguous, .failed:
            // A definite failure of one attempt says nothing about an ambiguous one.
            let known = pending.id.flatMap { ambiguous[$0] }
            let isOpen = outcome.isAmbiguous || known != nil
            if isOpen, let id = pending.id, let slot = pending.slot {
                ambiguous[id] = min(known ?? .max, slot.rawValue)
                unresolved.append(Sent(id: id, operation: pending.operation, slot: slot))
            }
        case .refused(let lsn, _, _): lastLSN = max(lastLSN, lsn.rawValue)
        case .ticked(_, let lsn): lastLSN = max(lastLSN, lsn?.rawValue ?? 0)
        case .read: break
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
