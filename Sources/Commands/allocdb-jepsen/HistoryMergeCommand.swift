import CommandDescriptions
import Interchange

enum HistoryMergeCommand {
    static let histories = RepeatedPositional(
        .file("HISTORY"), "Excerpts of one record, or recordings of one cluster")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "merge", summary: "Puts several records together",
            discussion: [
                "Excerpts of one record are joined by sequence; what stands in several of them "
                    + "is taken once. When nothing is missing the result is the record again.",
                "Whole recordings of several tools that worked on one cluster are put in the "
                    + "order of their wall clocks, with attempts, faults and clients numbered "
                    + "anew. Since nobody compared the clocks, the result is for reading; "
                    + "`analyze` does not judge it.",
            ],
            arguments: [histories, HistoryCommand.recordForm, HistoryCommand.output],
            examples: [
                CommandExample(
                    "allocdb-jepsen history merge a.record b.record --output whole.record",
                    purpose: "Join two excerpts")
            ],
            exitStatuses: HistoryCommand.exitStatuses),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let paths = arguments[histories].map(HistoryCommand.resolve)
        guard !paths.isEmpty else { throw UsageError.missingArgument("HISTORY") }
        let form = HistoryCommand.form(arguments[HistoryCommand.recordForm])
        let output = arguments[HistoryCommand.output]
        try HistoryCommand.checkOutput(form, output)
        return HistoryCommand.reporting { () throws(InterchangeError) in
            let made = try Merge.merge(paths, to: form, output: output)
            HistoryCommand.tell(["\(made.eventsWritten) events were written.", made.words])
        }
    }
}
