/// What is searched: operations by increasing invocation, with calls as numbers.
struct SearchInput {
    struct Entry {
        var call: Int32
        var invoked: Int64
        /// `Int64.max` when it never returned.
        var returned: Int64

        /// An operation without effect and without answer: it only keeps its place.
        static func ignored(at invoked: Int64) -> Entry {
            Entry(call: -1, invoked: invoked, returned: .max)
        }
    }

    var entries: [Entry]
}

/// Linearizability by frontier search. It goes through the history in time and keeps the set of all
/// configurations that explain it so far (`ConfigurationSet`). An operation is linearized only when
/// it must be: when it returns, each configuration in which it is not yet done is driven on, through
/// open operations, until it is (Lowe, "Testing for linearizability", 2017). A return after which
/// no configuration is left is the first that nothing can explain.
///
/// What keeps the set small, all of it sound:
/// - An operation that only observes is done as soon as its answer is right, without branching.
/// - Superfluous configurations are dropped (`ConfigurationSet`); those that use few never-returned
///   operations are made first, so that they make others superfluous before these are driven on.
/// - Of identical open operations the one that returns earliest goes first, and never-returned
///   ones go last.
/// - What all configurations have used is forgotten, so that memory depends on what is open.
struct FrontierSearch<Slots: SlotSet>: ~Copyable {
    private let input: SearchInput
    private let table: any CallTable
    private let budget: Budget
    private var open = OpenOperations<Slots>()
    private var frontier: ConfigurationSet<Slots>
    private var next: ConfigurationSet<Slots>
    private var work: ConfigurationSet<Slots>
    /// Indexes into `work`, by how many never-returned operations they have used.
    private var agenda: [[Int32]] = []
    private var sets = UnansweredSets()
    private var transitions = TransitionCache()
    /// Calls that never returned, and how many of each have not been used by all configurations.
    private var unansweredCalls: [Int32] = []
    private var unansweredCounts: [Int32: Int] = [:]
    private var unansweredOperations: [Int] = []
    private var legal = LegalMoves<Slots>()
    private var invoked = 0
    private var accountedBytes = 0
    private var stateBytesAfterCleaning = 0
    private(set) var largestFrontier = 1

    init(_ input: SearchInput, table: any CallTable, budget: Budget) {
        self.input = input
        self.table = table
        self.budget = budget
        frontier = ConfigurationSet(budget: budget)
        next = ConfigurationSet(budget: budget)
        work = ConfigurationSet(budget: budget)
    }

    deinit { budget.touched(-accountedBytes) }

    mutating func run() -> SearchVerdict {
        do throws(Budget.Exhausted) {
            let start = Configuration<Slots>(
                state: 0, unanswered: UnansweredSets.empty, changed: .none, seen: .none)
            _ = try frontier.insert(start, sets)
            for (index, entry) in input.entries.enumerated() {
                try budget.step()
                while open.earliestDeadline < entry.invoked {
                    if let violation = try returnEarliest() { return .notLinearizable(violation) }
                }
                try invoke(index, entry)
                invoked = index + 1
            }
            while open.earliest != nil {
                if let violation = try returnEarliest() { return .notLinearizable(violation) }
            }
            return .linearizable
        } catch {
            return .unknown(
                Exhaustion(
                    budget: error.budget, reached: invoked, total: input.entries.count,
                    frontier: max(frontier.aliveCount, work.aliveCount)))
        }
    }

    private mutating func invoke(
        _ index: Int, _ entry: SearchInput.Entry
    ) throws(Budget.Exhausted) {
        if entry.call < 0 { return }
        let observes = table.onlyObserves(entry.call)
        guard entry.returned == .max else {
            let isOpen = open.open(
                index, call: entry.call, deadline: entry.returned, onlyObserves: observes)
            if !isOpen { throw Budget.Exhausted(budget: .concurrency) }
            return
        }
        // Nobody saw what it observed.
        if observes { return }
        unansweredOperations.append(index)
        if unansweredCounts[entry.call] == nil { unansweredCalls.append(entry.call) }
        unansweredCounts[entry.call, default: 0] += 1
    }

