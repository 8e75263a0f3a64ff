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
    private let ticks: [WitnessLog.Tick]
    /// By tick, in order of sending: the latest end among it and those before it.
    private let latestEnd: [RunInstant]
    private let untold: [WitnessLog.Untold]

    init(_ log: WitnessLog, untold: [WitnessLog.Untold], lastLSN: LSN) {
        self.lastLSN = lastLSN.rawValue
        self.untold = untold
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
    }

    /// The possible explanations, the likeliest first.
    func candidates(at lsn: LSN, in model: AllocationModel, used: Set<OperationID>) -> [Explanation]
    {
        let slots = tickSlots(at: lsn)
        var expiries: [Explanation] = []
        for slot in slots {
            for lease in model.dueLeases(at: slot) {
                expiries.append(.expiry(lease.id, slot: max(slot, model.lastSlot ?? slot)))
            }
        }
        let latest = sentBefore[Int(lsn.rawValue)]
        var commands: [Explanation] = []
        for command in untold
        where command.invokedAt <= latest && !used.contains(command.operationID) {
            for slot in command.slots where slot >= model.lastSlot ?? Slot(0) {
                commands.append(.command(command, slot: slot))
            }
        }
        let idle = slots.map { Explanation.expiry(nil, slot: max($0, model.lastSlot ?? $0)) }
        return expiries + commands + idle
    }

    /// The slots at which a tick under way can have expired something here. The tick that
    /// reports this LSN as its last is the only one; otherwise one whose reported range covers
    /// it is the likeliest.
    private func tickSlots(at lsn: LSN) -> [Slot] {
        let latest = sentBefore[Int(lsn.rawValue)]
        let earliest = overAfter[Int(lsn.rawValue)]
        var index = firstTick(after: latest)
        var likely: Set<Slot> = []
        var possible: Set<Slot> = []
        while index > 0 {
            index -= 1
            if latestEnd[index] < earliest { break }
            let tick = ticks[index]
            guard tick.completedAt ?? RunInstant(.max) >= earliest else { continue }
            guard tick.completedAt != nil else {
                possible.insert(tick.slot)
                continue
            }
            guard let last = tick.lastLSN, lsn <= last else { continue }
            if lsn == last { return [tick.slot] }
            if last.rawValue - lsn.rawValue < UInt64(tick.applied) {
                likely.insert(tick.slot)
            } else {
                possible.insert(tick.slot)
            }
        }
        return likely.sorted() + possible.subtracting(likely).sorted()
    }

    private func firstTick(after instant: RunInstant) -> Int {
        var low = 0
        var high = ticks.count
        while low < high {
            let middle = (low + high) / 2
            if ticks[middle].invokedAt <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
