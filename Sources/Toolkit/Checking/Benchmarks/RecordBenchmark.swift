public import History
import SystemCalls

/// What reading and judging a native record costs, and where that time goes.
public enum RecordBenchmark {
    /// One reading of a record: how long it took, and how it was judged.
    public struct Figures: Sendable {
        public let events: Int
        public let wall: Duration
        public let processors: Duration
        public let verdict: Judgement.Verdict
        /// Why the record was judged in memory; nil when it was judged while it was read.
        public let streamEndedBecause: String?
    }

    /// Judges the record, the shortest of several times.
    public static func judge(
        _ path: String, tries: Int = 1
    ) throws(HistoryFileError) -> Figures {
        var judged: JudgedRecord?
        let times = try BenchmarkReport.bestOfAll(of: tries) { () throws(HistoryFileError) in
            judged = try Judge.judge(contentsOf: path)
        }
        return Figures(
            events: judged?.judgement.statistics.events ?? 0, wall: times.wall,
            processors: times.processors, verdict: judged?.judgement.verdict ?? .passed,
            streamEndedBecause: judged?.streamEndedBecause)
    }

    /// Where the time goes, and how far it is to the limit: several threads decompress and decode,
    /// and one judges at the same time. No record is judged faster than that one thread can, nor
    /// than all processors together can do all of the work.
    public static func parts(
        _ path: String, tries: Int = 5
    ) throws(HistoryFileError) -> BenchmarkReport {
        var best = (wall: Duration.seconds(1 << 40), processors: Duration.zero)
        var thread = Duration.zero
        var seen = [Int](repeating: 0, count: 256)
        var events = 0
        for _ in 0..<tries {
            var judging = Duration.zero
            let times = try BenchmarkReport.bestOfAll(of: 1) { () throws(HistoryFileError) in
                judging = try BenchmarkReport.best(of: 1) { () throws(HistoryFileError) in
                    events = try Judge.judge(contentsOf: path).judgement.statistics.events
                }
            }
            if times.wall < best.wall {
                best = times
                thread = judging
            }
            // Again for the shares: looking takes a little of a processor.
            for (place, count) in try stages(of: path).enumerated() { seen[place] += count }
        }
        return report((best.wall, best.processors, thread), seen, events)
    }

    /// How often each stage was seen while the record was judged.
    private static func stages(of path: String) throws(HistoryFileError) -> [Int] {
        let stage = ThreadStage()
        let sampler: StageSampler
        do throws(SystemError) { sampler = try StageSampler(watching: stage) } catch {
            throw .cannotRead(path: path, call: error.call, reason: error.text)
        }
        _ = try Judge.judge(contentsOf: path, by: .all, jobs: nil, stage: stage)
        return sampler.finish()
    }

    private static func report(
        _ times: (wall: Duration, processors: Duration, thread: Duration), _ seen: [Int],
        _ events: Int
    ) -> BenchmarkReport {
        var report = BenchmarkReport("where the time goes: \(events) events", unit: "event")
        report.add("decoded and judged (wall)", times.wall, count: events)
        let all = max(seen.reduce(0, +), 1)
        for stage in JudgeStage.allCases {
            let share = Double(seen[Int(stage.rawValue)]) / Double(all)
            report.add("  of that, \(stage.words)", times.wall * share, count: events)
        }
        report.add(
            "decoding (processor time of those threads)", times.processors - times.thread,
            count: events)
        report.add(
            "limit: the judge's thread without waiting", times.thread, count: events)
        report.add(
            "limit: \(Processors.count) processors that are never idle",
            times.processors / Processors.count, count: events)
        let seconds = times.wall / .seconds(1)
        report.addGoal(
            "M events/s, decoded and judged", Double(events) / max(seconds, 1e-9) / 1e6,
            atLeast: 5, "M/s")
        return report
    }
}
