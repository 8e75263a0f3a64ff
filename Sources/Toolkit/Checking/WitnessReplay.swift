import History

/// Replays the log that the acknowledgements bear witness to through the model, and compares
/// every answer.
///
/// Where no client was told of an LSN, several explanations may be possible; the replay takes
/// the likeliest and comes back to the others when it gets stuck. Time is linear in the length
/// of the log apart from that; `budget` bounds it, and a replay that reaches the bound says how
/// far it got instead of guessing.
struct WitnessReplay {
    enum Result {
        case explained(Explained)
        /// No choice of explanations gets past this place.
        case impossible(Obstacle)
        case undecided(at: LSN)
    }

    struct Explained {
        let model: AllocationModel
        let changes: [ModelChange]
        let expiries: [TickQuotas.Expiry]
        let commands: [WitnessLog.Untold]
        /// Leases that were ended although they were not due; only with a relaxed contract.
        let forced: [ForcedExpiry]
    }

    /// An expiry that no correct allocator makes.
    struct ForcedExpiry: Sendable {
        let lease: ModelLease
        let lsn: LSN
    }

    /// Where the replay that got furthest got stuck.
    struct Obstacle {
        enum Kind {
            case answer(WitnessLog.Entry, expected: ModelAnswer, slot: Slot)
            case executedAgain(WitnessLog.Entry, first: AllocationModel.RememberedOperation)
            case slotWentBack(WitnessLog.Entry, last: Slot)
            case unexplained
        }

        let lsn: LSN
        let kind: Kind
        /// The state there: before a place that nothing explains, after a command whose answer
        /// is not what it must be.
        let model: AllocationModel
    }

    fileprivate enum Candidate {
        case entry(WitnessLog.Entry, slot: Slot)
        case gap(GapExplanations.Explanation)
    }

    private struct ChoicePoint {
        let lsn: UInt64
        let model: AllocationModel
        let used: [WitnessLog.Untold]
        let expiryCount: Int
        let forcedCount: Int
        let changeCount: Int
        var rest: ArraySlice<Candidate>
    }

    private let log: WitnessLog
    let gaps: GapExplanations
    private let last: UInt64
    private let budget: Int

    private var model: AllocationModel
    private var changes: [ModelChange] = []
    private var used: [WitnessLog.Untold] = []
    private var expiries: [TickQuotas.Expiry] = []
    private var forced: [ForcedExpiry] = []
    /// Whether there was a choice at any place.
    private(set) var hasChosen = false
    private var choices: [ChoicePoint] = []
    private var obstacle: Obstacle?
    private(set) var steps = 0

    init(
        _ log: WitnessLog, through lastLSN: LSN, limits: ClusterLimits,
        mayHaveExecuted untold: [WitnessLog.Untold], hints: ReadHints,
        allowingForcedExpiries isRelaxed: Bool = false, extraSteps: Int
    ) {
        self.log = log
        last = lastLSN.rawValue
        gaps = GapExplanations(
            log, untold: untold, lastLSN: lastLSN, hints: hints,
            isRelaxed: isRelaxed)
        budget = 4 * Int(lastLSN.rawValue) + extraSteps
        model = AllocationModel(limits: limits)
    }

    mutating func run() -> Result { advance(from: 1) }

    /// Another explanation of the whole log, when the one just given turned out not to fit what
    /// reads saw; nil when there is none.
    mutating func runAgain() -> Result? {
        guard let lsn = comeBack() else { return nil }
        return advance(from: lsn)
    }

    private mutating func advance(from start: UInt64) -> Result {
        var lsn = start
        while lsn <= last {
            steps += 1
            guard steps <= budget else { return .undecided(at: LSN(lsn)) }
            if let stretch = log.extract?.stretch(at: LSN(lsn)) {
                model.pass(stretch)
                changes.append(contentsOf: model.changes)
                lsn = min(stretch.last.rawValue, last) + 1
                continue
            }
            var candidates = candidates(at: LSN(lsn))[...]
            if step(through: &candidates, at: LSN(lsn)) {
                lsn += 1
            } else if let resumed = comeBack() {
                lsn = resumed
            } else {
                return .impossible(
                    obstacle ?? Obstacle(lsn: LSN(lsn), kind: .unexplained, model: model))
            }
        }
        return .explained(
            Explained(
                model: model, changes: changes, expiries: expiries, commands: used, forced: forced))
    }

