import History

/// Latency and throughput of all operations of a run, in slices of time. Nothing is left out
/// here: quantiles and counts are those of every operation.
struct TimeSlices {
    typealias Class = RunActivity.Class

    /// Slices of a page at most: more than a screen has room for adds nothing.
    static let most = 400

    /// Operations that are looked at together.
    struct Group {
        let name: String
        /// Indices in `kinds`.
        let kinds: [Int]
        /// By class, then by slice of the moment at which the attempt ended.
        var counts: [[Int]]
        /// Latencies of answered attempts (ok or refused), by slice of their sending.
        var latencies: [[UInt32]]
    }

    /// In nanoseconds.
    let width: UInt64
    let count: Int
    /// The kinds of operations that occur, in the order of the vocabulary.
    let kinds: [Operation.Kind]
    /// All, writes, reads, then each kind.
    private(set) var groups: [Group]

    init(_ activity: RunActivity) {
        width = Self.width(for: activity.end.rawValue)
        count = Int(activity.end.rawValue / width) + 1
        let occurring = Set(activity.attempts.map(\.kind))
        kinds = Operation.Kind.allCases.filter(occurring.contains)
        groups = Self.groups(of: kinds, count: count)
        for attempt in activity.attempts { add(attempt) }
        for group in groups.indices {
            for slice in groups[group].latencies.indices { groups[group].latencies[slice].sort() }
        }
    }

    /// The group that holds one kind alone.
    func group(of kind: Int) -> Int { groups.count - kinds.count + kind }

    func slice(at time: RunInstant) -> Int { Int(time.rawValue / width) }

    /// The latency that `percent` of the answered attempts of a slice did not exceed; nil where
    /// nothing was answered.
    static func quantile(_ sorted: [UInt32], percent: Int) -> UInt32? {
        guard !sorted.isEmpty else { return nil }
        return sorted[max(0, (sorted.count * percent + 99) / 100 - 1)]
    }

    /// The smallest of 1, 2 or 5 times a power of ten, from 10 ms, that needs few enough slices.
    private static func width(for duration: UInt64) -> UInt64 {
        var decade: UInt64 = 10_000_000
        while true {
            for factor: UInt64 in [1, 2, 5] where duration / (decade * factor) < UInt64(most) {
                return decade * factor
            }
            // A duration has 64 bits: the decade ends at 10^17, far below its bound.
            decade *= 10
        }
    }

    private static func groups(of kinds: [Operation.Kind], count: Int) -> [Group] {
        func group(_ name: String, _ members: [Int]) -> Group {
            Group(
                name: name, kinds: members,
                counts: Class.allCases.map { _ in [Int](repeating: 0, count: count) },
                latencies: [[UInt32]](repeating: [], count: count))
        }
        let writes = kinds.indices.filter { kinds[$0].isMutating }
        let reads = kinds.indices.filter { !kinds[$0].isMutating }
        return [
            group("all operations", Array(kinds.indices)), group("all writes", writes),
            group("all reads", reads),
        ] + kinds.indices.map { group(kinds[$0].rawValue, [$0]) }
    }

    private mutating func add(_ attempt: RunActivity.Attempt) {
        guard let kind = kinds.firstIndex(of: attempt.kind) else { return }
        let look = attempt.look
        let ended = slice(at: attempt.endedAt ?? attempt.sentAt)
        let sent = slice(at: attempt.sentAt)
        for group in [0, attempt.kind.isMutating ? 1 : 2, self.group(of: kind)] {
            groups[group].counts[look.rawValue][ended] += 1
            guard let latency = attempt.latency else { continue }
            switch look {
            case .ok, .refused: groups[group].latencies[sent].append(latency)
            case .failed, .ambiguous: break
            }
        }
    }
}
