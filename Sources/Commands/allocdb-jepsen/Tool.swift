import Campaign
import CommandDescriptions
import SystemCalls
import Terminal
import Testbed

/// The command line of the validation toolkit: understands it, calls the one command it names,
/// and turns what happened into an exit code.
enum Tool {
    static let version = PackageVersion.text

    static let commands: [ToolCommand] = [
        RunCommand.command, ReplayCommand.command, ShrinkCommand.command, AnalyzeCommand.command,
        SearchCommand.command, PlanCommand.command, ReportCommand.command, VerifyCommand.command,
        ArchiveCommand.command, HistoryCommand.command, TestbedCommand.command,
        HostsCommand.command,
        CompletionsCommand.command,
        CarryOutCommand.command,
    ]

    static let description = CommandDescription(
        name: "allocdb-jepsen",
        summary: "Finds out whether a replicated allocator keeps its promises under faults",
        discussion: [
            "A run starts a cluster, lets clients work on it, does something bad to it, and judges "
                + "the recorded history. The verdict is passed, blocked (a promise was broken, "
                + "with the evidence), or unknown (nobody can say)."
        ],
        subcommands: commands.map(\.description),
        examples: [
            CommandExample(
                "allocdb-jepsen run reservation_contention-crash-restart --fault-window 15",
                purpose: "Crash the primary while clients contend, and judge"),
            CommandExample("allocdb-jepsen plan", purpose: "See all runs of the release gate"),
        ],
        exitStatuses: ExitCode.described(ExitCode.allCases))

    /// Carries out a command line (with the program's name first) and returns the exit code.
    static func main(_ line: [String]) -> Int32 {
        Signals.ignoreBrokenPipes()
        let words = Array(line.dropFirst())
        if words == [UndoGuard.commandWord] { return UndoGuard.serveStandardStreams() }
        if words.first == SurgeryProcess.commandWord {
            return SurgeryProcess.serve(Array(words.dropFirst()))
        }
        do {
            switch try description.parse(words) {
            case .help(let path):
                let width = Terminal.detect(1).textWidth
                StandardStreams.writeOutput(description.helpText(path: path, width: width))
                return ExitCode.passed.rawValue
            case .version:
                StandardStreams.writeOutput("\(description.name) \(version)\n")
                return ExitCode.passed.rawValue
            case .run(let parsed):
                return try carryOut(parsed, words: line)
            }
        } catch let error as LocatedUsageError {
            StandardStreams.writeError("\(error)\n")
            return ExitCode.usage.rawValue
        } catch {
            StandardStreams.writeError("\(description.name): internal error: \(error)\n")
            return ExitCode.internalError.rawValue
        }
    }

    private static func carryOut(_ parsed: ParsedCommand, words: [String]) throws -> Int32 {
        guard let carryOut = deed(at: parsed.path[...], among: commands) else {
            let name = parsed.path.joined(separator: " ")
            throw LocatedUsageError(
                .unknownCommand(name, suggestion: nil), path: [], tool: description.name)
        }
        do {
            return try carryOut(parsed.arguments, words)
        } catch let error as UsageError {
            throw LocatedUsageError(error, path: parsed.path, tool: description.name)
        }
    }

    /// What the command that a path names does; nil for a path that names none, or a group.
    private static func deed(
        at path: ArraySlice<String>, among commands: [ToolCommand]
    ) -> ToolCommand.Deed? {
        guard let name = path.first,
            let command = commands.first(where: { $0.description.name == name })
        else { return nil }
        let rest = path.dropFirst()
        return rest.isEmpty ? command.carryOut : deed(at: rest, among: command.subcommands)
    }
}

/// One command of the tool: its description, and what it does. `carryOut` gets the parsed
/// arguments and all words of the command line, and returns the exit code; a `UsageError` that it
/// throws is reported as one. A group has commands of its own instead.
struct ToolCommand: Sendable {
    typealias Deed = @Sendable (ParsedArguments, [String]) throws -> Int32

    let description: CommandDescription
    let carryOut: Deed?
    let subcommands: [ToolCommand]

    init(description: CommandDescription, carryOut: @escaping Deed) {
        self.description = description
        self.carryOut = carryOut
        subcommands = []
    }

    /// A group.
    init(_ description: CommandDescription, of subcommands: [ToolCommand]) {
        var description = description
        description.subcommands = subcommands.map(\.description)
        self.description = description
        carryOut = nil
        self.subcommands = subcommands
    }
}
