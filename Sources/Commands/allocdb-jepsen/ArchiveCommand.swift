import Checking
import CommandDescriptions
import JSONText
import Matrix
import Reporting
import SystemCalls

enum ArchiveCommand {
    static let runID = RequiredOption(
        "run-id", ValueType<String>.word("RUN-ID", of: RunMatrix.all.map(\.id)),
        "The run that the history belongs to")
    static let historyFile = RequiredOption(
        "history-file", .file(), "A native record or a text of version 1")
    static let workspace = Option(
        "workspace", .folder(), "The cluster's workspace, whose layout and logs are kept too")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "archive", summary: "Makes a bundle of a history that is there already",
            discussion: [
                "Judges the history and keeps it, with the logs of the cluster's workspace if "
                    + "one is given, in a new bundle. A native record must be one of the run named; "
                    + "a text does not say which run it is of."
            ],
            arguments: [runID, historyFile, workspace, RunCommand.outputRoot],
            examples: [
                CommandExample(
                    "allocdb-jepsen archive --run-id lease_safety-control "
                        + "--history-file history.txt",
                    purpose: "Keep what another tool recorded")
            ],
            exitStatuses: ExitCode.described([
                .passed, .blocked, .unknown, .usage, .internalError,
            ])),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let id = try arguments[runID]
        // The value type admits the matrix's ids only.
        guard let run = RunMatrix.run(id: id) else { throw UsageError.missingArgument("--run-id") }
        let archive = Archive(
            run: run, historyPath: try arguments[historyFile], workspace: arguments[workspace],
            outputRoot: arguments[RunCommand.outputRoot])
        let made: Archive.Made
        do throws(Archive.Failure) {
            made = try archive.make([
                .init("tool_version", .string(Tool.version)),
                .init("command_line", .array(words.map { .string($0) })),
            ])
        } catch {
            StandardStreams.writeError("\(error)\n")
            switch error {
            case .record, .text, .otherRun: return ExitCode.unknown.rawValue
            case .bundle: return ExitCode.internalError.rawValue
            }
        }
        // The logs are files of the bundle, not an archive of their own.
        StandardStreams.writeOutput("artifact_bundle=\(made.bundle)\nlocal_logs_archive=none\n")
        switch made.verdict {
        case .passed:
            return ExitCode.passed.rawValue
        case .blocked:
            StandardStreams.writeError("Jepsen release gate is blocked\n")
            return ExitCode.blocked.rawValue
        case .unknown(let reason):
            StandardStreams.writeError("unknown: \(reason)\n")
            return ExitCode.unknown.rawValue
        }
    }
}
