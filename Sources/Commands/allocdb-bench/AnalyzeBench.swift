import Checking
import History
import Searching
import SystemCalls

/// Measures the judge on native records of growing length. Each is judged by a child of this
/// program, so that its peak memory is its own.
struct AnalyzeBench {
    let folder: String
    let largest: Int

    func run() throws -> String {
        let own = try Processes.ownExecutable()
        var text = "events\tseconds\tM_events/s\tcpu_s\tpeak_MB\tverdict\n"
        for events in sizes {
            let record = Path.join(folder, "history.record")
            try SampleRecord(events: UInt64(events)).write(to: record)
            let output = Path.join(folder, "figures")
            let child = try ChildProcess(
                executable: own, arguments: ["analyze", "--record", record],
                output: .descriptor(try FileSystem.open(output, .createNew)))
            _ = try child.wait(until: Deadline.after(.seconds(1800)))
            text += String(decoding: try FileSystem.read(output, limit: 1 << 16), as: UTF8.self)
            try FileSystem.removeTree(output)
            try FileSystem.removeTree(record)
        }
        let record = Path.join(folder, "parts.record")
        try SampleRecord(events: 1_000_000).write(to: record)
        return text + (try RecordBenchmark.parts(record)).description
    }

    private var sizes: [Int] {
        var sizes = [largest]
        while let smallest = sizes.first, smallest >= 10_000_000 {
            sizes.insert(smallest / 10, at: 0)
        }
        return sizes
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

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
