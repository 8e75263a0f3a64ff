import SystemCalls

/// The times that many equal things took.
struct Latencies: Sendable {
    private var sorted: [Int64]

    init(nanoseconds: [Int64]) {
        sorted = nanoseconds.sorted()
    }

    mutating func merge(_ other: Latencies) {
        sorted = (sorted + other.sorted).sorted()
    }

    var count: Int { sorted.count }
    var median: Duration { quantile(0.5) }

    /// The smallest measured time that at least this share did not exceed; zero without any.
    func quantile(_ share: Double) -> Duration {
        guard !sorted.isEmpty else { return .zero }
        return .nanoseconds(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))])
    }

    var summary: String {
        "median \(Self.text(median)), p99 \(Self.text(quantile(0.99))), \(count) samples"
    }

    private static func text(_ duration: Duration) -> String {
        let microseconds = duration.wholeNanoseconds / 1000
        return microseconds < 10_000 ? "\(microseconds) us" : "\(microseconds / 1000) ms"
    }
}
