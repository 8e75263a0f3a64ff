import History

/// The ticks that can have expired something at an LSN that is still to come.
struct StreamedTicks: ~Copyable {
    struct Tick {
        let slot: Slot
        let sentAt: RunInstant
        /// Nil when it may go on for ever.
        let answeredAt: RunInstant?
        let applied: UInt64
        let last: LSN
        /// The largest LSN that was acknowledged before it was sent.
        let acknowledged: LSN
        /// How many LSNs were laid at its door.
        var given: UInt64 = 0
    }

    /// Where an expiry was found to stand.
    struct Expiry {
        let lsn: LSN
        /// 0 where it changes nothing.
        let deadline: Slot
        let slot: Slot
        let slotBefore: Slot
    }

    /// In the order of their sendings.
    private var ticks: [Tick] = []
    private var idle = IdleTicks()
    /// How many expiries all ticks can have made.
    private(set) var mostExpiries: UInt64 = 0

    mutating func add(_ tick: Tick, mostExpiries: UInt64) {
        self.mostExpiries &+= mostExpiries
        // Of several of one slot that may go on for ever the first says most.
        if tick.answeredAt == nil,
            ticks.contains(where: {
                $0.answeredAt == nil && $0.slot == tick.slot && $0.sentAt <= tick.sentAt
            })
        {
            return
        }
        let place = ticks.partitionIndex { $0.sentAt <= tick.sentAt }
        ticks.insert(tick, at: place)
    }

    /// A tick says that nothing was due.
    mutating func addIdle(slot: Slot, sentAt: RunInstant, answeredAt: RunInstant) {
        idle.add(IdleTicks.Tick(slot: slot, sentAt: sentAt, answeredAt: answeredAt))
    }

    /// A command or read that was sent then finds a lease still reserved: no tick in between may
    /// have left it, though it was due (promise 38).
    func check(
        deadline: Slot, grantedAt: RunInstant, reservedStillAt instant: RunInstant
    ) throws(Declined) {
        if idle.left(deadline: deadline, grantedAt: grantedAt, before: instant) { throw .tick }
    }

    /// The answered tick whose last expiry stands at that LSN.
    func tick(endingAt lsn: LSN) -> Tick? {
        ticks.first { $0.answeredAt != nil && $0.last == lsn }
    }

    /// Lays an expiry at the door of a tick that can have made it: of the one that ends first, for
    /// the others have time; a tick without an answer has most. Its last expiry is every tick's
    /// own. Where that leaves none another order may do; that is for the judge in memory to see
    /// (`TickQuotas`).
    mutating func give(
        _ expiry: Expiry, sentBy latest: RunInstant, overAfter earliest: RunInstant,
        mostExpiries: UInt64
    ) throws(Declined) {
        var answered: Int?
        var unanswered: Int?
        for (index, tick) in ticks.enumerated() {
            guard tick.sentAt <= latest, expiry.deadline <= tick.slot,
                expiry.slot == max(tick.slot, expiry.slotBefore)
            else { continue }
            guard let answeredAt = tick.answeredAt else {
                if tick.given < mostExpiries { unanswered = index }
                continue
            }
            if tick.last == expiry.lsn {
                answered = index
                break
            }
            guard answeredAt >= earliest, expiry.lsn < tick.last, tick.given + 1 < tick.applied,
                answered.map({ tick.last < ticks[$0].last }) ?? true
            else { continue }
            answered = index
        }
        guard let index = answered ?? unanswered else { throw .tick }
        ticks[index].given += 1
    }

    /// Lets go of what ended at or before that LSN.
    mutating func forget(through lsn: LSN) {
        if ticks.contains(where: { $0.answeredAt != nil && $0.last <= lsn }) {
            ticks.removeAll { $0.answeredAt != nil && $0.last <= lsn }
        }
    }

    /// The ticks that can have expired something at `lsn`, one of each slot, the likeliest first
    /// (`GapExplanations.ticksUnderWay`).
    func underWay(at lsn: LSN, sentBy latest: RunInstant, overAfter earliest: RunInstant) -> [Tick]
    {
        var likely: [Tick] = []
        var possible: [Tick] = []
        for tick in ticks.reversed() where tick.sentAt <= latest {
            guard let answeredAt = tick.answeredAt else {
                Self.replace(tick, in: &possible)
                continue
            }
            guard answeredAt >= earliest, lsn <= tick.last else { continue }
            if lsn == tick.last { return [tick] }
            if tick.last.rawValue - lsn.rawValue < tick.applied {
                Self.replace(tick, in: &likely)
            } else {
                Self.replace(tick, in: &possible)
            }
        }
        possible.removeAll { other in likely.contains { $0.slot == other.slot } }
        return likely.sorted { $0.slot < $1.slot } + possible.sorted { $0.slot < $1.slot }
    }

    private static func replace(_ tick: Tick, in list: inout [Tick]) {
        if let place = list.firstIndex(where: { $0.slot == tick.slot }) {
            list[place] = tick
        } else {
            list.append(tick)
        }
    }
}
