import ByteCoding
import DurableFiles
import History
import Interchange
import Searching

extension FuzzTarget {
    /// Recorded histories, ours and those of other systems.
    static let historyTargets = [
        FuzzTarget("history-text", historyText),
        FuzzTarget("history-record", maximumBytes: 8192, historyRecord),
        FuzzTarget("history-fields", maximumBytes: 8192, historyFields),
        FuzzTarget("search-history", searchHistory),
    ]

    /// Text version 1: the same events however it is fed, and the same when written again.
    private static func historyText(_ bytes: [UInt8]) throws {
        let whole = Result { () throws(TextHistoryError) in
            try TextHistoryReader.events(of: bytes)
        }
        let pieces = Result { () throws(TextHistoryError) in try eventsInPieces(bytes) }
        try expectSame(whole, pieces, "a text fed in pieces is the same text")
        guard let events = try? whole.get() else { return }
        try expect(events.count <= bytes.count, "an event takes a byte at least")
        try expectSame(
            try TextHistoryReader.events(of: written(events)), events,
            "a text written again is the same text")
    }

    private static func eventsInPieces(_ bytes: [UInt8]) throws(TextHistoryError) -> [TextEvent] {
        var reader = TextHistoryReader()
        var events: [TextEvent] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + Int(bytes[start] % 61))
            reader.feed(bytes.span.extracting(start..<end)) { events.append(copy $0) }
            start = end
        }
        try reader.finish { events.append(copy $0) }
        return events
    }

    private static func written(_ events: [TextEvent]) -> [UInt8] {
        var writer = TextHistoryWriter()
        for event in events { writer.write(event) }
        return writer.bytes
    }

    /// The native record. The input is a list of frames, each a kind, a length of two bytes and a
    /// payload: a fuzzer would not find the checksums.
    private static func historyRecord(_ bytes: [UInt8]) throws {
        var file = ByteWriter()
        file.write(Array(NativeFormat.magicText.utf8))
        var rest = bytes[...]
        while let kind = rest.popFirst(), let low = rest.popFirst(), let high = rest.popFirst() {
            let payload = Array(rest.prefix(Int(low) | Int(high) << 8))
            rest = rest.dropFirst(payload.count)
            // What is no frame, as damage and torn ends are.
            if kind % 4 == 3 {
                file.write(payload)
            } else {
                FrameLog.appendFrame(payload, to: &file)
            }
        }
        let scratch = try ScratchFile(file.bytes)
        guard let record = try? RecordContent(reading: scratch.path) else { return }
        try expectRewritable(record)
    }

    /// JSON lines and EDN, of records and of texts.
    private static func historyFields(_ bytes: [UInt8]) throws {
        let scratch = try ScratchFile(bytes)
        guard let nature = try? TextInput.nature(of: scratch.path) else { return }
        switch nature {
        case .record:
            guard let record = try? RecordContent(reading: scratch.path) else { return }
            // Events out of their order are refused by the native record alone.
            try expectRewritable(record, mayBeRefused: .record)
        case .text:
            guard let events = try? textEvents(scratch.path) else { return }
            for form in [HistoryForm.jsonLines, .edn] {
                let copy = ScratchFile()
                var output = try TextOutput(form, path: copy.path)
                for event in events { try output.append(event) }
                try output.finish()
                try expectSame(
                    try textEvents(copy.path), events, "a text kept as \(form.words) is the same")
            }
        }
    }

    private static func textEvents(_ path: String) throws -> [TextEvent] {
        var events: [TextEvent] = []
        try TextInput.read(path) { events.append($0) }
        return events
    }

    /// What was read as a record can be written as one in every form, and is the same.
    private static func expectRewritable(
        _ record: RecordContent, mayBeRefused refusing: HistoryForm? = nil
    ) throws {
        for form in [HistoryForm.record, .jsonLines, .edn] {
            let copy = ScratchFile()
            do {
                try record.write(form, to: copy.path)
            } catch {
                if form == refusing { continue }
                throw error
            }
            try expectSame(
                try RecordContent(reading: copy.path), record,
                "a record written as \(form.words) is the same")
        }
    }

    /// Histories of other systems, for one of the models.
    private static func searchHistory(_ bytes: [UInt8]) throws {
        guard let input = ChosenInput(bytes, of: ModelKind.allCases.count),
            let history = try? HistoryFormat.read(
                input.rest, kind: ModelKind.allCases[input.choice])
        else { return }
        try expect(history.operations.count <= bytes.count, "an operation takes a byte at least")
        for index in history.operations.indices {
            try expect(!history.describe(index).isEmpty, "an operation has words")
        }
    }
}

/// A record as it is read and written by the conversion between forms.
private struct RecordContent: Hashable {
    let header: RunHeader
    var events: [HistoryEvent] = []
    let isWhole: Bool

    init(reading path: String) throws {
        var input = try RecordInput(path: path)
        while let event = try input.next() { events.append(event) }
        header = input.header
        isWhole = input.isWhole
    }

    func write(_ form: HistoryForm, to path: String) throws {
        var output = try RecordOutput(form, path: path, header: header)
        for event in events { try output.append(event) }
        try output.finish(isWhole: isWhole)
    }
}
