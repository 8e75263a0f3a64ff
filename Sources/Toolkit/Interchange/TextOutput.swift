public import History

/// Writes the lines of text version 1, in whatever form they are kept.
public struct TextOutput {
    private let file: OutputFile
    private var lines = TextHistoryWriter()
    private var fields: FieldWriter?
    private var maps = TextFields()
    public private(set) var eventCount: UInt64 = 0

    /// Creates the file, or writes to standard output when there is no path.
    public init(_ form: HistoryForm, path: String?) throws(InterchangeError) {
        guard form != .record else {
            throw .impossible(
                "a text of version 1 tells what was answered, not when it was asked, by which "
                    + "attempt and of which replica: a native record made of it would claim what "
                    + "nobody observed")
        }
        file = try OutputFile(path)
        fields = form.notation.map { FieldWriter($0) }
        fields?.writeLine(TextFields.header, isOperation: false)
    }

    public mutating func append(_ event: TextEvent) throws(InterchangeError) {
        eventCount += 1
        if fields != nil {
            fields?.writeLine(maps.map(event))
            try file.write(fields?.take() ?? [])
        } else {
            lines.write(event)
            try file.write(lines.take())
        }
    }

    public mutating func finish() throws(InterchangeError) {
        try file.write(fields == nil ? lines.take() : fields?.take() ?? [])
        try file.flush()
    }
}
