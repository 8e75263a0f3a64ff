public import History

/// Writes a record in any form that holds all of it.
public struct RecordOutput {
    /// Holds the writer, which exists once, so that this value may be kept in an enum.
    private final class Native {
        var writer: NativeRecordWriter

        init(_ path: String, _ header: RunHeader) throws(HistoryFileError) {
            writer = try NativeRecordWriter(creating: path, header: header)
        }
    }

    private enum Target {
        case native(Native)
        case fields(OutputFile)
    }

    private let target: Target
    private var fields: FieldWriter
    private var maps = OperationMapWriter()
    public private(set) var eventCount: UInt64 = 0

    /// Creates the file, or writes to standard output when there is no path. A native record
    /// needs a path; a text is made by `TextOutput`.
    public init(
        _ form: HistoryForm, path: String?, header: RunHeader
    ) throws(InterchangeError) {
        fields = FieldWriter(form.notation ?? .json)
        if form.notation != nil {
            target = .fields(try OutputFile(path))
            fields.writeLine(HeaderFields.header(header), isOperation: false)
            return
        }
        guard form == .record, let path else {
            throw .impossible("a native record is written to a file: name it with --output")
        }
        target = .native(
            try InterchangeError.ofRecord { () throws(HistoryFileError) in
                try Native(path, header)
            })
    }

    public mutating func append(_ event: HistoryEvent) throws(InterchangeError) {
        eventCount += 1
        switch target {
        case .native(let native):
            do throws(HistoryFileError) {
                try native.writer.append(event)
            } catch {
                throw .record(error)
            }
        case .fields(let file):
            fields.writeLine(maps.map(event))
            try file.write(fields.take())
        }
    }

    /// Ends the record; with the mark of a whole one if it is.
    public mutating func finish(isWhole: Bool) throws(InterchangeError) {
        switch target {
        case .native(let native):
            do throws(HistoryFileError) {
                try native.writer.finish(isWhole: isWhole)
            } catch {
                throw .record(error)
            }
        case .fields(let file):
            if isWhole {
                fields.writeLine(HeaderFields.end(events: eventCount), isOperation: false)
            }
            try file.write(fields.take())
            try file.flush()
        }
    }
}
