import History

/// The attempts that are drawn as points. A short run draws all of them. Of a long one it draws
/// what a person must not miss, and an even sample of the rest; `rule` says so on the page.
struct LatencyPoints {
    /// Points of a page at most, apart from the ones that are always drawn.
    static let budget = 15_000
    /// An outcome that is rarer than this is drawn whole.
    static let rare = 2_000
    /// The slowest of each slice and outcome are always drawn.
    static let slowest = 3

    /// Indices of attempts, in the order of sending.
    private(set) var chosen: [Int] = []
    /// Attempts that have a latency.
    private(set) var all = 0
    /// Every so many of the rest are drawn; 1 when all are.
    private(set) var stride = 1

    init(_ activity: RunActivity, _ slices: TimeSlices) {
        let attempts = activity.attempts
        let timed = attempts.indices.filter { attempts[$0].latency != nil }
        all = timed.count
        guard timed.count > Self.budget else {
            chosen = timed
            return
        }
        var totals = RunActivity.Class.allCases.map { _ in 0 }
        for index in timed { totals[attempts[index].look.rawValue] += 1 }
        var always = Set<Int>()
        var cells: [Int: [Int]] = [:]
        for index in timed {
            let look = attempts[index].look.rawValue
            if totals[look] <= Self.rare { always.insert(index) }
            let cell = slices.slice(at: attempts[index].sentAt) * totals.count + look
            Self.keepSlowest(index, of: attempts, in: &cells[cell, default: []])
        }
        for cell in cells.values { always.formUnion(cell) }
        let rest = timed.count - always.count
        let room = max(1, Self.budget - always.count)
        stride = max(1, (rest + room - 1) / room)
        var position = 0
        for index in timed {
            if always.contains(index) {
                chosen.append(index)
                continue
            }
            if position % stride == 0 { chosen.append(index) }
            position += 1
        }
    }

    private static func keepSlowest(
        _ index: Int, of attempts: [RunActivity.Attempt], in cell: inout [Int]
    ) {
        cell.append(index)
        guard cell.count > slowest else { return }
        // The first of equal ones goes; which one does not matter, but it must be decided.
        let fastest = cell.indices.min {
            (attempts[cell[$0]].latency ?? 0, $0) < (attempts[cell[$1]].latency ?? 0, $1)
        }
        if let fastest { cell.remove(at: fastest) }
    }

    /// What is drawn, in words.
    var rule: String {
        if chosen.count == all { return "Every attempt that ended is a point (\(all))." }
        return "Of \(all) attempts that ended, \(chosen.count) are drawn as points: the slowest "
            + "\(Self.slowest) of each slice and outcome, every one of an outcome that occurred "
            + "at most \(Self.rare) times, and every \(stride). of the rest in order. Lines, "
            + "rates and tables are those of all attempts."
    }
}
