public import History

/// What reading text version 1 and the reference analysis cost, beside counting the lines of the
/// same file.
public enum ReferenceBenchmark {
    public static func run(
        historyFile path: String, tries: Int = 3
    ) throws(TextHistoryError) -> BenchmarkReport {
        var events = 0
        var lines = 0
        // First, so that the file is in memory for all that follow.
        let counting = try BenchmarkReport.bestOfAll(of: tries + 1) {
            () throws(TextHistoryError) in lines = try NewlineCount.lines(of: path)
        }
        let decoding = try BenchmarkReport.bestOfAll(of: tries) { () throws(TextHistoryError) in
            events = 0
            try HistoryFile.readPlainText(path) { events += $0.events.count }
        }
        var report: ReferenceReport?
        let analysing = try BenchmarkReport.bestOfAll(of: tries) { () throws(TextHistoryError) in
            report = try ReferenceAnalysis.report(onFile: path)
        }
        var result = BenchmarkReport("analyze: \(events) events", unit: "event")
        result.add("lines counted (wall)", counting.wall, count: max(lines - 1, 0))
        result.add("decoded (wall)", decoding.wall, count: events)
        result.add("decoded, all processors together", decoding.processors, count: events)
        result.add("decoded and analysed (wall)", analysing.wall, count: events)
        let verdict = report.map { $0.isPassed ? "passed" : "blocked" } ?? ""
        result.add(
            "decoded and analysed, all processors together", analysing.processors, count: events,
            note: "\(verdict), \(report?.commandCount ?? 0) logical commands")
        result.addGoal(
            "rate beside counting lines", 100 * (counting.wall / analysing.wall), atLeast: 25, "%")
        return result
    }
}
