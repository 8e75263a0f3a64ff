import CommandDescriptions
import Interchange
import SystemCalls

/// Everything that is done with recorded histories other than judging them.
enum HistoryCommand {
    static let file = Positional(.file("HISTORY"), "A history in any form, or a bundle")
    static let output = Option(
        "output", .file(), "The file to make, which must not exist; else standard output")
    static let recordForm = DefaultedOption(
        "to", ValueType<String>.word("FORM", of: ["record", "jsonl", "edn"]), default: "record",
        shown: "record", "The form of what is written; a record needs `--output`")

    static let command = ToolCommand(
        CommandDescription(
            name: "history", summary: "Converts, counts, cuts, merges and shows histories",
            discussion: [
                "A history is a native record of a run (`record`), a text of version 1 (`text`), "
                    + "JSON lines (`jsonl`) or EDN as Jepsen writes it (`edn`): "
                    + "docs/reference/history-format.md. Which it is, is found out. All commands "
                    + "stream: a long history takes no more memory than a short one.",
                "Judging is done by `analyze`.",
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen history stats artifacts/*-*/", purpose: "What bundles hold"),
                CommandExample(
                    "allocdb-jepsen history convert history.record --to jsonl | jq .f",
                    purpose: "A record for other tools"),
            ],
            exitStatuses: exitStatuses),
        of: [
            HistoryConvertCommand.command, HistoryStatsCommand.command,
            HistorySliceCommand.command, HistoryMergeCommand.command, HistoryHeadCommand.command,
        ])

    static let exitStatuses = [
        ExitStatusDescription(ExitCode.passed.rawValue, "done"),
        ExitStatusDescription(
            ExitCode.unknown.rawValue,
            "a history cannot be read, or what is asked for would invent something"),
        ExitStatusDescription(ExitCode.usage.rawValue, ExitCode.usage.meaning),
        ExitStatusDescription(ExitCode.internalError.rawValue, ExitCode.internalError.meaning),
    ]

    /// A bundle stands for the record in it.
    static func resolve(_ path: String) -> String {
        let record = Path.join(path, "history.record")
        return FileSystem.exists(record) ? record : path
    }

    /// The form that a word of a command line names, all of which the value types admit.
    static func form(_ word: String) -> HistoryForm { HistoryForm(rawValue: word) ?? .record }

    /// A native record cannot go to standard output.
    static func checkOutput(_ form: HistoryForm, _ output: String?) throws(UsageError) {
        if form == .record, output == nil {
            throw .contradiction(
                "a native record is written to a file: name it with `--output`, or take another "
                    + "form with `--to`")
        }
    }

    /// Carries out, and turns what cannot be done into a message and a status.
    static func reporting(_ body: () throws(InterchangeError) -> Void) -> Int32 {
        do throws(InterchangeError) {
            try body()
            return ExitCode.passed.rawValue
        } catch .system(let error) where error.isBrokenPipe {
            return ExitCode.passed.rawValue
        } catch {
            StandardStreams.writeError("\(error)\n")
            return ExitCode.unknown.rawValue
        }
    }

    /// Says on standard error, beside the output, what was done.
    static func tell(_ sentences: [String]) {
        StandardStreams.writeError(sentences.map { $0 + "\n" }.joined())
    }
}
