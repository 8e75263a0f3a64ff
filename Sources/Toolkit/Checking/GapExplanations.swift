import History

/// What can stand at an LSN that no client was told of: the expiry of a lease that was due at the
/// slot of a tick under way, a command whose outcome nobody knows, or an expiry that came too
/// late to change anything.
///
/// Real time bounds all three: nothing that was sent after a command at a later LSN was answered
/// can stand here, and no tick that was over before a command at an earlier LSN was sent.
struct GapExplanations {
    private let lastLSN: UInt64
    /// By LSN: the earliest answer to a command at that LSN or a later one.
    private let sentBefore: [RunInstant]
    /// By LSN: the latest sending of a command at that LSN or an earlier one.
    private let overAfter: [RunInstant]
    /// In the order of sending.
    let ticks: [WitnessLog.Tick]
    /// By tick, in order of sending: the latest end among it and those before it.
    private let latestEnd: [RunInstant]
    private let untold: [WitnessLog.Untold]
    /// Commands that were executed elsewhere, and may have been here as well.
    private let settled: [WitnessLog.Untold]
    private let bounds: RealTimeBounds
    private let hints: ReadHints
    /// Whether leases may end that are not due: only to find out what an obstacle comes from.
    private let isRelaxed: Bool
    /// Of an extract: whether something that it leaves out may stand here.
    let mayHideEffects: Bool

    init(
        _ log: WitnessLog, untold: [WitnessLog.Untold], lastLSN: LSN, hints: ReadHints,
        isRelaxed: Bool
    ) {
        self.hints = hints
        self.isRelaxed = isRelaxed
        mayHideEffects = log.extract?.mayHideEffects ?? false
        self.lastLSN = lastLSN.rawValue
        self.untold = untold + log.executedAgain
        settled = log.settled
        bounds = RealTimeBounds(log, last: lastLSN)
        let count = Int(lastLSN.rawValue)
        var sentBefore = [RunInstant](repeating: RunInstant(.max), count: count + 2)
        var overAfter = [RunInstant](repeating: RunInstant(0), count: count + 2)
        let tickEnds = Dictionary(
            log.ticks.compactMap { tick in tick.lastLSN.map { ($0, tick) } },
            uniquingKeysWith: { first, _ in first })
        for lsn in stride(from: count, through: 1, by: -1) {
            let answered =
                log.entries[LSN(UInt64(lsn))]?.answeredAt
                ?? tickEnds[LSN(UInt64(lsn))]?.completedAt ?? RunInstant(.max)
            sentBefore[lsn] = min(answered, sentBefore[lsn + 1])
        }
        for lsn in stride(from: 1, through: count, by: 1) {
            let sent =
                log.entries[LSN(UInt64(lsn))]?.invokedAt
                ?? tickEnds[LSN(UInt64(lsn))]?.invokedAt ?? RunInstant(0)
            overAfter[lsn] = max(sent, overAfter[lsn - 1])
        }
        self.sentBefore = sentBefore
        self.overAfter = overAfter
        ticks = log.ticks.sorted { $0.invokedAt < $1.invokedAt }
        var end = RunInstant(0)
        latestEnd = ticks.map { tick in
            end = max(end, tick.completedAt ?? RunInstant(.max))
            return end
        }
    }

    enum Explanation: Sendable {
        /// The reservation is absent where the expiry changes nothing.
        case expiry(ReservationID?, slot: Slot)
        case command(WitnessLog.Untold, slot: Slot)
        /// Of a lease that is not due, or no longer reserved.
        case forcedExpiry(ModelLease, slot: Slot)
        /// Something that an extract leaves out.
        case hidden
    }