    private func candidates(at lsn: LSN) -> [Candidate] {
        if let entry = log.entries[lsn] {
            return entry.slots.map { .entry(entry, slot: $0) }
        }
        return gaps.candidates(at: lsn, in: model, used: used).map(Candidate.gap)
    }

    /// Applies the first candidate that fits; the others are remembered as a choice. When none
    /// fits the state is spoilt: the caller goes back to a choice, or ends.
    private mutating func step(through candidates: inout ArraySlice<Candidate>, at lsn: LSN) -> Bool
    {
        if candidates.isEmpty { note(Obstacle(lsn: lsn, kind: .unexplained, model: model)) }
        while let candidate = candidates.popFirst() {
            // Copied only where there is a choice: a copy makes the next change cost the state.
            let before = candidates.isEmpty ? nil : saved(lsn)
            if apply(candidate, at: lsn) {
                if var before {
                    before.rest = candidates
                    hasChosen = true
                    choices.append(before)
                }
                return true
            }
            if let before { restore(before) }
        }
        return false
    }

    private func saved(_ lsn: LSN) -> ChoicePoint {
        ChoicePoint(
            lsn: lsn.rawValue, model: model, used: used, expiryCount: expiries.count,
            forcedCount: forced.count, changeCount: changes.count, rest: [])
    }

    private mutating func restore(_ choice: ChoicePoint) {
        model = choice.model
        used = choice.used
        expiries.removeSubrange(choice.expiryCount...)
        forced.removeSubrange(choice.forcedCount...)
        changes.removeSubrange(choice.changeCount...)
    }

    /// Goes back to the last choice that has an alternative, and takes it.
    private mutating func comeBack() -> UInt64? {
        while var choice = choices.popLast() {
            restore(choice)
            if step(through: &choice.rest, at: LSN(choice.lsn)) { return choice.lsn + 1 }
        }
        return nil
    }

    /// Applies a candidate. Where the contract and the record disagree it notes what stood in
    /// the way and answers false.
    private mutating func apply(_ candidate: Candidate, at lsn: LSN) -> Bool {
        switch candidate {
        case .entry(let entry, let slot):
            if let lastSlot = model.lastSlot, slot < lastSlot {
                note(Obstacle(lsn: lsn, kind: .slotWentBack(entry, last: lastSlot), model: model))
                return false
            }
            if let kind = Self.compare(entry, slot: slot, in: &model) {
                note(Obstacle(lsn: lsn, kind: kind, model: model))
                return false
            }
        case .gap(.expiry(let id, let slot)):
            expiries.append(
                TickQuotas.Expiry(
                    lsn: lsn, deadline: id.flatMap { model.leases[$0]?.deadline }, slot: slot,
                    slotBefore: model.lastSlot))
            model.applyExpiry(of: id, slot: slot, lsn: lsn)
        case .gap(.hidden): model.pass(.init(first: lsn, last: lsn, slot: nil))
        case .gap(.forcedExpiry(let lease, let slot)):
            model.applyForcedExpiry(of: lease.id, slot: slot, lsn: lsn)
            forced.append(ForcedExpiry(lease: lease, lsn: lsn))
        case .gap(.command(let command, let slot)):
            _ = model.apply(command.operation, id: command.operationID, slot: slot, lsn: lsn)
            used.append(command)
        }
        changes.append(contentsOf: model.changes)
        return true
    }

    private static func compare(
        _ entry: WitnessLog.Entry, slot: Slot, in model: inout AllocationModel
    ) -> Obstacle.Kind? {
        let first = model.remembered[entry.operationID]
        let expected = model.apply(
            entry.operation, id: entry.operationID, slot: slot, lsn: entry.lsn)
        if let first, slot <= first.retireAfter, entry.answer != .refused(.operationConflict) {
            return .executedAgain(entry, first: first)
        }
        return expected == entry.answer
            ? nil : .answer(entry, expected: expected, slot: slot)
    }

    private mutating func note(_ new: Obstacle) {
        guard let old = obstacle, new.lsn <= old.lsn else {
            obstacle = new
            return
        }
        // Of several slots that a command was sent with, the one that fits says more.
        if new.lsn == old.lsn, case .slotWentBack = old.kind { obstacle = new }
    }
}
