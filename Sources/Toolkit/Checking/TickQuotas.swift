import History

/// Promise 18, of all ticks together: a tick that was answered has made exactly the expiries that
/// it reports (wire-api.md 3.7).
///
/// An explanation of the log says which LSNs hold expiries, and at which slots. Each of them was
/// made by a tick that was under way and reached that slot; a tick without an answer may have made
/// as many as one tick may. An explanation in which they cannot be shared out like that is none.
///
/// There is a way to share them out if every expiry finds a tick, and every answered tick finds
/// its expiries: of two such matchings a third can be made that does both (Mendelsohn and Dulmage,
/// "Some Generalizations of the Problem of Distinct Representatives", 1958).
struct TickQuotas {
    /// An LSN that an explanation gives to an expiry.
    struct Expiry: Sendable {
        let lsn: LSN
        /// Of the lease that it frees; nil where it changes nothing.
        let deadline: Slot?
        let slot: Slot
        let slotBefore: Slot?
    }

    /// What cannot be shared out.
    enum Shortage {
        case expiry(Expiry, ticks: [WitnessLog.Tick])
        case tick(WitnessLog.Tick, possible: Int)
    }

    private let gaps: GapExplanations
    private let limits: ClusterLimits

    init(_ gaps: GapExplanations, _ limits: ClusterLimits) {
        self.gaps = gaps
        self.limits = limits
    }

    /// Nil when everything can be shared out, or would take too long to.
    func shortage(_ expiries: [Expiry]) -> Shortage? {
        // What is hidden in an extract may be an expiry of any tick.
        guard !gaps.mayHideEffects, !gaps.ticks.isEmpty else { return nil }
        var makers: [[Int]] = []
        var made = [[Int]](repeating: [], count: gaps.ticks.count)
        for (index, expiry) in expiries.enumerated() {
            let possible = gaps.allTicksUnderWay(at: expiry.lsn).filter { place in
                let tick = gaps.ticks[place]
                return expiry.deadline.map { $0 <= tick.slot } ?? true
                    && expiry.slot == max(tick.slot, expiry.slotBefore ?? tick.slot)
            }
            makers.append(possible)
            for place in possible { made[place].append(index) }
        }
        let capacities = gaps.ticks.map { tick in
            Int(tick.completedAt == nil ? limits.maxExpirationsPerTick : tick.applied)
        }
        if let alone = Matching(capacities).firstUnmatched(of: makers) {
            return .expiry(expiries[alone], ticks: makers[alone].map { gaps.ticks[$0] })
        }
        var owners: [Int] = []
        for (place, tick) in gaps.ticks.enumerated() where tick.completedAt != nil {
            owners += [Int](repeating: place, count: capacities[place])
        }
        let single = [Int](repeating: 1, count: expiries.count)
        guard let short = Matching(single).firstUnmatched(of: owners.map { made[$0] }) else {
            return nil
        }
        return .tick(gaps.ticks[owners[short]], possible: made[owners[short]].count)
    }
}

extension TickQuotas.Shortage {
    var finding: Finding {
        switch self {
        case .expiry(let expiry, let ticks):
            Finding(
                .tickResult, stage: .witness, events: ticks.flatMap(\.events),
                explanation:
                    "Nobody was told of LSN \(expiry.lsn), and it can only hold an expiry. "
                    + "The ticks that can have made it report no more expiries than they made "
                    + "elsewhere: " + Self.words(ticks) + ".")
        case .tick(let tick, let possible):
            Finding(
                .tickResult, stage: .witness, events: tick.events,
                explanation: "A tick sent at \(Words.time(tick.invokedAt)), slot \(tick.slot), "
                    + "reports \(tick.applied) expiries up to LSN \(tick.lastLSN ?? LSN(0)); at "
                    + "most \(possible) LSNs can be its own, and other ticks need some of them.")
        }
    }

    private static func words(_ ticks: [WitnessLog.Tick]) -> String {
        ticks.map { tick in
            "that sent at \(Words.time(tick.invokedAt)), slot \(tick.slot), "
                + (tick.completedAt == nil
                    ? "was not answered"
                    : "reports \(tick.applied) up to LSN \(tick.lastLSN ?? LSN(0))")
        }.joined(separator: "; ")
    }
}

/// Matches elements with places that hold several.
private struct Matching {
    private let capacities: [Int]
    private var held: [[Int]]
    /// Bound on the whole of it, in places looked at.
    private var work = 5_000_000

    init(_ capacities: [Int]) {
        self.capacities = capacities
        held = [[Int]](repeating: [], count: capacities.count)
    }

    /// The first element for which there is no place, wherever the others go; nil when there is
    /// one for all, or it takes too long to find out.
    func firstUnmatched(of wishes: [[Int]]) -> Int? {
        var copy = self
        for element in wishes.indices {
            guard copy.add(element, wishes) else { return copy.work > 0 ? element : nil }
        }
        return nil
    }

    /// Finds a place for one more, by moving others where that helps (breadth first).
    private mutating func add(_ element: Int, _ wishes: [[Int]]) -> Bool {
        var cameFrom: [Int: (place: Int, element: Int)] = [:]
        var seen: Set<Int> = []
        var queue = [element]
        var front = 0
        while front < queue.count {
            let current = queue[front]
            front += 1
            for place in wishes[current] where seen.insert(place).inserted {
                work -= 1
                guard work > 0 else { return false }
                guard held[place].count == capacities[place] else {
                    move(current, to: place, cameFrom)
                    return true
                }
                for other in held[place] {
                    cameFrom[other] = (place, current)
                    queue.append(other)
                }
            }
        }
        return false
    }

    /// Moves an element to a place, and into the place that it leaves the one that wanted that.
    private mutating func move(
        _ element: Int, to place: Int, _ cameFrom: [Int: (place: Int, element: Int)]
    ) {
        var element = element
        var place = place
        while true {
            held[place].append(element)
            guard let (left, wanting) = cameFrom[element] else { return }
            held[left].removeAll { $0 == element }
            place = left
            element = wanting
        }
    }
}
