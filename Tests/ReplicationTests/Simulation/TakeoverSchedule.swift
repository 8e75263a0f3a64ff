import LeaseEngine
import LeaseKernel
import Replication

/// One random life of three reference replicas: writes, lost and delayed messages, kills inside
/// and between writes, checkpoints, takeovers by the offline rule, rejoins by files.
///
/// Nothing that a client was told may ever be missing from an adopted log or differ from what
/// it was told.
struct TakeoverSchedule {
    /// What a schedule found wrong; the seed replays it.
    struct Violation: Error, CustomStringConvertible {
        let seed: UInt64
        let step: Int
        let reason: String
        var description: String { "seed \(seed), step \(step): \(reason)" }
    }

    struct Statistics {
        var acknowledged = 0
        var kills = 0
        var takeovers = 0
        var interrupted = 0
        var recommitted = 0
        var rejoins = 0
        var starts = 0
        var startsFaulted = 0
    }

    private enum Message {
        case prepare(PreparedEntry, to: UInt64)
        case acknowledgement(PreparedEntry, from: UInt64, to: UInt64)
        case commit(View, LSN, to: UInt64)
    }

    private struct Told {
        let request: ClientCommand
        let applied: AppliedCommand
    }

    let seed: UInt64
    /// The rule under test.
    let rule: Rule
    /// The stages that are carried out; those of the plan when nil.
    let stages: [TakeoverStage]?
    private(set) var statistics = Statistics()
    private var choice: SeededChoice
    private var step = 0
    private var storages: [UInt64: MortalStorage] = [:]
    private var nodes: [UInt64: ReplicaNode] = [:]
    private var messages: [Message] = []
    private var holders: [PreparedEntry: Set<UInt64>] = [:]
    private var told: [LSN: Told] = [:]
    private var issued: [ClientCommand] = []

    static let kernel = KernelConfiguration(
        shardID: 0, maxResources: 64, maxReservations: 64, maxBundleSize: 4, maxOperations: 512,
        maxTTLSlots: 16, maxClientRetryWindowSlots: 8, reservationHistoryWindowSlots: 4,
        maxExpirationBucketLength: 64)
    static let engine = EngineConfiguration(
        maxSubmissionQueue: 64, maxCommandBytes: 512, maxExpirationsPerTick: 4)

    /// Plans a takeover of the given replicas, led by the given one.
    typealias Rule = (TakeoverSchedule, [UInt64], UInt64) throws -> TakeoverPlan

    init(
        seed: UInt64, stages: [TakeoverStage]? = nil,
        rule: @escaping Rule = {
            try TakeoverPlan($1.map($0.survey), clusterSize: 3, primary: ReplicaID($2))
        }
    ) throws {
        self.seed = seed
        self.stages = stages
        self.rule = rule
        choice = SeededChoice(seed: seed)
        for id in 1...3 as ClosedRange<UInt64> {
            storages[id] = MortalStorage(MemoryNodeStorage())
            try start(id)
            try nodes[id]?.configureNormalRole(view: View(1), role: id == 1 ? .primary : .backup)
        }
    }

    mutating func run(steps: Int) throws {
        while step < steps {
            step += 1
            switch choice.choose(40) {
            case 0..<9: try submit()
            case 9..<30: try deliver()
            case 30: if !messages.isEmpty { messages.remove(at: choice.choose(messages.count)) }
            case 31: armKill()
            case 32: kill(anyone())
            case 33..<36: try restartSomebody()
            case 36: try checkpoint(anyone())
            case 37: try takeOver()
            default: try rejoinSomebody()
            }
            buryTheDead()
        }
        try takeOver()
    }

    // MARK: - Replicas

    private mutating func anyone() -> UInt64 { UInt64(choice.choose(3)) + 1 }

    private func configuration(_ id: UInt64) -> NodeConfiguration {
        NodeConfiguration(
            identity: ReplicaIdentity(replicaID: ReplicaID(id), shardID: ShardID(0)),
            kernel: Self.kernel, engine: Self.engine)
    }

    private mutating func start(_ id: UInt64) throws {
        guard let storage = storages[id] else { return }
        statistics.starts += 1
        let node: ReplicaNode
        do {
            node = try ReplicaNode.recover(configuration(id), from: storage)
        } catch {
            // Killed while it recovered.
            if storage.isDead { return }
            throw error
        }
        guard node.status == .active else {
            // The reference needs surgery now; the offline rule repairs it.
            statistics.startsFaulted += 1
            return
        }
        nodes[id] = node
        // A primary resumes what it had prepared (replica.md 9).
        if node.metadata.role == .primary {
            for entry in node.prepared.all { announce(entry, from: id) }
        }
    }

