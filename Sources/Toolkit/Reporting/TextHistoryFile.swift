public import Checking
public import History

/// A text history judged by the reference analysis while it is read, so that memory holds what
/// the analysis keeps and one piece of the file.
public struct TextHistoryFile: Sendable {
    public let report: ReferenceReport
    /// What may be concluded of that.
    public let findings: [TextFinding]
    public let events: Int
    public let committedWrites: Int

    /// Reads the file; `each` sees every event. An error means that the file as a whole means
    /// nothing.
    public static func read(
        _ path: String, each: (borrowing TextEvent) -> Void
    ) throws(TextHistoryError) -> TextHistoryFile {
        var events = 0
        var committedWrites = 0
        let report = try ReferenceAnalysis.report(onFile: path) { event in
            events += 1
            if case .committedWrite = event.outcome { committedWrites += 1 }
            each(event)
        }
        return TextHistoryFile(
            report: report, findings: try TextJudge.findings(onFile: path, report), events: events,
            committedWrites: committedWrites)
    }

    /// The same, much faster, without a look at the events.
    public static func read(_ path: String) throws(TextHistoryError) -> TextHistoryFile {
        var events = 0
        var committedWrites = 0
        let report = try ReferenceAnalysis.report(onFile: path) { chunk in
            events += chunk.events.count
            for index in chunk.events.indices where chunk.events[index].outcome.isCommitted {
                committedWrites += 1
            }
        }
        return TextHistoryFile(
            report: report, findings: try TextJudge.findings(onFile: path, report), events: events,
            committedWrites: committedWrites)
    }

    public var verdict: Judgement.Verdict {
        Self.verdict(of: findings, committedWrites: committedWrites)
    }

    /// A text without a committed write passes nothing.
    static func verdict(
        of findings: [TextFinding], committedWrites: Int
    ) -> Judgement.Verdict {
        switch findings.first?.severity {
        case .blocks: return .blocked
        case .suspicious: return .unknown(findings[0].explanation)
        case .note, nil: break
        }
        if committedWrites == 0 { return .unknown("no write was committed: nothing to judge") }
        return .passed
    }
}
