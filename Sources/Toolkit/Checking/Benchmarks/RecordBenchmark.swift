public import History

/// What reading and judging a native record costs, and what part of that is reading alone.
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

    /// Judges the record once.
    public static func judge(_ path: String) throws(HistoryFileError) -> Figures {
        var judged: JudgedRecord?
        let times = try BenchmarkReport.bestOfAll(of: 1) { () throws(HistoryFileError) in
            judged = try Judge.judge(contentsOf: path)
        }
        return Figures(
            events: judged?.judgement.statistics.events ?? 0, wall: times.wall,
            processors: times.processors, verdict: judged?.judgement.verdict ?? .passed,
            streamEndedBecause: judged?.streamEndedBecause)
    }

    /// Where the time goes: to decompress and decode, which several threads do, and to judge,
    /// which one thread does at the same time. What takes longer is the limit.
    public static func parts(
        _ path: String, tries: Int = 3
    ) throws(HistoryFileError) -> BenchmarkReport {
        var chunks: [PlainChunk] = []
        var events = 0
        let decoding = try BenchmarkReport.bestOfAll(of: tries) { () throws(HistoryFileError) in
            var reader = try NativeRecordReader(path: path)
            chunks = []
            events = 0
            while let chunk = try reader.nextPlainChunk() {
                events += chunk.events.count
                chunks.append(chunk)
            }
        }
        let header = try NativeRecordReader(path: path).header
        let judging = try BenchmarkReport.bestOfAll(of: tries) { () throws(HistoryFileError) in
            _ = Judge.stream(chunks, header)
        }
        let both = try BenchmarkReport.bestOfAll(of: tries) { () throws(HistoryFileError) in
            _ = try Judge.judge(contentsOf: path)
        }
        var report = BenchmarkReport("where the time goes: \(events) events", unit: "event")
        report.add("decoded (wall)", decoding.wall, count: events)
        report.add("decoded, all processors together", decoding.processors, count: events)
        report.add("judged in memory (one thread)", judging.wall, count: events)
        report.add("decoded and judged (wall)", both.wall, count: events)
        report.add("decoded and judged, all processors together", both.processors, count: events)
        return report
    }
}
