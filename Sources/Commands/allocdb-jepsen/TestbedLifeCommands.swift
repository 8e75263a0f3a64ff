import CommandDescriptions
import GuestAgent
import SystemCalls
import Testbed

/// The commands that make, start, reset and end a lane.
enum TestbedLifeCommands {
    static let daemon = Option(
        "replica-binary", .file(),
        "The daemon in the guests; else `allocdb-local-cluster` beside this tool. Everything it is "
            + "linked to must be in a guest: libc, libm, libgcc and libstdc++ are")

    /// How long a keeper may take until its lane is there, on a busy machine.
    static let startLimit = Duration.seconds(900)
    static let stopLimit = Duration.seconds(120)
    static let resetLimit = Duration.seconds(300)

    private static func description(
        _ name: String, _ summary: String, _ discussion: [String] = [],
        _ extra: [any CommandArgument] = [], example: String, isHidden: Bool = false
    ) -> CommandDescription {
        CommandDescription(
            name: name, summary: summary, discussion: discussion,
            arguments: [TestbedCommand.testbed, TestbedCommand.workspace] + extra,
            examples: [
                CommandExample(
                    "allocdb-jepsen testbed \(name) --workspace lane", purpose: example)
            ],
            exitStatuses: TestbedCommand.exitStatuses, isHidden: isHidden)
    }

    // MARK: - prepare