    /// The running primary of the highest view.
    private var primary: UInt64? {
        nodes.filter { $0.value.metadata.role == .primary }
            .max { $0.value.metadata.currentView < $1.value.metadata.currentView }?.key
    }

    private mutating func armKill() {
        let happens = choice.choose(2) == 0
        storages[anyone()]?.die(afterWrites: choice.choose(6), lastWriteHappens: happens)
    }

    private mutating func kill(_ id: UInt64) {
        guard nodes.removeValue(forKey: id) != nil else { return }
        statistics.kills += 1
        reboot(id)
    }

    private mutating func buryTheDead() {
        for (id, storage) in storages where storage.isDead {
            nodes[id] = nil
            statistics.kills += 1
            reboot(id)
        }
    }

    /// The files as the next process finds them.
    private mutating func reboot(_ id: UInt64) {
        guard let inner = storages[id]?.inner else { return }
        inner.engine.cutPower(keepingUnsynced: choice.choose(200))
        storages[id] = MortalStorage(inner)
    }

    private mutating func restartSomebody() throws {
        let stopped = (1...3 as ClosedRange<UInt64>).filter { nodes[$0] == nil }
        guard !stopped.isEmpty else { return }
        try start(stopped[choice.choose(stopped.count)])
    }

    /// Runs `body` on a running node; a failure of its storage ends the process, any other
    /// refusal is just that.
    @discardableResult
    private mutating func on<Value>(
        _ id: UInt64, _ body: (inout ReplicaNode) throws(ReplicaNodeError) -> Value
    ) -> Value? {
        guard var node = nodes.removeValue(forKey: id) else { return nil }
        let result = try? body(&node)
        if storages[id]?.isDead == false { nodes[id] = node }
        return result
    }

    // MARK: - Clients and messages

    private mutating func submit() throws {
        guard let primary else { return }
        let request: ClientCommand
        if !issued.isEmpty, choice.choose(4) == 0 {
            request = issued[choice.choose(issued.count)]
        } else {
            request = nextRequest()
        }
        try submit(request, to: primary)
    }

    private mutating func nextRequest() -> ClientCommand {
        let resource = ResourceID(UInt128(choice.choose(6)))
        let command: Command =
            choice.choose(3) == 0
            ? .createResource(resource)
            : .reserve(resource, holder: HolderID(UInt128(choice.choose(3))), ttlSlots: 4)
        let request = ClientCommand(
            operationID: OperationID(UInt128(issued.count) + 1), clientID: ClientID(7),
            command: command)
        issued.append(request)
        return request
    }

    private mutating func submit(_ request: ClientCommand, to primary: UInt64) throws {
        guard let node = nodes[primary] else { return }
        if let answer = node.engine?.kernel.answerFromRetryTable(to: request, at: Slot(1)) {
            return try tell(request, answer)
        }
        let payload = CommandCodec.encode(request)
        if node.prepared.all.contains(where: { $0.payload == payload }) {
            for entry in node.prepared.all { announce(entry, from: primary) }
            return
        }
        let entry = on(primary) { node throws(ReplicaNodeError) in
            try node.prepareClientRequest(payload, at: Slot(1))
        }
        if let entry { announce(entry, from: primary) }
    }

    private mutating func announce(_ entry: PreparedEntry, from primary: UInt64) {
        holders[entry, default: []].insert(primary)
        for id in 1...3 as ClosedRange<UInt64> where id != primary {
            messages.append(.prepare(entry, to: id))
        }
    }

    private mutating func deliver() throws {
        guard !messages.isEmpty else { return }
        switch messages.remove(at: choice.choose(messages.count)) {
        case .prepare(let entry, let id):
            let done: Void? = on(id) { node throws(ReplicaNodeError) in try node.append(entry) }
            guard done != nil, nodes[id] != nil else { return }
            for leader in 1...3 as ClosedRange<UInt64> where leader != id {
                messages.append(.acknowledgement(entry, from: id, to: leader))
            }
        case .acknowledgement(let entry, let holder, let id):
            guard holders[entry]?.contains(id) == true else { return }
            holders[entry]?.insert(holder)
            try commit(entry, on: id)
        case .commit(let view, let lsn, let id):
            guard nodes[id]?.metadata.currentView == view else { return }
            on(id) { node throws(ReplicaNodeError) in try node.commitPrepared(through: lsn) }
        }
    }

