import CommandDescriptions
import Interchange

enum HistoryConvertCommand {
    static let form = RequiredOption(
        "to", ValueType<HistoryForm>.choice("FORM"), "The form of what is written")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "convert", summary: "Writes a history in another form",
            discussion: [
                "Records, JSON lines and EDN hold the same, so that the way back gives the same "
                    + "record. A text of version 1 holds less: what is lost on the way to it is "
                    + "told on standard error.",
                "A text becomes JSON lines or EDN, whose operations then are completions only, and "
                    + "a text again; but no record, which would claim what nobody observed: when "
                    + "and of whom each operation was asked.",
                "In EDN a client that got no answer goes on as another process, as Jepsen "
                    + "demands; `:client` tells which it was.",
            ],
            arguments: [HistoryCommand.file, form, HistoryCommand.output],
            examples: [
                CommandExample(
                    "allocdb-jepsen history convert history.record --to edn --output history.edn",
                    purpose: "For Jepsen's own checkers and plots"),
                CommandExample(
                    "allocdb-jepsen history convert history.jsonl --to record --output new.record",
                    purpose: "Back again"),
                CommandExample(
                    "allocdb-jepsen history convert history.record --to text --output history.txt",
                    purpose: "For the reference tool"),
            ],
            exitStatuses: HistoryCommand.exitStatuses),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let path = HistoryCommand.resolve(try arguments[HistoryCommand.file])
        let form = try arguments[form]
        let output = arguments[HistoryCommand.output]
        try HistoryCommand.checkOutput(form, output)
        return HistoryCommand.reporting { () throws(InterchangeError) in
            let made = try Conversion.convert(path, to: form, output: output)
            let unit = form == .text || made.losses.isEmpty == false ? "operations" : "events"
            HistoryCommand.tell(
                [
                    "\(made.eventsRead) events of \(made.from.words) became \(made.eventsWritten) "
                        + "\(unit) of \(form.words)."
                ] + made.losses.map { "lost: \($0)" })
        }
    }
}
