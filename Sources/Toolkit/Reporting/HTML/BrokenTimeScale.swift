import History

/// Maps moments to places on a line, leaving out long stretches in which nothing of interest
/// lies, so that operations of a millisecond that are minutes apart can be seen side by side.
struct BrokenTimeScale {
    struct Segment {
        let from: UInt64
        let to: UInt64
        let left: Double
        let right: Double

        func place(_ time: UInt64) -> Double {
            left + (right - left) * (Double(time) - Double(from)) / Double(to - from)
        }
    }

    private(set) var segments: [Segment] = []
    /// Room between two segments, where the omission is shown.
    static let gap = 58.0
    /// Segments of one line at most.
    static let most = 4

    /// A scale in which all `intervals` can be seen, with some room around them.
    init(
        showing intervals: [ClosedRange<UInt64>], within end: UInt64, from left: Double,
        to right: Double
    ) {
        let clusters = Self.clusters(intervals)
        guard let first = clusters.first, let last = clusters.last else { return }
        let whole = max(last.upperBound - first.lowerBound, 1)
        let ranges = clusters.map { cluster in
            let length = cluster.upperBound - cluster.lowerBound
            let room = max(length / 3, min(whole / 20, 20_000_000), 1_000_000)
            let from = cluster.lowerBound > room ? cluster.lowerBound - room : 0
            return from...max(min(cluster.upperBound + room, max(end, from + 1)), from + 1)
        }
        let lengths = ranges.map { Double($0.upperBound - $0.lowerBound) }
        let total = lengths.reduce(0, +)
        let width = right - left - Self.gap * Double(ranges.count - 1)
        var place = left
        for (range, length) in zip(ranges, lengths) {
            // Half of the room by length, half evenly: a short segment stays readable.
            let share = width * (0.5 * length / total + 0.5 / Double(ranges.count))
            segments.append(
                Segment(
                    from: range.lowerBound, to: range.upperBound, left: place, right: place + share)
            )
            place += share + Self.gap
        }
    }

    /// Intervals that belong together. Apart are those with more than a quarter of everything
    /// between them, if that is also longer than a few operations take.
    private static func clusters(_ intervals: [ClosedRange<UInt64>]) -> [ClosedRange<UInt64>] {
        let sorted = intervals.sorted { $0.lowerBound < $1.lowerBound }
        guard let first = sorted.first else { return [] }
        let last = sorted.map(\.upperBound).max() ?? first.upperBound
        let longest = max((last - first.lowerBound) / UInt64(most), 20_000_000)
        var clusters = [first]
        for interval in sorted.dropFirst() {
            let open = clusters[clusters.count - 1]
            if interval.lowerBound > open.upperBound,
                interval.lowerBound - open.upperBound > longest
            {
                clusters.append(interval)
            } else {
                clusters[clusters.count - 1] =
                    open.lowerBound...max(open.upperBound, interval.upperBound)
            }
        }
        return clusters
    }

    /// The pieces of an interval that can be seen.
    func pieces(from: UInt64, to: UInt64) -> [(left: Double, right: Double)] {
        segments.compactMap { segment in
            guard from <= segment.to, to >= segment.from else { return nil }
            return (segment.place(max(from, segment.from)), segment.place(min(to, segment.to)))
        }
    }

    /// Round moments inside a segment, about one every hundred units of width.
    func ticks(of segment: Segment) -> (times: [UInt64], step: UInt64) {
        let wanted = max(1, Int((segment.right - segment.left) / 100))
        let length = segment.to - segment.from
        var step: UInt64 = 1000
        search: while true {
            for factor: UInt64 in [1, 2, 5] where length / (step * factor) <= UInt64(wanted) {
                step *= factor
                break search
            }
            // Ends far below the bound of 64 bits, since the length has no more.
            step *= 10
        }
        let first = (segment.from + step - 1) / step * step
        return (Array(stride(from: first, through: segment.to, by: Int(step))), step)
    }

    /// A moment as a label, with as many digits as the step between labels needs.
    static func label(_ time: UInt64, step: UInt64) -> String {
        var digits = 0
        var unit: UInt64 = 1_000_000_000
        while unit > step, digits < 6 {
            unit /= 10
            digits += 1
        }
        return digits == 0
            ? "\(time / 1_000_000_000) s" : PageWords.fixed(time / unit, digits) + " s"
    }
}