    /// A primary commits in order, and only what a majority holds.
    private mutating func commit(_ entry: PreparedEntry, on id: UInt64) throws {
        while let node = nodes[id], node.metadata.role == .primary,
            let lowest = node.prepared.lowest, lowest.lsn <= entry.lsn,
            holders[lowest, default: []].count >= 2
        {
            let applied = on(id) { node throws(ReplicaNodeError) in
                try node.commitPrepared(through: lowest.lsn)
            }
            guard let applied, let applied else { return }
            let request = try CommandCodec.decodeClient(lowest.payload)
            try tell(request, applied)
            for other in 1...3 as ClosedRange<UInt64> where other != id {
                messages.append(.commit(lowest.view, lowest.lsn, to: other))
            }
        }
    }

    /// A client gets an answer: from here on it must stay true.
    private mutating func tell(_ request: ClientCommand, _ applied: AppliedCommand) throws {
        statistics.acknowledged += 1
        if let before = told[applied.lsn],
            before.request != request || before.applied.outcome != applied.outcome
        {
            throw violation("position \(applied.lsn) was answered differently before")
        }
        if let before = told.values.first(where: {
            $0.request.operationID == request.operationID
        }), before.applied.lsn != applied.lsn || before.applied.outcome != applied.outcome {
            throw violation("operation \(request.operationID) has two results")
        }
        told[applied.lsn] = Told(request: request, applied: applied)
    }

    private mutating func checkpoint(_ id: UInt64) throws {
        on(id) { node throws(ReplicaNodeError) in try node.checkpoint() }
    }

    // MARK: - Surgery

    func survey(_ id: UInt64) throws -> ReplicaSurvey {
        guard let storage = storages[id] else { throw violation("no replica \(id)") }
        return try ReplicaSurvey(
            storage.inner.files.decode(named: "replica-\(id)"), configuration: Self.kernel)
    }

    private mutating func takeOver() throws {
        // Two replicas, or all three; the left-out one keeps running or lies in ruins.
        var members: [UInt64] = [1, 2, 3]
        if choice.choose(3) != 0 { members.remove(at: choice.choose(3)) }
        let leader = members[choice.choose(members.count)]
        for id in members { kill(id) }
        let plan: TakeoverPlan
        do {
            plan = try rule(self, members, leader)
        } catch {
            throw violation("takeover of \(members) refused: \(error)")
        }
        statistics.takeovers += 1
        statistics.recommitted += plan.recommitted.count
        for stage in stages ?? plan.stages {
            for id in plan.order {
                // Interrupted: whatever is there by now is what the replicas start from.
                if choice.choose(16) == 0 {
                    statistics.interrupted += 1
                    return
                }
                let files =
                    if let contents = plan.contents(for: id, after: stage) {
                        contents.files
                    } else {
                        try voted(id, plan)
                    }
                storages[id.rawValue] = MortalStorage(MemoryNodeStorage(files))
            }
        }
        for id in plan.order {
            try start(id.rawValue)
            guard nodes[id.rawValue] != nil else {
                throw violation("replica \(id) does not start after the takeover")
            }
            try requireEverythingTold(of: id.rawValue)
        }
    }

    private func voted(_ id: ReplicaID, _ plan: TakeoverPlan) throws -> WorkspaceFiles {
        guard var files = storages[id.rawValue]?.inner.files, let vote = plan.vote(of: id) else {
            throw violation("no replica \(id)")
        }
        files.metadata = MetadataFormatV2.encode(vote)
        return files
    }

    private func requireEverythingTold(of id: UInt64) throws {
        guard let kernel = nodes[id]?.engine?.kernel else {
            throw violation("replica \(id) has no state")
        }
        for (lsn, told) in told {
            guard let record = kernel.operation(told.request.operationID, at: Slot(1)) else {
                throw violation("replica \(id) has lost the acknowledged position \(lsn)")
            }
            guard record.appliedLSN == lsn, record.outcome == told.applied.outcome else {
                throw violation("replica \(id) contradicts the answer at \(lsn)")
            }
        }
    }

    private mutating func rejoinSomebody() throws {
        guard let primary, let view = nodes[primary]?.metadata.currentView else { return }
        let others = (1...3 as ClosedRange<UInt64>).filter { $0 != primary }
        let target = others[choice.choose(others.count)]
        kill(target)
        let plan: RejoinPlan
        do {
            plan = try RejoinPlan(survey(target), from: survey(primary))
        } catch SurgeryError.viewAheadOfPrimary {
            return
        } catch {
            throw violation("rejoin of \(target) in view \(view) refused: \(error)")
        }
        statistics.rejoins += 1
        storages[target] = MortalStorage(MemoryNodeStorage(plan.contents.files))
        try start(target)
        guard let node = nodes[target], node.metadata.commitLSN == plan.target else {
            throw violation("replica \(target) does not start after its rejoin")
        }
    }

    private func violation(_ reason: String) -> Violation {
        Violation(seed: seed, step: step, reason: reason)
    }
}
