import CommandDescriptions
import History
import Interchange
import SystemCalls

enum HistoryHeadCommand {
    static let count = DefaultedOption(
        "events", ValueType<UInt64>.wholeNumber("N", in: 1...(1 << 40), of: "events"),
        default: 10, "How many events are shown")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "head", summary: "Shows how a history begins, in words",
            discussion: [
                "One line for each event: its sequence, seconds since the begin of the run, who "
                    + "did it, and what. Of a text of version 1 the lines themselves."
            ],
            arguments: [HistoryCommand.file, count],
            examples: [
                CommandExample(
                    "allocdb-jepsen history head history.record", purpose: "The first ten events"),
                CommandExample(
                    "allocdb-jepsen history head --events 100 artifacts/run/",
                    purpose: "The first hundred of a bundle"),
            ],
            exitStatuses: HistoryCommand.exitStatuses),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let path = HistoryCommand.resolve(try arguments[HistoryCommand.file])
        let count = arguments[count]
        return HistoryCommand.reporting { () throws(InterchangeError) in
            switch try TextInput.nature(of: path) {
            case .record:
                var input = try RecordInput(path: path)
                var left = count
                while left > 0, let event = try input.next() {
                    StandardStreams.writeOutput(EventWords.of(event) + "\n")
                    left -= 1
                }
            case .text:
                for line in try TextInput.head(path, count: count) {
                    StandardStreams.writeOutput(line + "\n")
                }
            }
        }
    }
}