    /// The possible explanations, the likeliest first. `used` are the commands that stand at
    /// earlier LSNs that no client was told of.
    func candidates(
        at lsn: LSN, in model: AllocationModel, used: [WitnessLog.Untold]
    ) -> [Explanation] {
        let ticks = ticksUnderWay(at: lsn)
        var expiries: [Explanation] = []
        var seen: [Explanation] = []
        var unlikely: [Explanation] = []
        var idle: [Explanation] = []
        for tick in ticks {
            let slot = max(tick.slot, model.lastSlot ?? tick.slot)
            for lease in model.dueLeases(at: tick.slot) {
                let expiry = Explanation.expiry(lease.id, slot: slot)
                let retireAfter = model.retireAfter(endingAt: slot)
                switch hints.rank(lease.id, at: lsn, retireAfter: retireAfter) {
                case .seenHere: seen.append(expiry)
                case .open: expiries.append(expiry)
                case .seenElsewhere: unlikely.append(expiry)
                }
            }
            // A tick chooses what is due when it begins; what a command ends before the expiry
            // is applied makes it idle.
            let begun = bounds.largestLSN(answeredBefore: tick.invokedAt)
            if model.hasEndedReservation(dueAt: tick.slot, after: begun) {
                idle.append(.expiry(nil, slot: slot))
            }
        }
        let commands = commands(at: lsn, in: model, used)
        let explanations =
            seen + expiries + commands + idle + unlikely + (mayHideEffects ? [.hidden] : [])
        return isRelaxed ? explanations + breaches(in: model, ticks) : explanations
    }

    private func commands(
        at lsn: LSN, in model: AllocationModel, _ used: [WitnessLog.Untold]
    ) -> [Explanation] {
        let latest = sentBefore[Int(lsn.rawValue)]
        var runs: [OperationID: Int] = [:]
        for command in used { runs[command.operationID, default: 0] += 1 }
        // What is refused by a full table is not remembered, and may be executed elsewhere.
        let possible = model.mayRefuseUnremembered ? untold + settled : untold
        var commands: [Explanation] = []
        for command in possible
        where command.invokedAt <= latest && runs[command.operationID, default: 0] < command.mayRun
        {
            for slot in command.slots
            where slot >= model.lastSlot ?? Slot(0)
                && !model.remembers(command.operationID, at: slot)
            {
                commands.append(.command(command, slot: slot))
            }
        }
        return commands
    }

    /// First that the place changed nothing: where that fits, no lease need have been touched.
    private func breaches(
        in model: AllocationModel, _ ticks: [WitnessLog.Tick]
    ) -> [Explanation] {
        let last = model.lastSlot ?? Slot(0)
        var slots: [Slot] = []
        for slot in ticks.map({ max($0.slot, last) }) + [last] where !slots.contains(slot) {
            slots.append(slot)
        }
        return slots.map { .expiry(nil, slot: $0) }
            + model.liveLeases.flatMap { lease in
                slots.map { .forcedExpiry(lease, slot: $0) }
            }
    }

    /// The ticks that can have expired something here, one of each slot, the likeliest first: one
    /// whose reported range covers it is the likeliest.
    private func ticksUnderWay(at lsn: LSN) -> [WitnessLog.Tick] {
        var likely: [Slot: WitnessLog.Tick] = [:]
        var possible: [Slot: WitnessLog.Tick] = [:]
        for index in allTicksUnderWay(at: lsn) {
            let tick = ticks[index]
            // The earliest of several says most: it allows what the later ones allow.
            if let last = tick.lastLSN, last.rawValue - lsn.rawValue < UInt64(tick.applied) {
                likely[tick.slot] = tick
            } else {
                possible[tick.slot] = tick
            }
        }
        for slot in likely.keys { possible[slot] = nil }
        return likely.values.sorted { $0.slot < $1.slot }
            + possible.values.sorted { $0.slot < $1.slot }
    }

    /// The ticks that can have expired something here, the latest first, by their places in
    /// `ticks`. The tick that reports this LSN as its last is the only one.
    func allTicksUnderWay(at lsn: LSN) -> [Int] {
        let latest = sentBefore[Int(lsn.rawValue)]
        let earliest = overAfter[Int(lsn.rawValue)]
        var index = ticks.partitionIndex { $0.invokedAt <= latest }
        var underWay: [Int] = []
        while index > 0 {
            index -= 1
            if latestEnd[index] < earliest { break }
            guard let completedAt = ticks[index].completedAt else {
                underWay.append(index)
                continue
            }
            guard completedAt >= earliest, let last = ticks[index].lastLSN, lsn <= last else {
                continue
            }
            if lsn == last { return [index] }
            underWay.append(index)
        }
        return underWay
    }
}
