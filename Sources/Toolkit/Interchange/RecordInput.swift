public import History

/// The events of a record in any form that holds all of them, one after the other. Memory does
/// not grow with the record.
public struct RecordInput {
    public let path: String
    public let form: HistoryForm
    public let header: RunHeader
    /// Whether the mark of a whole record was met; known once `next` has returned nil.
    public private(set) var isWhole = false

    /// Line on which the event handed out last begins; nil where a history has no lines.
    public private(set) var line: Int?

    private enum Source {
        case native(NativeRecordReader)
        case fields(Pieces)
        case ended
    }

    private var source: Source
    private var eventCount: UInt64 = 0

    /// Opens the file and reads the header. A text tells too little to be read as a record.
    public init(path: String) throws(InterchangeError) {
        self.path = path
        form = try HistoryForm.of(path)
        switch form {
        case .record:
            let reader = try InterchangeError.ofRecord { () throws(HistoryFileError) in
                try NativeRecordReader(path: path)
            }
            header = reader.header
            source = .native(reader)
        case .jsonLines, .edn:
            var pieces = try Pieces(path: path)
            guard let piece = try pieces.next(),
                let header = try Self.read(piece, pieces, HeaderFields.header)
            else { throw Self.foreign(path) }
            self.header = header
            source = .fields(pieces)
        case .text: throw Self.textual(path)
        }
    }

    /// The number of events, where it is known beforehand.
    public var knownEventCount: UInt64? {
        switch source {
        case .native(let reader): reader.eventCount
        case .fields, .ended: nil
        }
    }

    public mutating func next() throws(InterchangeError) -> HistoryEvent? {
        switch source {
        case .ended: return nil
        case .native(var reader):
            // Taken out meanwhile, so that nothing is copied.
            source = .ended
            let event = try InterchangeError.ofRecord { () throws(HistoryFileError) in
                try reader.next()
            }
            isWhole = reader.ending == .finished
            if event != nil { source = .native(reader) }
            return event
        case .fields(var pieces):
            source = .ended
            guard let piece = try pieces.next() else { return nil }
            let field = try Self.read(piece, pieces) { $0 }
            if let end = try Self.read(field, pieces, HeaderFields.end) {
                guard end == eventCount, try pieces.next() == nil else {
                    throw .malformed(
                        path, line: pieces.pieceLine,
                        "an end after \(end) events where \(eventCount) stand")
                }
                isWhole = true
                return nil
            }
            let event = try Self.read(field, pieces, OperationMapReader.event)
            eventCount += 1
            line = pieces.pieceLine
            source = .fields(pieces)
            return event
        }
    }

    static func read<Value>(
        _ piece: [UInt8], _ pieces: Pieces,
        _ body: (Field) throws(FieldReader.Problem) -> Value
    ) throws(InterchangeError) -> Value {
        let field: Field
        do throws(FieldParser.Problem) {
            field = try FieldParser.parse(piece).field
        } catch {
            let lines = piece[..<min(error.offset, piece.count)].count { $0 == 0x0a }
            throw .malformed(pieces.path, line: pieces.pieceLine + lines, error.words)
        }
        return try read(field, pieces, body)
    }

    private static func read<Value>(
        _ field: Field, _ pieces: Pieces,
        _ body: (Field) throws(FieldReader.Problem) -> Value
    ) throws(InterchangeError) -> Value {
        do throws(FieldReader.Problem) {
            return try body(field)
        } catch {
            throw .malformed(pieces.path, line: pieces.pieceLine, error.words)
        }
    }

    static func foreign(_ path: String) -> InterchangeError {
        .impossible(
            "\(path) does not begin with the header of a history of this tool. Histories of other "
                + "systems cannot become records of the allocator; `search` judges them.")
    }

    static func textual(_ path: String) -> InterchangeError {
        .impossible(
            "\(path) is a text of version 1, or was one: it tells what was answered, not when it "
                + "was asked, by which attempt and of which replica. A record made of it would "
                + "claim what nobody observed.")
    }
}