    /// The open operation that returns first returns. Gives the violation when nothing explains it.
    private mutating func returnEarliest() throws(Budget.Exhausted) -> Violation? {
        guard let slot = open.earliest else { return nil }
        if open.observing.contains(slot), isSeenByAll(slot) {
            frontier.forgetObservation(slot)
            open.closeEarliest()
            return nil
        }
        try drive(until: slot)
        if next.aliveCount == 0 { return violation(at: slot) }
        open.closeEarliest()
        swap(&frontier, &next)
        largestFrontier = max(largestFrontier, frontier.aliveCount)
        forgetWhatAllHaveUsed()
        try accountAndClean()
        return nil
    }

    private func isSeenByAll(_ slot: Int) -> Bool {
        for index in 0..<frontier.count where frontier[index].isAlive {
            if !frontier[index].seen.contains(slot) { return false }
        }
        return true
    }

    /// Fills `next` with all configurations in which the operation in `slot` is done, and no more
    /// than it takes; the slot is cleared in them.
    private mutating func drive(until slot: Int) throws(Budget.Exhausted) {
        next.removeAll()
        work.removeAll()
        legal.removeAll()
        for index in agenda.indices { agenda[index].removeAll(keepingCapacity: true) }
        for index in 0..<frontier.count where frontier[index].isAlive {
            try reach(frontier[index], returning: slot)
        }
        // Driving on never uses fewer never-returned operations: no level is filled again.
        var level = 0
        var driven = 0
        while level < agenda.count {
            while let index = agenda[level].popLast() {
                try budget.step()
                driven &+= 1
                if driven & 0xFF == 0 { try account() }
                let configuration = work[Int(index)]
                if configuration.isAlive { try branch(configuration, returning: slot) }
            }
            level += 1
        }
    }

    /// Puts a configuration where it belongs, after every observation that is right in it.
    private mutating func reach(
        _ reached: Configuration<Slots>, returning slot: Int
    ) throws(Budget.Exhausted) {
        var configuration = reached
        let moves = legal.moves(from: configuration.state, open, &transitions, table)
        configuration.seen = configuration.seen.union(moves.observing)
        if configuration.seen.contains(slot) || configuration.changed.contains(slot) {
            configuration.seen.remove(slot)
            configuration.changed.remove(slot)
            _ = try next.insert(configuration, sets)
            return
        }
        guard let index = try work.insert(configuration, sets) else { return }
        let level = sets.size(configuration.unanswered)
        while agenda.count <= level { agenda.append([]) }
        agenda[level].append(Int32(index))
    }

    private mutating func branch(
        _ configuration: Configuration<Slots>, returning slot: Int
    ) throws(Budget.Exhausted) {
        let state = configuration.state
        let moves = legal.moves(from: state, open, &transitions, table)
        let undone = open.changing.subtracting(configuration.changed)
        var candidates = moves.changing.subtracting(configuration.changed)
        while let candidate = candidates.first {
            candidates.remove(candidate)
            let waitsForTwin = !open.earlierTwins[candidate].subtracting(configuration.changed)
                .isEmpty
            if waitsForTwin { continue }
            var after = configuration
            after.state = transitions.next(state, open.calls[candidate], table)
            after.changed.insert(candidate)
            try reach(after, returning: slot)
        }
        for place in unansweredCalls.indices {
            let call = unansweredCalls[place]
            let after = transitions.next(state, call, table)
            // Without an effect there is no use in it.
            guard after >= 0, after != state else { continue }
            let used = sets.uses(of: call, in: configuration.unanswered)
            guard used < unansweredCounts[call] ?? 0, !hasTwin(call, in: undone) else { continue }
            try budget.step()
            var reached = configuration
            reached.state = after
            reached.unanswered = sets.adding(call, to: configuration.unanswered)
            try reach(reached, returning: slot)
        }
    }

    private func hasTwin(_ call: Int32, in undone: Slots) -> Bool {
        var rest = undone
        while let slot = rest.first {
            if open.calls[slot] == call { return true }
            rest.remove(slot)
        }
        return false
    }
}

extension FrontierSearch {
    private static var setsWorthCleaning: Int { 4096 }
    private static var stateBytesWorthCleaning: Int { 1 << 20 }
    private static var frontierWorthComparing: Int { 256 }

