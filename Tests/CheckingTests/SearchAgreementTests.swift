import Checking
import History
import Searching
import Testing

/// A resource as the search knows it, which knows nothing of logs: who holds it, and how far that
/// lease has come. Only what is certain of the contract is in it: an expiry may come at any time
/// after the first tick that may have made it.
private struct ResourceModel: SequentialModel {
    enum Phase: Hashable {
        case missing
        case available
        case reserved
        case confirmed
        case revoking
    }

    struct State: Hashable {
        var phase = Phase.missing
        /// Nil for a lease that nobody was told of: it may be any.
        var lease: ReservationID?
        var version: UInt64 = 0
    }

    enum Call: Hashable {
        case create(isKnown: Bool)
        case refusedAsExisting
        case reserve(ReservationID?, isKnown: Bool)
        case refusedAsBusy
        case step(ReservationID, from: Set<Phase>, to: Phase, isKnown: Bool)
        case read(ResourceView?)
    }

    var initial: State { State() }

    func apply(_ call: Call, to state: State) -> State? {
        switch call {
        case .create(let isKnown):
            return state.phase == .missing
                ? State(phase: .available) : isKnown ? nil : state
        case .refusedAsExisting: return state.phase == .missing ? nil : state
        case .reserve(let lease, let isKnown):
            return state.phase == .available
                ? State(phase: .reserved, lease: lease, version: state.version + 1)
                : isKnown ? nil : state
        case .refusedAsBusy:
            return state.phase == .missing || state.phase == .available ? nil : state
        case .step(let lease, let from, let to, let isKnown):
            guard from.contains(state.phase), state.lease ?? lease == lease else {
                return isKnown ? nil : state
            }
            return State(
                phase: to, lease: to == .available ? nil : state.lease, version: state.version + 1)
        case .read(nil): return state.phase == .missing ? state : nil
        case .read(let view?): return shows(view, state) ? state : nil
        }
    }

    private func shows(_ view: ResourceView, _ state: State) -> Bool {
        let phase: Phase =
            switch view.state {
            case .available: .available
            case .reserved: .reserved
            case .confirmed: .confirmed
            case .revoking: .revoking
            }
        let isSameLease =
            phase == .available
            ? view.currentReservation == nil
            : state.lease == nil || state.lease == view.currentReservation
        return phase == state.phase && isSameLease && view.version == state.version
    }

    func onlyObserves(_ call: Call) -> Bool {
        switch call {
        case .refusedAsExisting, .refusedAsBusy, .read: true
        case .create, .reserve, .step: false
        }
    }
}

/// What a record says about each resource alone. Commands are taken from the first sending that may
/// have been executed to the first answer.
private struct ResourceCalls {
    private struct Command {
        var operation: History.Operation
        var sentAt: RunInstant
        var answeredAt: RunInstant?
        var answer: Outcome?
    }

    private(set) var calls: [ResourceID: [TimedCall<ResourceModel.Call>]] = [:]
    private var resourceOfLease: [ReservationID: ResourceID] = [:]

    init(_ record: RunRecord) {
        let editor = RecordEditor(record)
        var commands: [History.OperationID: [Command]] = [:]
        for entry in editor.entries where entry.mayHaveRun {
            guard let id = entry.invocation.operationID else { continue }
            take(entry, &commands[id, default: []])
        }
        let all = commands.values.flatMap { $0 }
        for command in all { learn(command) }
        for command in all { add(command) }
        addExpiries(all, editor.entries)
        for entry in editor.entries { add(read: entry) }
    }

    private func take(_ entry: RecordEditor.Entry, _ commands: inout [Command]) {
        let operation = entry.invocation.operation
        let answer = entry.outcome.flatMap { outcome -> Outcome? in
            switch outcome {
            case .committed, .refused: outcome
            case .ticked, .read, .failed, .ambiguous: nil
            }
        }
        guard let index = commands.firstIndex(where: { $0.operation == operation }) else {
            commands.append(
                Command(
                    operation: operation, sentAt: entry.invokedAt,
                    answeredAt: answer == nil ? nil : entry.answeredAt, answer: answer))
            return
        }
        commands[index].sentAt = min(commands[index].sentAt, entry.invokedAt)
        if answer != nil, entry.answeredAt < commands[index].answeredAt ?? RunInstant(.max) {
            commands[index].answer = answer
            commands[index].answeredAt = entry.answeredAt
        }
    }

    private mutating func learn(_ command: Command) {
        if case .committed(_, let result, _) = command.answer, let id = result.reservationID,
            case .reserve(let resource, _, _) = command.operation
        {
            resourceOfLease[id] = resource
        }
    }

    private mutating func add(_ command: Command) {
        var isAccepted: Bool?
        var lease: ReservationID?
        switch command.answer {
        case .committed(_, let result, _):
            isAccepted = true
            lease = result.reservationID
        case .refused(_, .alreadyExists, _):
            if case .createResource(let id) = command.operation {
                append(.refusedAsExisting, id, command)
            }
            return
        case .refused(_, .resourceBusy, _):
            if case .reserve(let id, _, _) = command.operation {
                append(.refusedAsBusy, id, command)
            }
            return
        // Other refusals speak of more than one resource.
        case .refused: return
        case _: break
        }
        let isKnown = isAccepted ?? false
        switch command.operation {
        case .createResource(let id): append(.create(isKnown: isKnown), id, command)
        case .reserve(let id, _, _): append(.reserve(lease, isKnown: isKnown), id, command)
        case .confirm(let id, _, _): step(id, [.reserved], .confirmed, isKnown, command)
        case .release(let id, _, _):
            step(id, [.reserved, .confirmed], .available, isKnown, command)
        case .revoke(let id): step(id, [.confirmed], .revoking, isKnown, command)
        case .reclaim(let id): step(id, [.revoking], .available, isKnown, command)
        case _: break
        }
    }

