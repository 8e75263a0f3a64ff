import Minimization

/// A run that is smaller than the one a shrink began with: some of its faults, a shorter window.
public struct ShrinkCandidate: Hashable, Sendable {
    /// For each round of the original schedule the indexes of its faults that are kept.
    public var kept: [[Int]]
    /// In seconds.
    public var window: UInt64

    public init(kept: [[Int]], window: UInt64) {
        self.kept = kept
        self.window = window
    }

    /// Everything: rounds with so many faults each.
    public init(faultsOfRounds: [Int], window: UInt64) {
        self.init(kept: faultsOfRounds.map { Array(0..<$0) }, window: window)
    }

    public var rounds: Int { kept.count { !$0.isEmpty } }
    public var faults: Int { kept.reduce(0) { $0 + $1.count } }
}

/// Looks for the smallest schedule and the shortest window that still show a finding.
///
/// The window is halved as long as that shows it, because every later try takes that long; then
/// whole rounds are left out, then single faults of rounds, and at last the window is cut to the
/// second. What `shows` says is remembered, so a search that is repeated with the same answers asks
/// the same questions: that is how it is resumed.
public struct ShrinkSearch: Sendable {
    public let original: ShrinkCandidate
    /// The smallest candidate so far that showed it.
    public private(set) var best: ShrinkCandidate
    private var known: [ShrinkCandidate: Bool] = [:]

    public init(_ original: ShrinkCandidate) {
        self.original = original
        best = original
    }

    /// Searches to the end, or until `shows` throws; `best` holds what was found either way. Returns
    /// false when not even the original shows it.
    public mutating func search<Failure: Error>(
        _ shows: (ShrinkCandidate) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        guard try test(original, shows) else { return false }
        while best.window > 1 {
            var half = best
            half.window = max(1, best.window / 2)
            guard try test(half, shows) else { break }
        }
        try dropRounds(shows)
        try dropFaults(shows)
        try cutWindow(shows)
        return true
    }

    private mutating func test<Failure: Error>(
        _ candidate: ShrinkCandidate, _ shows: (ShrinkCandidate) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        let answer: Bool
        if let remembered = known[candidate] {
            answer = remembered
        } else {
            answer = try shows(candidate)
            known[candidate] = answer
        }
        if answer, Self.isSmaller(candidate, than: best) { best = candidate }
        return answer
    }

    private static func isSmaller(_ one: ShrinkCandidate, than other: ShrinkCandidate) -> Bool {
        (one.faults, one.rounds, one.window) < (other.faults, other.rounds, other.window)
    }

    private mutating func dropRounds<Failure: Error>(
        _ shows: (ShrinkCandidate) throws(Failure) -> Bool
    ) throws(Failure) {
        let whole = best
        let rounds = whole.kept.indices.filter { !whole.kept[$0].isEmpty }
        _ = try DeltaDebugging.smallest(of: rounds.count) { part throws(Failure) in
            let chosen = Set(part.map { rounds[$0] })
            var candidate = whole
            for round in rounds where !chosen.contains(round) { candidate.kept[round] = [] }
            return try test(candidate, shows)
        }
    }

    private mutating func dropFaults<Failure: Error>(
        _ shows: (ShrinkCandidate) throws(Failure) -> Bool
    ) throws(Failure) {
        for round in best.kept.indices where best.kept[round].count > 1 {
            let whole = best
            _ = try DeltaDebugging.smallest(of: whole.kept[round].count) { part throws(Failure) in
                // A round without faults is no round; that was tried already.
                guard !part.isEmpty else { return false }
                var candidate = whole
                candidate.kept[round] = part.map { whole.kept[round][$0] }
                return try test(candidate, shows)
            }
        }
    }

    /// Bisects: `best.window` shows it, `lower` does not.
    private mutating func cutWindow<Failure: Error>(
        _ shows: (ShrinkCandidate) throws(Failure) -> Bool
    ) throws(Failure) {
        var lower: UInt64 = 0
        while best.window - lower > max(1, best.window / 8) {
            var candidate = best
            candidate.window = lower + (best.window - lower) / 2
            if try !test(candidate, shows) { lower = candidate.window }
        }
    }
}
