import CommandDescriptions
import JSONText
import Searching
import SystemCalls
import Terminal

enum SearchCommand {
    static let histories = RepeatedPositional(.file("FILE"), "Histories to search")
    static let model = RequiredOption(
        "model", ValueType<ModelKind>.choice("MODEL"), "What the history is of")
    static let timeLimit = DefaultedOption(
        "time-limit", ValueType<Int>.wholeNumber("SECONDS", in: 1...604_800, of: "seconds"),
        default: 300, shown: "300", "How long the search of one history may take")
    static let memoryLimit = DefaultedOption(
        "memory-limit", ValueType<Int>.wholeNumber("MB", in: 16...1_048_576, of: "megabytes"),
        default: 4096, shown: "4096", "How much memory this process may have")
    static let format = DefaultedOption(
        "format", ValueType<AnalyzeCommand.Format>.choice("FORMAT"), default: .text,
        shown: "text", "How the verdict is printed")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "search", summary: "Searches histories for an order that explains them",
            discussion: [
                "A history is linearizable when its operations can be put in an order that respects "
                    + "real time and that one such object, serving one operation at a time, could "
                    + "have answered. Where there is none, the first answer that nothing explains "
                    + "is named.",
                "Read are Jepsen histories in EDN, JSON lines, logs of Jepsen's etcd test, and "
                    + "tab-separated operations: docs/reference/search.md.",
                "A search that reaches a limit ends with unknown and says how far it came; it never "
                    + "guesses. `analyze` judges records of the allocator and needs no search.",
            ],
            arguments: [histories, model, timeLimit, memoryLimit, format],
            examples: [
                CommandExample(
                    "allocdb-jepsen search --model cas-register history.edn",
                    purpose: "A register that Jepsen tested"),
                CommandExample(
                    "allocdb-jepsen search --model lease --time-limit 10 --format json leases.tsv",
                    purpose: "Leases, for a program, within ten seconds"),
            ],
            exitStatuses: [
                ExitStatusDescription(ExitCode.passed.rawValue, "every history is linearizable"),
                ExitStatusDescription(ExitCode.blocked.rawValue, "one is not"),
                ExitStatusDescription(
                    ExitCode.unknown.rawValue,
                    "unknown: a limit was reached, or a history is empty or cannot be read"),
            ] + ExitCode.described([.usage, .internalError])),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let paths = arguments[histories]
        guard !paths.isEmpty else { throw UsageError.missingArgument("FILE") }
        let limits = SearchLimits(
            time: .seconds(arguments[timeLimit]), memory: arguments[memoryLimit] << 20)
        let kind = try arguments[model]
        var worst = ExitCode.passed
        for path in paths {
            let code = search(path, as: kind, limits, printing: arguments[format])
            switch (worst, code) {
            case (.blocked, _), (_, .passed): break
            case (_, let code): worst = code
            }
        }
        return worst.rawValue
    }

    // A function of its own also because the optimiser of Swift 6.3 cannot compile the two as one.
    @inline(never)
    private static func search(
        _ path: String, as kind: ModelKind, _ limits: SearchLimits,
        printing format: AnalyzeCommand.Format
    ) -> ExitCode {
        let result = HistorySearch(of: path, kind: kind, limits: limits)
        switch format {
        case .text: StandardStreams.writeOutput(result.text(on: Terminal.detect(1)))
        case .json: StandardStreams.writeOutput(result.json.compact + "\n")
        }
        return result.exitCode
    }
}