    private mutating func step(
        _ lease: ReservationID, _ from: Set<ResourceModel.Phase>, _ to: ResourceModel.Phase,
        _ isKnown: Bool, _ command: Command
    ) {
        guard let resource = resourceOfLease[lease] else { return }
        append(.step(lease, from: from, to: to, isKnown: isKnown), resource, command)
    }

    private mutating func append(
        _ call: ResourceModel.Call, _ resource: ResourceID, _ command: Command
    ) {
        calls[resource, default: []].append(
            TimedCall(
                call, from: Int64(command.sentAt.rawValue),
                to: command.answeredAt.map { Int64($0.rawValue) }))
    }

    /// Each lease may expire once, from the first tick on that may have found it due.
    private mutating func addExpiries(_ commands: [Command], _ entries: [RecordEditor.Entry]) {
        for command in commands {
            guard case .committed(_, let result, _) = command.answer,
                let id = result.reservationID, let deadline = result.deadline,
                let resource = resourceOfLease[id]
            else { continue }
            let first = entries.filter { entry in
                guard entry.invocation.operation == .tickExpirations, entry.mayHaveRun else {
                    return false
                }
                return (entry.invocation.slot ?? Slot(0)) >= deadline
            }.map(\.invokedAt).min()
            guard let first else { continue }
            calls[resource, default: []].append(
                TimedCall(
                    .step(id, from: [.reserved], to: .available, isKnown: false),
                    from: Int64(first.rawValue), to: nil))
        }
    }

    private mutating func add(read entry: RecordEditor.Entry) {
        guard case .getResource(let id, _) = entry.invocation.operation,
            case .read(let answer, _) = entry.outcome
        else { return }
        let view: ResourceView?
        switch answer {
        case .resource(let shown) where shown.resourceID == id: view = shown
        case .notFound: view = nil
        case _: return
        }
        calls[id, default: []].append(
            TimedCall(
                .read(view), from: Int64(entry.invokedAt.rawValue),
                to: Int64(entry.answeredAt.rawValue)))
    }

    /// The resources of which no order of the calls makes sense.
    var impossible: [ResourceID] {
        calls.filter { _, calls in
            if case .notLinearizable = LinearizabilitySearch.check(calls, against: ResourceModel())
            {
                true
            } else {
                false
            }
        }.keys.sorted()
    }
}

/// Two judges that share nothing: one replays the log, the other knows no log and searches for an
/// order of what was asked of one resource.
@Suite("What the search for an order finds impossible, the replay of the log blocks")
struct SearchAgreementTests {
    /// Whole leases of one resource each, and nothing is forgotten before the end.
    private static var shape: ExecutionShape {
        var shape = ExecutionShape()
        shape.bundlePercent = 0
        shape.operations = 80
        shape.resources = 4
        shape.limits.clientRetryWindow = SlotCount(200)
        return shape
    }

    /// `ALLOCDB_AGREEMENT_SEEDS` executions, each corrupted by every operator.
    @Test("over correct executions and corrupted ones")
    func agreement() async throws {
        let seeds = SeedRuns.seeds(SeedRuns.count("ALLOCDB_AGREEMENT_SEEDS", default: 12))
        let pieces = try await SeedRuns.pieces(seeds) { try $0.map(Self.compare) }
        let found = pieces.flatMap { $0 }.reduce(into: (judged: 0, impossible: 0, blocked: 0)) {
            $0.judged += $1.judged
            $0.impossible += $1.impossible
            $0.blocked += $1.blocked
        }
        print(
            "search and replay: \(found.judged) records, \(found.blocked) blocked by the replay, "
                + "\(found.impossible) of them impossible for the search")
        guard seeds.count > 1 else { return }
        // The search sees one resource and no log; what it sees must be enough to compare.
        #expect(found.impossible >= found.judged / 10)
    }

    private static func compare(
        _ seed: UInt64
    ) throws -> (judged: Int, impossible: Int, blocked: Int) {
        let execution = try ExecutionGenerator.execution(seed: seed, shape: shape)
        #expect(ResourceCalls(execution.record).impossible == [], "seed \(seed)")
        var found = (judged: 1, impossible: 0, blocked: 0)
        for corruption in CorruptionOperator.all {
            guard let mutant = corruption.mutant(of: execution.record, seed: seed),
                mutant.editor != nil
            else { continue }
            found.judged += 1
            let verdict = Judge.judge(mutant.record).verdict
            if verdict == .blocked { found.blocked += 1 }
            let impossible = ResourceCalls(mutant.record).impossible
            guard !impossible.isEmpty else { continue }
            found.impossible += 1
            #expect(
                verdict == .blocked,
                "\(corruption.name), seed \(seed): resources \(impossible) make no sense")
        }
        return found
    }
}
