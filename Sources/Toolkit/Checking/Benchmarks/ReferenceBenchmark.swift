public import History
import SystemCalls

/// What reading text version 1 and judging it costs, beside counting the lines of the same file.
public enum ReferenceBenchmark {
    public static func run(
        historyFile path: String, tries: Int = 7
    ) throws(TextHistoryError) -> BenchmarkReport {
        var events = 0
        var lines = 0
        var report: ReferenceReport?
        var findings = 0
        // Once before, so that the file is in memory for all that follow.
        var counting = try time { () throws(TextHistoryError) in
            lines = try NewlineCount.lines(of: path)
        }
        var decoding: (wall: Duration, processors: Duration)?
        var judging: (wall: Duration, processors: Duration)?
        // In turn, so that what else the machine does meets all of them.
        for _ in 0..<tries {
            let count = try time { () throws(TextHistoryError) in
                lines = try NewlineCount.lines(of: path)
            }
            let decode = try time { () throws(TextHistoryError) in
                events = 0
                try HistoryFile.readPlainText(path) { events += $0.events.count }
            }
            let judge = try time { () throws(TextHistoryError) in
                let found = try ReferenceAnalysis.report(onFile: path)
                findings = try TextJudge.findings(onFile: path, found).count
                report = found
            }
            counting = shorter(counting, count)
            decoding = shorter(decoding ?? decode, decode)
            judging = shorter(judging ?? judge, judge)
        }
        guard let decoding, let judging else {
            return BenchmarkReport("nothing was tried", unit: "event")
        }
        var result = BenchmarkReport("analyze: \(events) events", unit: "event")
        result.add("lines counted (wall)", counting.wall, count: max(lines - 1, 0))
        result.add(
            "lines counted (processor time)", counting.processors, count: max(lines - 1, 0))
        result.add("decoded (wall)", decoding.wall, count: events)
        result.add("decoded, all processors together", decoding.processors, count: events)
        result.add("decoded and analysed (wall)", judging.wall, count: events)
        let verdict = report.map { $0.isPassed ? "passed" : "blocked" } ?? ""
        result.add(
            "decoded and analysed, all processors together", judging.processors, count: events,
            note: "\(verdict), \(report?.commandCount ?? 0) logical commands, "
                + "\(findings) findings")
        result.addGoal(
            "rate beside counting lines", 100 * (counting.wall / judging.wall), atLeast: 25, "%")
        // What of that depends on nobody else who uses the machine.
        result.addGoal(
            "the same by processor time, if no processor were ever idle",
            100 * (counting.processors * Processors.count / judging.processors), atLeast: 25, "%")
        return result
    }

    private static func time(
        _ body: () throws(TextHistoryError) -> Void
    ) throws(TextHistoryError) -> (wall: Duration, processors: Duration) {
        try BenchmarkReport.bestOfAll(of: 1, body)
    }

    private static func shorter(
        _ one: (wall: Duration, processors: Duration),
        _ other: (wall: Duration, processors: Duration)
    ) -> (wall: Duration, processors: Duration) {
        (min(one.wall, other.wall), min(one.processors, other.processors))
    }
}
