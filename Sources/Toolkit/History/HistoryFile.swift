public import SystemCalls

/// A history on disk in either of the two formats, told apart by its first bytes.
public enum HistoryFile {
    public enum Format: String, Hashable, Sendable, CaseIterable {
        /// The record of a run of this tool.
        case native
        /// Text version 1: anything that is not native.
        case text
    }

    public static func format(of path: String) throws(HistoryFileError) -> Format {
        try NativeRecordReader.isNativeRecord(path) ? .native : .text
    }

    /// Bytes read at a time.
    static let portion = 256 << 10

    /// Hands every event of a text history to `body`, in order and on the calling thread; up to
    /// `jobs` threads decode. Events handed out before an error mean nothing (validation.md 2.7).
    public static func readText(
        _ path: String, jobs: Int = Processors.count, _ body: (borrowing TextEvent) -> Void
    ) throws(TextHistoryError) {
        var reader = TextHistoryReader()
        var blocks: TextBlocks<[TextEvent]>?
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            blocks = try TextBlocks(file, jobs: jobs) { TextBlock.decoder() }
            var buffer = [UInt8](repeating: 0, count: portion)
            while blocks == nil {
                let count = try read(file, into: &buffer)
                if count == 0 { break }
                reader.feed(buffer.span.extracting(0..<count), body)
            }
        } catch {
            throw TextHistoryError(
                .unreadable("\(error.text) (os error \(error.code))"), line: nil)
        }
        if let blocks {
            try blocks.read { for index in $0.indices { body($0[index]) } }
        } else {
            try reader.finish(body)
        }
    }

    /// The same events in a fixed size each, many at a time, which is several times faster.
    public static func readPlainText(
        _ path: String, jobs: Int = Processors.count, _ body: (borrowing PlainTextChunk) -> Void
    ) throws(TextHistoryError) {
        let blocks: TextBlocks<PlainTextChunk>?
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            blocks = try TextBlocks(file, jobs: jobs) {
                var decoder = PlainTextBlockDecoder()
                return { file, number throws(SystemError) in try decoder.decode(file, number) }
            }
        } catch {
            throw TextHistoryError(
                .unreadable("\(error.text) (os error \(error.code))"), line: nil)
        }
        if let blocks { return try blocks.read(body) }
        try readText(path, jobs: 1) { event in
            var chunk = PlainTextChunk()
            chunk.append(event)
            body(chunk)
        }
    }

    /// The same with the number of each event's line, on the calling thread alone.
    public static func readTextLines(
        _ path: String, _ body: (borrowing TextEvent, _ line: Int) -> Void
    ) throws(TextHistoryError) {
        var reader = TextHistoryReader()
        var line = 1
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            var buffer = [UInt8](repeating: 0, count: portion)
            while true {
                let count = try read(file, into: &buffer)
                if count == 0 { break }
                var start = 0
                for index in 0..<count where buffer[index] == UInt8(ascii: "\n") {
                    reader.feed(buffer.span.extracting(start..<(index + 1))) { body($0, line) }
                    line += 1
                    start = index + 1
                }
                reader.feed(buffer.span.extracting(start..<count)) { body($0, line) }
            }
        } catch {
            throw TextHistoryError(
                .unreadable("\(error.text) (os error \(error.code))"), line: nil)
        }
        try reader.finish { body($0, line) }
    }

    /// All events of a text history.
    public static func textEvents(_ path: String) throws(TextHistoryError) -> [TextEvent] {
        var events: [TextEvent] = []
        try readText(path) { events.append(copy $0) }
        return events
    }

    static func read(
        _ file: FileDescriptor, into buffer: inout [UInt8]
    ) throws(SystemError) -> Int {
        let result: Result<Int, SystemError> = buffer.withUnsafeMutableBytes { bytes in
            do throws(SystemError) {
                return .success(try file.read(into: bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
