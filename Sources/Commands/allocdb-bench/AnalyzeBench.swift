import Checking
import History
import Searching
import SystemCalls

/// Measures the judge on a text of version 1 and on native records of growing length. Each record
/// is judged by a child of this program, so that its peak memory is its own.
struct AnalyzeBench {
    let folder: String
    let largest: Int

    /// Memory that judging a record may take, however long it is.
    private static let mostMegabytes = 4000.0

    /// What a text costs beside counting its lines: a given one, or one of a million events that
    /// is made for it.
    func text(_ given: String?) throws -> String {
        let path = given ?? Path.join(folder, "history.txt")
        if given == nil { try SampleText(events: 1_000_000, seed: 1).write(to: path) }
        var report = try ReferenceBenchmark.run(historyFile: path)
        if let peak = ProcessMemory.peakBytes() {
            report.addGoal("memory at most", Double(peak) / 1e6, atMost: 100, "MB")
        }
        if given == nil { try FileSystem.removeTree(path) }
        return report.description
    }

    func records() throws -> String {
        let record = Path.join(folder, "history.record")
        let child = MeasuredChild(folder: folder, timeLimit: .seconds(3600))
        var table = "events\tseconds\tM_events/s\tcpu_s\tpeak_MB\tverdict\n"
        var rows: [(events: Double, seconds: Double, megabytes: Double)] = []
        for events in sizes {
            try SampleRecord(events: UInt64(events)).write(to: record)
            let line = try child.output(of: ["analyze", "--record", record])
            try FileSystem.removeTree(record)
            table += line
            rows.append(try Self.figures(in: line))
        }
        try SampleRecord(events: 1_000_000).write(to: record)
        table += try RecordBenchmark.parts(record).description
        return table + Self.growth(rows)
    }

    private var sizes: [Int] {
        var sizes = [largest]
        while let smallest = sizes.first, smallest >= 10_000_000 {
            sizes.insert(smallest / 10, at: 0)
        }
        return sizes
    }

    private static func figures(
        in line: String
    ) throws -> (events: Double, seconds: Double, megabytes: Double) {
        let fields = line.split(separator: "\t")
        guard fields.count > 4, let events = Double(fields[0]), let seconds = Double(fields[1]),
            let megabytes = Double(fields[4])
        else {
            throw MeasuredChild.Failure(description: "the figures of a record are `\(line)`")
        }
        return (events, seconds, megabytes)
    }

    /// How time and memory grow with the record.
    private static func growth(
        _ rows: [(events: Double, seconds: Double, megabytes: Double)]
    ) -> String {
        guard let first = rows.first, let last = rows.last else { return "" }
        var report = BenchmarkReport("growth", unit: "event")
        let ratio = (last.seconds / last.events) / max(first.seconds / first.events, 1e-12)
        if rows.count > 1 {
            report.addGoal(
                "time per event of the longest record beside the shortest", ratio, atMost: 2, "x")
        }
        report.addGoal(
            "memory for the longest record", last.megabytes, atMost: mostMegabytes, "MB")
        return report.description
    }

    /// Judges one record and tells what it took, in one line of the table.
    static func judgeOne(_ path: String) throws -> String {
        let figures = try RecordBenchmark.judge(path)
        let wall = figures.wall / .milliseconds(1) / 1000
        let processors = figures.processors / .milliseconds(1) / 1000
        let rate = Double(figures.events) / max(wall, 1e-9) / 1e6
        let peak = (ProcessMemory.peakBytes() ?? 0) / 1_000_000
        let verdict =
            switch figures.verdict {
            case .passed: "passed"
            case .blocked: "blocked"
            case .unknown(let reason): "unknown: \(reason)"
            }
        let stage = figures.streamEndedBecause.map { ", judged in memory because \($0)" } ?? ""
        return "\(figures.events)\t\(rounded(wall))\t\(rounded(rate))\t\(rounded(processors))"
            + "\t\(peak)\t\(verdict)\(stage)\n"
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
