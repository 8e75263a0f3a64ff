import History

/// A history written down in another form.
public enum Conversion {
    public struct Made: Hashable, Sendable {
        public let from: HistoryForm
        /// Of the history that was read.
        public let eventsRead: UInt64
        /// Events, or lines of a text, that were written.
        public let eventsWritten: UInt64
        /// What the new form does not tell, in sentences; empty when the way back gives the same.
        public let losses: [String]
    }

    /// Converts a file; without `output` to standard output. What was written before an error is
    /// removed.
    public static func convert(
        _ path: String, to form: HistoryForm, output: String?
    ) throws(InterchangeError) -> Made {
        try OutputFile.making(output) { () throws(InterchangeError) in
            switch try TextInput.nature(of: path) {
            case .text: return try convertText(path, to: form, output)
            case .record:
                if form == .text { return try export(path, output) }
                return try convertRecord(path, to: form, output)
            }
        }
    }

    private static func convertRecord(
        _ path: String, to form: HistoryForm, _ output: String?
    ) throws(InterchangeError) -> Made {
        var input = try RecordInput(path: path)
        var result = try RecordOutput(form, path: output, header: input.header)
        while let event = try input.next() { try result.append(event) }
        try result.finish(isWhole: input.isWhole)
        return Made(
            from: input.form, eventsRead: result.eventCount, eventsWritten: result.eventCount,
            losses: [])
    }

    private static func convertText(
        _ path: String, to form: HistoryForm, _ output: String?
    ) throws(InterchangeError) -> Made {
        var result = try TextOutput(form, path: output)
        try TextInput.read(path) { event throws(InterchangeError) in try result.append(event) }
        try result.finish()
        var losses: [String] = []
        switch form {
        case .edn:
            losses.append(
                "A text of version 1 has no invocations, so what was written has none: Jepsen's "
                    + "checkers cannot tell what overlapped.")
        case .record, .text, .jsonLines: break
        }
        return Made(
            from: try HistoryForm.of(path), eventsRead: result.eventCount,
            eventsWritten: result.eventCount, losses: losses)
    }

    /// Twice through the record: once for the leases, once for the lines.
    private static func export(
        _ path: String, _ output: String?
    ) throws(InterchangeError) -> Made {
        var survey = TextExport.Survey()
        var input = try RecordInput(path: path)
        if let obstacle = input.header.origin.shortcoming {
            throw .impossible("\(path): \(obstacle), and a text cannot say so")
        }
        var eventsRead: UInt64 = 0
        var others: UInt64 = 0
        while let event = try input.next() {
            eventsRead += 1
            switch event.content {
            case .invoke, .complete: break
            case .fault, .note: others += 1
            }
            survey.take(event)
        }
        var exporter = survey.exporter(of: input.header)
        var result = try TextOutput(.text, path: output)
        input = try RecordInput(path: path)
        while let event = try input.next() {
            if let line = exporter.take(event) { try result.append(line) }
        }
        for line in exporter.unanswered() { try result.append(line) }
        try result.finish()
        var losses = [
            "A text of version 1 tells when each attempt was answered, not when it was asked; of "
                + "refusals the kind, not the code or the LSN; and neither the header nor the "
                + "epoch, version and state of a lease that a read showed."
        ]
        if others > 0 { losses.append("Faults and notes are left out: \(others).") }
        for (omission, count) in exporter.omitted.sorted(by: { $0.key < $1.key }) {
            losses.append("Attempts left out, \(omission.rawValue): \(count).")
        }
        return Made(
            from: input.form, eventsRead: eventsRead, eventsWritten: result.eventCount,
            losses: losses)
    }
}
