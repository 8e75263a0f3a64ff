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
        let counting = try BenchmarkReport.best(of: tries + 1) { () throws(TextHistoryError) in
            lines = try NewlineCount.lines(of: path)
        }
        let decoding = try BenchmarkReport.best(of: tries) { () throws(TextHistoryError) in
            events = 0
            try HistoryFile.readText(path) { _ in events += 1 }
        }
        var report: ReferenceReport?
        let analysing = try BenchmarkReport.best(of: tries) { () throws(TextHistoryError) in
            var analysis = ReferenceAnalysis()
            try HistoryFile.readText(path) { analysis.add($0) }
            report = analysis.report()
        }
        var result = BenchmarkReport("analyze: \(events) events", unit: "event")
        result.add("lines counted", counting, count: max(lines - 1, 0))
        result.add("decoded", decoding, count: events)
        let verdict = report.map { $0.isPassed ? "passed" : "blocked" } ?? ""
        result.add(
            "decoded and analysed", analysing, count: events,
            note: "\(verdict), \(report?.commands.count ?? 0) logical commands")
        return result
    }
}
