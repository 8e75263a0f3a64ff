import Checking
import History
import SystemCalls

/// A text history judged by the reference analysis while it is read, so that memory holds what
/// the analysis keeps and one piece of the file.
struct TextHistoryFile {
    static let pieceBytes = 1 << 20

    let report: ReferenceReport
    let events: Int
    let committedWrites: Int

    static func read(_ path: String) throws(TextHistoryError) -> TextHistoryFile {
        var reader = TextHistoryReader()
        var analysis = ReferenceAnalysis()
        var events = 0
        var committedWrites = 0
        func take(_ event: borrowing TextEvent) {
            events += 1
            if case .committedWrite = event.outcome { committedWrites += 1 }
            analysis.add(event)
        }
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            while case let piece = try file.read(atMost: pieceBytes), !piece.isEmpty {
                reader.feed(piece.span, take)
            }
        } catch {
            // The number stands in the reference's text as well.
            throw TextHistoryError(
                .unreadable("\(error.text) (os error \(error.code))"), line: nil)
        }
        try reader.finish(take)
        return TextHistoryFile(
            report: analysis.report(), events: events, committedWrites: committedWrites)
    }
}
