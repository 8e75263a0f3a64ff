import EngineVectors
import LeaseEngine
import LeaseKernel

/// One real engine on storage in memory, driven by slots and seeds alone (replica.md 14.2).
struct SingleNodeSimulation {
    let storage: MemoryStorage
    private let configuration: KernelConfiguration
    private let engineConfiguration: EngineConfiguration
    /// Absent while the node is down.
    private(set) var engine: Engine?
    private(set) var slot: Slot
    private var choice: SeededChoice

    enum Failure: Error, Equatable {
        case nodeIsDown
        case slotMovedBack(from: Slot, to: Slot)
        case duplicateLabel(String)
        case noCandidateSlots(String)
    }

    init(
        seed: UInt64, configuration: KernelConfiguration = RandomExecution.configuration,
        engineConfiguration: EngineConfiguration = RandomExecution.engineConfiguration
    ) throws {
        self.storage = MemoryStorage()
        self.configuration = configuration
        self.engineConfiguration = engineConfiguration
        self.slot = Slot(0)
        self.choice = SeededChoice(seed: seed)
        self.engine = try Engine.recover(configuration, engineConfiguration, from: storage)
    }

    mutating func advance(to slot: Slot) throws {
        guard slot >= self.slot else { throw Failure.slotMovedBack(from: self.slot, to: slot) }
        self.slot = slot
    }

    mutating func submit(_ request: ClientCommand) throws -> AppliedCommand {
        let slot = slot
        return try onEngine { (engine: inout Engine) throws(SubmissionError) in
            try engine.submit(CommandCodec.encode(request), at: slot)
        }
    }

    /// The queue first; then one lease after the other, chosen by the seed among those that are
    /// due earliest.
    mutating func tick() throws -> [AppliedCommand] {
        let slot = slot
        var choice = choice
        defer { self.choice = choice }
        let limit = engineConfiguration.maxExpirationsPerTick
        return try onEngine { (engine: inout Engine) throws(SubmissionError) in
            while try engine.processNext() != nil {}
            var applied: [AppliedCommand] = []
            while applied.count < Int(limit) {
                let due = engine.kernel.dueReservations(at: slot, limit: .max)
                let earliest = due.filter { $0.deadline == due.first?.deadline }
                guard !earliest.isEmpty else { break }
                let chosen = earliest[choice.choose(earliest.count)]
                applied.append(
                    try engine.applyEncodedInternal(
                        CommandCodec.encode(chosen.command),
                        at: engine.kernel.tickRequestSlot(at: slot)))
            }
            return applied
        }
    }

    mutating func checkpoint() throws -> CheckpointReport {
        guard var running = engine else { throw Failure.nodeIsDown }
        defer { engine = running }
        return try running.checkpoint()
    }

    mutating func arm(_ plan: CrashPlan) { engine?.crashSwitch = plan.makeSwitch() }

    mutating func stop() { engine = nil }

    /// Recovers from the files; a crash planned for recovery leaves the node down.
    mutating func restart(crashing plan: CrashPlan? = nil) throws {
        engine = nil
        engine = try Engine.recover(
            configuration, engineConfiguration, from: storage, crashSwitch: plan?.makeSwitch())
    }

    mutating func onEngine<Value>(
        _ work: (inout Engine) throws(SubmissionError) -> Value
    ) throws -> Value {
        guard var running = engine else { throw Failure.nodeIsDown }
        engine = nil
        defer { engine = running }
        return try work(&running)
    }
}

// MARK: - Schedules

extension SingleNodeSimulation {
    /// Something that happens at one of several slots.
    struct Scheduled {
        let label: String
        let candidateSlots: [Slot]
        let request: ClientCommand?

        /// Without a request it is a tick.
        init(_ label: String, at candidateSlots: [UInt64], submit request: ClientCommand? = nil) {
            self.label = label
            self.candidateSlots = candidateSlots.map(Slot.init)
            self.request = request
        }
    }

    struct Happened: Equatable {
        let label: String
        let slot: Slot
        let applied: [AppliedCommand]
    }

    /// Chooses a slot for each action, then an order among those of one slot.
    mutating func run(_ actions: [Scheduled]) throws -> [Happened] {
        var pending: [(label: String, slot: Slot, request: ClientCommand?)] = []
        for action in actions {
            guard !pending.contains(where: { $0.label == action.label }) else {
                throw Failure.duplicateLabel(action.label)
            }
            let candidates = Set(action.candidateSlots).sorted()
            guard !candidates.isEmpty else { throw Failure.noCandidateSlots(action.label) }
            let chosen = candidates[choice.choose(candidates.count)]
            pending.append((action.label, chosen, action.request))
        }
        pending.sort { ($0.slot, $0.label) < ($1.slot, $1.label) }
        var happened: [Happened] = []
        while let first = pending.first {
            try advance(to: first.slot)
            let ready = pending.prefix { $0.slot == first.slot }.count
            let next = pending.remove(at: choice.choose(ready))
            let applied = try next.request.map { [try submit($0)] } ?? tick()
            happened.append(Happened(label: next.label, slot: next.slot, applied: applied))
        }
        return happened
    }
}
