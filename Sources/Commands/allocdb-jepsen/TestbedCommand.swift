import CommandDescriptions
import SystemCalls
import Testbed

/// Machines that stand by themselves, without a run: to look at, and to have warm.
enum TestbedCommand {
    static let testbed = DefaultedOption(
        "testbed", ValueType<String>.word("KIND", of: ["qemu"]), default: "qemu", shown: "qemu",
        "What the machines are")
    static let workspace = RequiredOption(
        "workspace", ValueType<String>.folder("DIR"), "The folder of the lane's files")
    static let guest = DefaultedOption(
        "guest",
        ValueType<LaneMember>(
            placeholder: "GUEST",
            expectation: "one of " + LaneMember.allCases.map(\.description).joined(separator: ", "),
            completion: .words(LaneMember.allCases.map(\.description)), parse: LaneMember.init),
        default: .control, shown: "control", "Which machine")
    static let words = RepeatedPositional(
        ValueType<String>.text("WORD"), "The command line for the guest's shell, after `--`")

    static let command = ToolCommand(
        CommandDescription(
            name: "testbed", summary: "Makes, starts, resets and ends a lane of machines",
            discussion: [
                "A lane is three machines for replicas and one for clients, which QEMU runs, with "
                    + "a network of their own: docs/how-to/qemu.md. Lanes in different workspaces "
                    + "stand side by side.",
                "A lane that was started once keeps its clean state, and starts and resets from it "
                    + "in a second or two.",
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen testbed start --workspace lane", purpose: "Have four machines"),
                CommandExample(
                    "allocdb-jepsen testbed exec --workspace lane --guest replica-1 -- uptime",
                    purpose: "Ask one of them something"),
            ],
            exitStatuses: exitStatuses),
        of: [
            TestbedLifeCommands.prepare, TestbedLifeCommands.start, TestbedLifeCommands.status,
            TestbedLifeCommands.stop, TestbedLifeCommands.reset, TestbedLifeCommands.destroy,
            TestbedGuestCommands.ssh, TestbedGuestCommands.exec, TestbedGuestCommands.logs,
            TestbedLifeCommands.keep,
        ])

    static let exitStatuses = [
        ExitStatusDescription(ExitCode.passed.rawValue, "done"),
        ExitStatusDescription(
            ExitCode.unknown.rawValue, "not done; the message says what is missing or went wrong"),
        ExitStatusDescription(ExitCode.usage.rawValue, ExitCode.usage.meaning),
        ExitStatusDescription(ExitCode.internalError.rawValue, ExitCode.internalError.meaning),
    ]

    /// Carries out, and turns what cannot be done into a message and a status.
    static func reporting(_ body: () throws(LaneError) -> Int32) -> Int32 {
        do throws(LaneError) {
            return try body()
        } catch {
            tell("\(error)")
            return ExitCode.unknown.rawValue
        }
    }

    static func tell(_ text: String) { StandardStreams.writeError(text + "\n") }
    static func say(_ lines: String...) {
        StandardStreams.writeOutput(lines.map { $0 + "\n" }.joined())
    }

    /// The keeper of the lane that runs in a workspace.
    static func client(_ workspace: String) throws(LaneError) -> LaneClient {
        guard let client = LaneClient(workspace: workspace) else {
            throw .wrongState("no lane runs in \(workspace); `testbed start` starts one")
        }
        return client
    }
}
