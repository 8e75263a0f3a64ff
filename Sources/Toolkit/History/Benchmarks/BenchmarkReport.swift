import Glibc
import SystemCalls

/// Times measured in one run on one machine, each beside the one it is compared with: what
/// lasts is the ratio, not the time.
public struct BenchmarkReport: Sendable, CustomStringConvertible {
    /// One thing that was timed.
    public struct Row: Sendable {
        public let name: String
        public let duration: Duration
        /// How many of `unit` were done in that time.
        public let count: Int
        public let note: String
    }

    /// A figure that this package set itself, beside what was measured.
    public struct Goal: Sendable {
        public let name: String
        public let measured: Double
        public let limit: Double
        /// Whether the figure is to stay below the limit, or above it.
        public let isUpperLimit: Bool
        public let unit: String

        public var isMet: Bool { isUpperLimit ? measured <= limit : measured >= limit }
    }

    public let title: String
    /// What `count` counts, in the singular.
    public let unit: String
    /// The first row is what the others are compared with.
    public private(set) var rows: [Row] = []
    public private(set) var goals: [Goal] = []

    public init(_ title: String, unit: String) {
        self.title = title
        self.unit = unit
    }

    public mutating func add(
        _ name: String, _ duration: Duration, count: Int, note: String = ""
    ) {
        rows.append(Row(name: name, duration: duration, count: count, note: note))
    }

    public mutating func addGoal(
        _ name: String, _ measured: Double, atMost limit: Double, _ unit: String
    ) {
        goals.append(
            Goal(name: name, measured: measured, limit: limit, isUpperLimit: true, unit: unit))
    }

    public mutating func addGoal(
        _ name: String, _ measured: Double, atLeast limit: Double, _ unit: String
    ) {
        goals.append(
            Goal(name: name, measured: measured, limit: limit, isUpperLimit: false, unit: unit))
    }

    /// Time per unit of a row, divided by that of the first row.
    public func ratio(_ row: Row) -> Double {
        guard let base = rows.first, base.nanosecondsPerUnit > 0 else { return 1 }
        return row.nanosecondsPerUnit / base.nanosecondsPerUnit
    }

    /// A title, then one line per row and goal, with a line feed after each.
    public var description: String {
        var lines = [title]
        let width = rows.map(\.name.count).max() ?? 0
        for row in rows {
            let name = row.name + String(repeating: " ", count: width - row.name.count)
            let rate = Double(row.count) / max(row.duration.inSeconds, 1e-9)
            lines.append(
                "  \(name)  \(Self.text(row.duration.inSeconds, 3)) s"
                    + "  \(Self.text(row.nanosecondsPerUnit, 1)) ns per \(unit)"
                    + "  \(Self.text(rate / 1e6, 2)) M \(unit)s/s"
                    + "  \(Self.text(ratio(row), 2))x" + (row.note.isEmpty ? "" : "  " + row.note))
        }
        for goal in goals {
            lines.append(
                "  \(goal.isMet ? "met   " : "MISSED")  \(goal.name): \(Self.text(goal.measured, 1))"
                    + " \(goal.unit) (goal: at \(goal.isUpperLimit ? "most" : "least")"
                    + " \(Self.text(goal.limit, 0)))")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The shortest processor time that the calling thread needed in several tries. Unlike the
    /// time on the wall it does not grow with what else the machine is doing.
    public static func best<Failure: Error>(
        of tries: Int, _ body: () throws(Failure) -> Void
    ) throws(Failure) -> Duration {
        var best = Duration.seconds(Int64.max / 2)
        for _ in 0..<max(tries, 1) {
            let start = threadTime()
            try body()
            best = min(best, threadTime() - start)
        }
        return best
    }

    /// What one of several tries took on the wall and of the processors, by all threads of this
    /// process: the shortest of each.
    public static func bestOfAll<Failure: Error>(
        of tries: Int, _ body: () throws(Failure) -> Void
    ) throws(Failure) -> (wall: Duration, processors: Duration) {
        var best = (wall: Duration.seconds(1 << 40), processors: Duration.seconds(1 << 40))
        for _ in 0..<max(tries, 1) {
            let start = Instant.now
            let used = processTime()
            try body()
            best.wall = min(best.wall, Instant.now - start)
            best.processors = min(best.processors, processTime() - used)
        }
        return best
    }

    private static func processTime() -> Duration { time(of: CLOCK_PROCESS_CPUTIME_ID) }

    /// Processor time of the calling thread since it began.
    static func threadTime() -> Duration { time(of: CLOCK_THREAD_CPUTIME_ID) }

    private static func time(of clock: clockid_t) -> Duration {
        var time = timespec()
        // Cannot fail: both clocks exist on every Linux and the pointer is valid.
        _ = clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// A number with a fixed count of decimals.
    static func text(_ value: Double, _ decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((value * scale).rounded())
        guard decimals > 0 else { return "\(scaled)" }
        let fraction = String(scaled.magnitude % UInt64(scale))
        return (scaled < 0 ? "-" : "") + "\(scaled.magnitude / UInt64(scale))."
            + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}

extension BenchmarkReport.Row {
    var nanosecondsPerUnit: Double { duration.inSeconds * 1e9 / Double(max(count, 1)) }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
