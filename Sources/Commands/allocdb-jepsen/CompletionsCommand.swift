import CommandDescriptions
import SystemCalls

enum CompletionsCommand {
    static let shell = Positional(
        ValueType<CompletionShell>.choice("SHELL"), "The shell to complete in")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "completions", summary: "Prints the completion script for a shell",
            arguments: [shell],
            examples: [
                CommandExample(
                    "source <(allocdb-jepsen completions bash)", purpose: "For this bash session"),
                CommandExample(
                    "allocdb-jepsen completions fish | source", purpose: "For this fish session"),
            ],
            exitStatuses: ExitCode.described([.passed, .usage]))
    ) { arguments, _ in
        StandardStreams.writeOutput(Tool.description.completionScript(for: try arguments[shell]))
        return ExitCode.passed.rawValue
    }
}
