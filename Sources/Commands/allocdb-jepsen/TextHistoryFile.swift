import Checking
import History

/// A text history judged by the reference analysis while it is read, so that memory holds what
/// the analysis keeps and one piece of the file.
struct TextHistoryFile {
    let report: ReferenceReport
    let events: Int
    let committedWrites: Int

    static func read(_ path: String) throws(TextHistoryError) -> TextHistoryFile {
        var analysis = ReferenceAnalysis()
        var events = 0
        var committedWrites = 0
        try HistoryFile.readText(path) { event in
            events += 1
            if case .committedWrite = event.outcome { committedWrites += 1 }
            analysis.add(event)
        }
        return TextHistoryFile(
            report: analysis.report(), events: events, committedWrites: committedWrites)
    }
}
