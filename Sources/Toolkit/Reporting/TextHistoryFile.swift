public import Checking
public import History

/// A text history judged by the reference analysis while it is read, so that memory holds what
/// the analysis keeps and one piece of the file.
public struct TextHistoryFile: Sendable {
    public let report: ReferenceReport
    public let events: Int
    public let committedWrites: Int

    /// Reads the file; `each` sees every event. An error means that the file as a whole means
    /// nothing.
    public static func read(
        _ path: String, each: (borrowing TextEvent) -> Void = { _ in }
    ) throws(TextHistoryError) -> TextHistoryFile {
        var events = 0
        var committedWrites = 0
        let report = try ReferenceAnalysis.report(onFile: path) { event in
            events += 1
            if case .committedWrite = event.outcome { committedWrites += 1 }
            each(event)
        }
        return TextHistoryFile(
            report: report, events: events, committedWrites: committedWrites)
    }

    /// What may be concluded from the text: the reference analysis, except that a text without a
    /// committed write passes nothing.
    public var verdict: Judgement.Verdict {
        if !report.isPassed { return .blocked }
        if committedWrites == 0 { return .unknown("no write was committed: nothing to judge") }
        return .passed
    }
}
