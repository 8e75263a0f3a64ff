import History
import Minimization

/// Finds a small part of a record that shows one finding.
///
/// First the record is cut behind the accused operations, as far as that goes. Then whole
/// components are left out, then reads, ticks, refusals and leases, each by delta debugging; and at
/// last one after the other, until nothing can be left out any more.
struct ExtractSearch {
    private let parts: RecordAtoms
    private let oracle: ExtractOracle
    private let builder: ExtractBuilder
    private let accused: [Bool]
    private(set) var effort: ExtractEffort

    private var eventCount: Int
    private var rules: ExtractRules
    /// The smallest part that was found so far.
    private var best: [Bool]

    init(_ parts: RecordAtoms, _ oracle: ExtractOracle, effort: Int) {
        self.parts = parts
        self.oracle = oracle
        self.effort = ExtractEffort(effort)
        builder = ExtractBuilder(parts: parts)
        eventCount = parts.record.events.count
        rules = ExtractRules(parts: parts, mayHideEffects: true)
        best = [Bool](repeating: true, count: parts.atoms.count)
        var accused = [Bool](repeating: false, count: parts.atoms.count)
        let named = Set(oracle.finding.events)
        for (event, atom) in zip(parts.record.events, parts.atomOfEvent) {
            if let atom, named.contains(event.sequence) { accused[atom] = true }
        }
        self.accused = accused
    }

    /// Nil where no extract shows the finding, or the effort was spent before one was found. An
    /// effort that is spent later leaves the smallest part found until then.
    mutating func run() -> RunRecord? {
        do throws(ExtractEffort.Spent) {
            guard try cut() else { return nil }
        } catch {
            return nil
        }
        do throws(ExtractEffort.Spent) { try leaveOut() } catch {}
        return builder.record(
            keeping: best, first: eventCount, mayHideEffects: rules.mayHideEffects)
    }

    // MARK: - In time

    /// Cuts behind the last accused event, or as little behind it as shows the finding: with
    /// what the accused operations name, with everything, and at last so that nothing is hidden.
    private mutating func cut() throws(ExtractEffort.Spent) -> Bool {
        let named = Set(oracle.finding.events)
        let whole = parts.record.events.count
        let last = parts.record.events.lastIndex { named.contains($0.sequence) }
        for attempt in Attempt.allCases {
            var behind = 0
            while true {
                let end = last.map { min(whole, $0 + 1 + behind) } ?? whole
                begin(attempt, end)
                if try shows(best) { return true }
                if end == whole { break }
                behind = max(16, behind * 8)
            }
        }
        return false
    }

    private enum Attempt: CaseIterable {
        case accusedAlone
        case everything
        case nothingHidden
    }

    /// What was sent behind the cut has no event in the extract: it is gone already.
    private mutating func begin(_ attempt: Attempt, _ end: Int) {
        eventCount = end
        rules = ExtractRules(parts: parts, mayHideEffects: attempt != .nothingHidden)
        var isSent = [Bool](repeating: false, count: best.count)
        for atom in parts.atomOfEvent[..<eventCount] {
            if let atom { isSent[atom] = true }
        }
        rules.isSent = isSent
        best = isSent
        guard attempt == .accusedAlone else { return }
        for atom in allButTheAccused { best[atom] = false }
    }

    private mutating func shows(_ kept: [Bool]) throws(ExtractEffort.Spent) -> Bool {
        try effort.spend(kept.count / 16 + 1)
        guard rules.allow(kept) else { return false }
        let record = builder.record(
            keeping: kept, first: eventCount, mayHideEffects: rules.mayHideEffects)
        // Tables as long as the log are made even for a short extract.
        try effort.spend(parts.places.count / 8 + 1)
        return try oracle.shows(record, &effort)
    }

    // MARK: - Leaving out

    private mutating func leaveOut() throws(ExtractEffort.Spent) {
        try drop(all: components)
        try drop(all: singles { $0 == .read })
        try drop(all: singles { $0 == .idleTick || $0 == .tick })
        try drop(all: singles { $0 == .refused || $0 == .denied })
        try drop(all: leases)
        while try dropOneByOne() {}
    }

    private typealias Group = [Int]

    /// Everything but the accused, what was written of what they name, and the ticks that may
    /// have expired a lease of theirs.
    private var allButTheAccused: Group {
        var named: Set<Int> = []
        for index in best.indices where accused[index] {
            if let component = parts.atoms[index].component { named.insert(component) }
        }
        let written = best.indices.filter { index in
            let atom = parts.atoms[index]
            return best[index] && atom.kind == .write
                && (accused[index] || atom.component.map(named.contains) ?? false)
        }
        return best.indices.filter { index in
            let atom = parts.atoms[index]
            guard best[index], !accused[index] else { return false }
            switch atom.kind {
            case .read, .idleTick, .denied, .refused: return true
            case .tick: return rules.mayDrop(tick: atom, leaving: written)
            case .write: return !(atom.component.map(named.contains) ?? false)
            }
        }
    }

    private var components: [Group] {
        var groups = [Group](repeating: [], count: parts.componentCount)
        var isNamed = [Bool](repeating: false, count: parts.componentCount)
        for index in best.indices where best[index] {
            guard let component = parts.atoms[index].component else { continue }
            groups[component].append(index)
            if accused[index] { isNamed[component] = true }
        }
        return zip(groups, isNamed).filter { !$0.isEmpty && !$1 }.map(\.0)
    }

    private func singles(_ isWanted: (RecordAtoms.Atom.Kind) -> Bool) -> [Group] {
        best.indices.filter { best[$0] && !accused[$0] && isWanted(parts.atoms[$0].kind) }
            .map { [$0] }
    }

    private var leases: [Group] {
        parts.leases.map { lease in lease.atoms.filter { best[$0] } }
            .filter { group in !group.isEmpty && group.allSatisfy { !accused[$0] } }
    }

    private mutating func drop(all groups: [Group]) throws(ExtractEffort.Spent) {
        let before = best
        // Asked in an order in which each part that shows it is smaller than the one before.
        _ = try DeltaDebugging.smallest(of: groups.count) {
            part throws(ExtractEffort.Spent) in
            var kept = before
            for group in groups { for atom in group { kept[atom] = false } }
            for index in part { for atom in groups[index] { kept[atom] = true } }
            guard try shows(kept) else { return false }
            best = kept
            return true
        }
    }

    private mutating func dropOneByOne() throws(ExtractEffort.Spent) -> Bool {
        var hasChanged = false
        for group in components + leases + singles({ _ in true }) {
            guard group.contains(where: { best[$0] }) else { continue }
            var kept = best
            for atom in group { kept[atom] = false }
            guard try shows(kept) else { continue }
            best = kept
            hasChanged = true
        }
        return hasChanged
    }
}