    /// A never-returned operation that every configuration has used is used: nobody can tell it
    /// from one that returned.
    private mutating func forgetWhatAllHaveUsed() {
        guard frontier.aliveCount <= Self.frontierWorthComparing else { return }
        var used: [Int32] = []
        for index in 0..<frontier.count where frontier[index].isAlive {
            if frontier[index].unanswered == UnansweredSets.empty { return }
            used.append(frontier[index].unanswered)
        }
        let common = sets.intersection(of: used)
        guard !common.isEmpty else { return }
        for call in common {
            let left = (unansweredCounts[call] ?? 0) - 1
            unansweredCounts[call] = left > 0 ? left : nil
            if left <= 0 { unansweredCalls.removeAll { $0 == call } }
        }
        var renumbered: [Int32: Int32] = [:]
        for set in used where renumbered[set] == nil {
            renumbered[set] = sets.number(of: sets.calls(set, without: common))
        }
        frontier.renumber(
            state: { $0 }, unanswered: { renumbered[$0] ?? UnansweredSets.empty })
    }

    private mutating func accountAndClean() throws(Budget.Exhausted) {
        if sets.count > Self.setsWorthCleaning + 8 * frontier.aliveCount { cleanSets() }
        if table.stateBytes > Self.stateBytesWorthCleaning + 4 * stateBytesAfterCleaning {
            cleanStates()
        }
        try account()
    }

    private mutating func account() throws(Budget.Exhausted) {
        let bytes = sets.bytes + table.stateBytes
        try budget.allow(bytes - accountedBytes)
        budget.touched(bytes - accountedBytes)
        accountedBytes = bytes
    }

    private mutating func cleanSets() {
        var cleaned = UnansweredSets()
        var renumbered: [Int32: Int32] = [:]
        for index in 0..<frontier.count where frontier[index].isAlive {
            let set = frontier[index].unanswered
            if renumbered[set] == nil { renumbered[set] = cleaned.number(of: sets.calls(set)) }
        }
        sets = cleaned
        frontier.renumber(
            state: { $0 }, unanswered: { renumbered[$0] ?? UnansweredSets.empty })
    }

    private mutating func cleanStates() {
        var kept: [Int32] = []
        for index in 0..<frontier.count where frontier[index].isAlive {
            kept.append(frontier[index].state)
        }
        let renumbered = table.keepStates(kept)
        frontier.renumber(state: { renumbered[$0] ?? $0 }, unanswered: { $0 })
        transitions.removeAll()
        stateBytesAfterCleaning = table.stateBytes
    }

    private func violation(at slot: Int) -> Violation {
        var concurrent: [Int] = []
        open.all.visit { if $0 != slot { concurrent.append(Int(open.operations[$0])) } }
        concurrent = concurrent.sorted() + unansweredOperations
        var possibilities: [Violation.Possibility] = []
        for index in 0..<frontier.count where frontier[index].isAlive {
            guard possibilities.count < Violation.shownPossibilities else { break }
            let configuration = frontier[index]
            var done: [Int] = []
            configuration.changed.union(configuration.seen).visit {
                done.append(Int(open.operations[$0]))
            }
            possibilities.append(
                Violation.Possibility(
                    state: table.describe(state: configuration.state), done: done.sorted()))
        }
        return Violation(
            operation: Int(open.operations[slot]),
            concurrent: Array(concurrent.prefix(Violation.shownConcurrent)),
            possibilities: possibilities, possibilityCount: frontier.aliveCount)
    }
}

/// Which open operations are legal in a state, remembered while one operation returns.
struct LegalMoves<Slots: SlotSet>: ~Copyable {
    struct Moves {
        fileprivate var state: Int32 = -1
        fileprivate var round: Int32 = 0
        var observing = Slots.none
        var changing = Slots.none
    }

    private static var size: Int { 64 }
    private var known = [Moves](repeating: Moves(), count: size)
    private var round: Int32 = 1

    mutating func removeAll() { round &+= 1 }

    @inline(__always)
    mutating func moves(
        from state: Int32, _ open: borrowing OpenOperations<Slots>,
        _ transitions: inout TransitionCache, _ table: any CallTable
    ) -> Moves {
        let place = Int(state) & (Self.size - 1)
        if known[place].state == state && known[place].round == round { return known[place] }
        var moves = Moves(state: state, round: round)
        var rest = open.observing
        while let slot = rest.first {
            rest.remove(slot)
            if transitions.next(state, open.calls[slot], table) >= 0 {
                moves.observing.insert(slot)
            }
        }
        rest = open.changing
        while let slot = rest.first {
            rest.remove(slot)
            if transitions.next(state, open.calls[slot], table) >= 0 { moves.changing.insert(slot) }
        }
        known[place] = moves
        return moves
    }
}
