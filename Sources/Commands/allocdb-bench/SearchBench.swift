import Glibc
import Searching
import SystemCalls

/// Measures the search check on the inputs of the table of targets. Each row is searched by a child
/// of this program, so that its peak memory is its own.
struct SearchBench {
    struct Row {
        let name: String
        let kind: ModelKind
        let sample: SampleHistory
        let targetMilliseconds: Double
        let targetMegabytes: Double?
    }

    static let rows: [Row] = [
        row("lease 1000000 50 1 --keys 1000", .lease, 1_000_000, 50, 700, 250) { $0.keys = 1000 },
        row("lease 1000000 10 1 --keys 16", .lease, 1_000_000, 10, 2000, 300) { $0.keys = 16 },
        row("register 100000 10 1 --dom 5", .register, 100_000, 10, 600, 60) { _ in },
        row("register 1000000 10 1 --dom 5", .register, 1_000_000, 10, 8000, 400) { _ in },
        row("register 10000 10 1 --dom 5 --bad", .register, 10_000, 10, 80, nil) {
            $0.isBad = true
        },
        row("register 1000 10 1 --info 0.05 --bad", .register, 1000, 10, 2000, nil) {
            $0.unanswered = 0.05
            $0.isBad = true
        },
        row("register 1000 50 1 --dom 5", .register, 1000, 50, 30_000, nil) { _ in },
    ]

    private static func row(
        _ name: String, _ kind: ModelKind, _ operations: Int, _ clients: Int,
        _ milliseconds: Double, _ megabytes: Double?, _ adjust: (inout SampleHistory) -> Void
    ) -> Row {
        var sample = SampleHistory(
            kind == .lease ? .lease : .register, operations, clients: clients, seed: 1)
        adjust(&sample)
        return Row(
            name: name, kind: kind, sample: sample, targetMilliseconds: milliseconds,
            targetMegabytes: megabytes)
    }

    /// How long each search may take.
    static let timeLimit = Duration.seconds(120)

    let folder: String

    /// Writes the inputs into the folder, searches each, and returns the table.
    func run() throws -> String {
        let child = MeasuredChild(folder: folder, timeLimit: .seconds(600))
        var text = "row\tread_ms\tsearch_ms\tcpu_ms\tof_target\tpeak_MB\tof_target\tverdict\n"
        for row in Self.rows {
            let input = Path.join(folder, "history.tsv")
            try write(row.sample, to: input)
            let output = try child.output(of: [
                "search", "--model", row.kind.rawValue, "--history-file", input,
            ])
            let figures = output.split(separator: "\n").first.map { $0.split(separator: "\t") }
            text += line(row, figures ?? []) + "\n"
        }
        return text
    }

    private func line(_ row: Row, _ figures: [Substring]) -> String {
        guard figures.count == 5, let search = Double(figures[1]), let peak = Double(figures[3])
        else { return "\(row.name)\tfailed" }
        let memory = row.targetMegabytes.map { ratio(peak / $0) } ?? "-"
        return "\(row.name)\t\(figures[0])\t\(figures[1])\t\(figures[2])\t"
            + "\(ratio(search / row.targetMilliseconds))\t\(figures[3])\t\(memory)\t\(figures[4])"
    }

    private func ratio(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

    private func write(_ sample: SampleHistory, to path: String) throws {
        var text: [UInt8] = []
        sample.generate { text += Array($0.utf8) }
        try FileSystem.write(text, to: path)
    }

    /// Searches one file and tells what it took: milliseconds of reading, of searching, of the
    /// processor while searching; megabytes at most; verdict.
    static func searchOne(_ path: String, kind: ModelKind) throws -> String {
        let clock = ContinuousClock()
        let start = clock.now
        let history = try HistoryFormat.read(
            try FileSystem.read(path, limit: 1 << 32), kind: kind)
        let isRead = clock.now
        let busy = processorMilliseconds()
        let report = try SearchCheck.check(
            history, kind: kind, limits: SearchLimits(time: timeLimit))
        let end = clock.now
        let used = processorMilliseconds() - busy
        let verdict =
            switch report.verdict {
            case .linearizable: "linearizable"
            case .notLinearizable(let violation):
                "not linearizable: \(history.describe(violation.operation))"
            case .unknown(let exhaustion): "unknown: \(exhaustion.budget.rawValue)"
            }
        let peak = (ProcessMemory.peakBytes() ?? 0) / 1_000_000
        let reading = Int(start.duration(to: isRead) / .milliseconds(1))
        let searching = Int(isRead.duration(to: end) / .milliseconds(1))
        return "\(reading)\t\(searching)\t\(used)\t\(peak)\t\(verdict)\n"
    }

    private static func processorMilliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