    static let prepare = ToolCommand(
        description: description(
            "prepare", "Makes the guests' image and the lane's files",
            [
                "The image is made of Debian packages, which apt downloads; no root is needed, and "
                    + "nothing is installed. It is kept below the user's cache folder, and made "
                    + "again only when a package, the daemon or this tool has changed."
            ], [daemon], example: "Make what machines need, and say what they will run on"),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            let daemon = try arguments[daemon] ?? RunCommand.besideThisTool()
            return TestbedCommand.reporting { () throws(LaneError) in
                let made = try LanePreparation.make(
                    workspace: workspace, daemon: daemon, tell: TestbedCommand.tell)
                TestbedCommand.tell(made.acceleratorLine)
                TestbedCommand.say(
                    "qemu testbed prepared", "workspace=\(made.layout.workspace)",
                    "layout=\(Path.join(made.layout.workspace, QEMULayout.fileName))",
                    "base_image=\(made.layout.imagePath)")
                return ExitCode.passed.rawValue
            }
        })

    // MARK: - start

    static let start = ToolCommand(
        description: description(
            "start", "Starts the four machines, and returns when all are up",
            [
                "Prepares the workspace first if nobody did. The machines go on without this "
                    + "command, held by a process of their own, until `stop`."
            ], [daemon], example: "Have four machines"),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            let named = arguments[daemon]
            let beside = try RunCommand.besideThisTool()
            return TestbedCommand.reporting { () throws(LaneError) in
                if LaneClient(workspace: workspace) != nil {
                    throw .wrongState("a lane runs in \(workspace) already")
                }
                let isPrepared = FileSystem.exists(Path.join(workspace, QEMULayout.fileName))
                let prepared =
                    isPrepared && named == nil
                    ? try LanePreparation.load(workspace: workspace, tell: TestbedCommand.tell)
                    : try LanePreparation.make(
                        workspace: workspace, daemon: named ?? beside, tell: TestbedCommand.tell)
                TestbedCommand.tell(prepared.acceleratorLine)
                let line = try startKeeper(prepared.layout.workspace)
                TestbedCommand.say(
                    "qemu testbed started", "workspace=\(prepared.layout.workspace)",
                    "layout=\(Path.join(prepared.layout.workspace, QEMULayout.fileName))",
                    "start=\(line)")
                return ExitCode.passed.rawValue
            }
        })

    /// Starts the process that holds the lane; what it says when the lane is there.
    private static func startKeeper(_ workspace: String) throws(LaneError) -> String {
        let line: String?
        do throws(SystemError) {
            let pipe = try Pipe()
            let log = try FileSystem.open(LaneFiles(workspace: workspace).keeperLog, .append)
            _ = try ChildProcess(
                executable: Processes.ownProgram,
                arguments: ["testbed", "keep", "--workspace", workspace],
                output: .descriptor(pipe.writeEnd), error: .descriptor(log))
            pipe.writeEnd.close()
            try pipe.readEnd.setNonBlocking(true)
            var reader = LineReader(pipe.readEnd)
            line = try reader.next(until: .after(startLimit))
        } catch {
            throw .system(during: "starting the keeper of the lane", error)
        }
        let words = (line ?? "").split(separator: " ", maxSplits: 1)
        guard words.first == LaneKeeper.readyWord[...], words.count == 2 else {
            let reason = words.count == 2 ? String(words[1]) : "its keeper ended without a word"
            throw .wrongState("the lane did not start: \(reason)")
        }
        return String(words[1])
    }

    static let keep = ToolCommand(
        description: description(
            "keep", "Holds a lane; started by `start`", example: "Hold a lane", isHidden: true),
        carryOut: { arguments, _ in
            LaneKeeper.serve(workspace: try arguments[TestbedCommand.workspace])
        })

    // MARK: - status, stop, reset, destroy

    static let status = ToolCommand(
        description: description(
            "status", "Shows what the machines are and do",
            [
                "Lines of `key=value`: what was prepared, and one line for each machine with its "
                    + "state, its console's file and, while it runs, its process and the port of "
                    + "this machine's loopback that reaches its SSH server."
            ], example: "See which machines run"),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            return TestbedCommand.reporting { () throws(LaneError) in
                let layout = try TestbedLifeCommands.layout(of: workspace)
                TestbedCommand.say(
                    "workspace=\(layout.workspace)",
                    "layout=\(Path.join(layout.workspace, QEMULayout.fileName))",
                    "arch=\(layout.architecture)", "base_image=\(layout.imagePath)")
                guard let client = LaneClient(workspace: workspace) else {
                    let files = LaneFiles(workspace: layout.workspace)
                    for member in LaneMember.allCases {
                        TestbedCommand.say(LaneFiles.statusLine(member, "stopped", files))
                    }
                    return ExitCode.passed.rawValue
                }
                let replies = try client.ask(.status, until: .after(stopLimit))
                for case .output(let bytes) in replies {
                    StandardStreams.writeOutput(String(decoding: bytes, as: UTF8.self))
                }
                return ExitCode.passed.rawValue
            }
        })

    private static func layout(of workspace: String) throws(LaneError) -> QEMULayout {
        do throws(QEMULayout.Failure) {
            return try QEMULayout(in: workspace)
        } catch {
            throw .notPrepared(workspace: workspace, reason: "\(error)")
        }
    }

    static let stop = ToolCommand(
        description: description(
            "stop", "Switches the machines off",
            ["Their disks and their clean state stay. A lane that does not run stays so."],
            example: "Switch all four off"),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            return TestbedCommand.reporting { () throws(LaneError) in
                try stop(workspace)
                TestbedCommand.say("qemu testbed stopped")
                return ExitCode.passed.rawValue
            }
        })

    private static func stop(_ workspace: String) throws(LaneError) {
        // What a keeper left that was killed outright.
        for line in ResidueRegistry.standard.clean() { TestbedCommand.tell(line) }
        guard let client = LaneClient(workspace: workspace) else { return }
        _ = try client.ask(.stop, until: .after(stopLimit))
        let deadline = Deadline.after(stopLimit)
        while FileSystem.exists(LaneFiles(workspace: workspace).keeperNote) {
            guard !deadline.isPassed else {
                throw .wrongState("the keeper of the lane does not end")
            }
            sleepThread(for: .milliseconds(10))
        }
    }

    static let reset = ToolCommand(
        description: description(
            "reset", "Puts the machines back to their clean state",
            [
                "All that ran in them is gone and their disks are empty; their clocks are right "
                    + "and their random numbers new, and both is looked at."
            ], example: "Have four clean machines again"),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            return TestbedCommand.reporting { () throws(LaneError) in
                let client = try TestbedCommand.client(workspace)
                _ = try client.ask(.reset, until: .after(resetLimit))
                TestbedCommand.say("qemu testbed reset")
                return ExitCode.passed.rawValue
            }
        })

    static let destroy = ToolCommand(
        description: description(
            "destroy", "Switches the machines off and removes their files",
            ["Everything that `prepare` made in the workspace is removed; images stay cached."],
            example: "Leave nothing behind"),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            return TestbedCommand.reporting { () throws(LaneError) in
                try stop(workspace)
                do throws(SystemError) {
                    try FileSystem.removeTree(LaneFiles(workspace: workspace).folder)
                    try FileSystem.removeFile(Path.join(workspace, QEMULayout.fileName))
                } catch {
                    throw .system(during: "removing the lane's files", error)
                }
                TestbedCommand.say("qemu testbed destroyed")
                return ExitCode.passed.rawValue
            }
        })
}
