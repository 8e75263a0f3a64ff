public import History
import SystemCalls

/// The lines of a history of text version 1, in whatever form it is kept.
public enum TextInput {
    /// What a history is: only JSON and EDN can hold either.
    public static func nature(of path: String) throws(InterchangeError) -> HistoryNature {
        switch try HistoryForm.of(path) {
        case .record: return .record
        case .text: return .text
        case .jsonLines, .edn:
            var pieces = try Pieces(path: path)
            guard let piece = try pieces.next() else { throw RecordInput.foreign(path) }
            return try RecordInput.read(piece, pieces) { TextFields.isHeader($0) } ? .text : .record
        }
    }

    /// Hands every event to `body`. Events handed out before an error mean nothing.
    public static func read(
        _ path: String, _ body: (TextEvent) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        if try HistoryForm.of(path) == .text {
            // The reader's body cannot throw, so the first error waits for its end.
            var failure: InterchangeError?
            do throws(TextHistoryError) {
                try HistoryFile.readText(path) { event in
                    guard failure == nil else { return }
                    do throws(InterchangeError) {
                        try body(copy event)
                    } catch {
                        failure = error
                    }
                }
            } catch {
                throw .text(path: path, error)
            }
            if let failure { throw failure }
            return
        }
        try readMaps(path, body)
    }

    /// The lines of the first events. Of a text the rest is not even looked at.
    public static func head(_ path: String, count: UInt64) throws(InterchangeError) -> [String] {
        var lines: [String] = []
        var writer = TextHistoryWriter()
        _ = writer.take()
        func take(_ event: TextEvent) {
            guard UInt64(lines.count) < count else { return }
            writer.write(event)
            lines.append(String(decoding: writer.take().dropLast(), as: UTF8.self))
        }
        guard try HistoryForm.of(path) == .text else {
            try readMaps(path) { event throws(InterchangeError) in take(event) }
            return lines
        }
        var reader = TextHistoryReader()
        let file = try InterchangeError.ofSystem { () throws(SystemError) in
            try FileSystem.open(path, .readOnly)
        }
        while UInt64(lines.count) < count, reader.problem == nil {
            let bytes = try InterchangeError.ofSystem { () throws(SystemError) in
                try file.read(atMost: 64 << 10)
            }
            if bytes.isEmpty { break }
            reader.feed(bytes.span) { take(copy $0) }
        }
        if UInt64(lines.count) < count {
            do throws(TextHistoryError) {
                try reader.finish { take(copy $0) }
            } catch {
                throw .text(path: path, error)
            }
        }
        return lines
    }

    private static func readMaps(
        _ path: String, _ body: (TextEvent) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        var pieces = try Pieces(path: path)
        guard let first = try pieces.next(),
            try RecordInput.read(first, pieces, { TextFields.isHeader($0) })
        else { throw RecordInput.foreign(path) }
        var reader = TextHistoryReader()
        let version = Array("version=1\n".utf8)
        reader.feed(version.span) { _ in }
        while let piece = try pieces.next() {
            var line = try RecordInput.read(piece, pieces, TextFields.line)
            line.append(0x0a)
            try reader.feed(line.span) { event throws(InterchangeError) in try body(copy event) }
            if let problem = reader.problem {
                throw .malformed(path, line: pieces.pieceLine, "\(problem)")
            }
        }
    }
}
