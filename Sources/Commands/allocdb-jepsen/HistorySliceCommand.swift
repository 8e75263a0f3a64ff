import CommandDescriptions
import History
import Interchange

enum HistorySliceCommand {
    static let sequences = Option(
        "sequences", range("A-B", of: "sequences", scale: 1),
        "The events with these sequences; either end may be left out")
    static let seconds = Option(
        "seconds", range("A-B", of: "seconds since the begin of the run", scale: 1_000_000_000),
        "The events of this time; either end may be left out")
    static let processes = RepeatedOption(
        "process", ValueType<UInt32>.wholeNumber("N"),
        "The events of this client, 0 for the tool; may be given again. Faults and notes stay")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "slice", summary: "Cuts an excerpt out of a record",
            discussion: [
                "The events keep their sequences, so that those of a finding are found in it. The "
                    + "excerpt says that it is one, and `analyze` does not judge it: what is "
                    + "missing may explain what is there. `merge` makes a record of excerpts that "
                    + "leave nothing out."
            ],
            arguments: [
                HistoryCommand.file, sequences, seconds, processes, HistoryCommand.recordForm,
                HistoryCommand.output,
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen history slice history.record --sequences 1200-1300 --to jsonl",
                    purpose: "The surroundings of a finding"),
                CommandExample(
                    "allocdb-jepsen history slice history.record --seconds 30-45 --process 3 "
                        + "--output part.record",
                    purpose: "What one client did in fifteen seconds"),
            ],
            exitStatuses: HistoryCommand.exitStatuses),
        carryOut: carryOut)

    /// `A-B`, `A-` or `-B`, multiplied by `scale`; the last unit counts whole.
    private static func range(
        _ placeholder: String, of unit: String, scale: UInt64
    ) -> ValueType<ClosedRange<UInt64>> {
        ValueType(
            placeholder: placeholder,
            expectation: "a range of \(unit) such as 10-20, 10- or -20"
        ) { text in
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, ends[0].count + ends[1].count > 0,
                let low = bound(ends[0], or: 0), let high = bound(ends[1], or: .max / scale),
                low <= high, high <= .max / scale
            else { return nil }
            return (low * scale)...(ends[1].isEmpty ? .max : high * scale)
        }
    }

    private static func bound(_ text: Substring, or fallback: UInt64) -> UInt64? {
        if text.isEmpty { return fallback }
        return text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(text) : nil
    }

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let path = HistoryCommand.resolve(try arguments[HistoryCommand.file])
        let form = HistoryCommand.form(arguments[HistoryCommand.recordForm])
        let output = arguments[HistoryCommand.output]
        try HistoryCommand.checkOutput(form, output)
        var slice = Slice(processes: Set(arguments[processes].map { ProcessID($0) }))
        if let range = arguments[sequences] { slice.sequences = range }
        if let range = arguments[seconds] {
            slice.times = RunInstant(range.lowerBound)...RunInstant(range.upperBound)
        }
        return HistoryCommand.reporting { () throws(InterchangeError) in
            let made = try slice.cut(path, to: form, output: output)
            HistoryCommand.tell(["\(made.eventsWritten) of \(made.eventsRead) events were kept."])
        }
    }
}
