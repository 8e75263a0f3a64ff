import CommandDescriptions
import Hosts
import Remote
import SecureShell
import SystemCalls
import Testbed

/// What is done with machines before and after runs.
enum HostsCommand {
    static let file = Positional(
        .file("FILE"), "The machines: a file as docs/reference/hosts.md says")

    static let exitStatuses =
        [
            ExitStatusDescription(ExitCode.passed.rawValue, "done"),
            ExitStatusDescription(
                ExitCode.unknown.rawValue, "a machine cannot be reached, or not be used"),
        ] + ExitCode.described([.usage, .internalError])

    static let command = ToolCommand(
        CommandDescription(
            name: "hosts", summary: "Prepares the machines of --testbed ssh, and cleans them",
            discussion: [
                "Machines that exist already are pinned to their host keys once, by `prepare`; "
                    + "every later connection is refused unless the machine shows that key."
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen hosts prepare hosts.yaml",
                    purpose: "Take down host keys and see whether all three machines will do")
            ],
            exitStatuses: exitStatuses),
        of: [prepare, status, destroy])

    // MARK: - Prepare

    private static let prepare = ToolCommand(
        description: CommandDescription(
            name: "prepare", summary: "Takes down host keys, and looks at every machine",
            discussion: [
                "Keys that were not known are added to FILE.keys; a machine that shows another key "
                    + "than the known one is an error. Remove its line after a machine was made "
                    + "anew on purpose. Nothing but a folder of the tool's own is made there."
            ],
            arguments: [file],
            examples: [
                CommandExample(
                    "allocdb-jepsen hosts prepare hosts.yaml",
                    purpose: "Before the first run")
            ],
            exitStatuses: exitStatuses),
        carryOut: { arguments, _ in
            try answering {
                let (path, file) = try read(arguments)
                var keys = try PinnedKeys(path: PinnedKeys.path(of: path))
                let added = try HostLanes.takeDownKeys(of: file, into: &keys)
                if !added.isEmpty { try keys.write() }
                let lanes = try HostLanes(file, keys)
                defer { lanes.close() }
                var text = "hosts=\(path)\nkeys=\(keys.path)\n"
                for (host, machine) in zip(file.hosts, lanes.machines(ofLane: 1)) {
                    let address = host.login.address
                    try machine.remote.connect(until: .after(.seconds(30)))
                    let facts = try machine.look()
                    text += "host=\(address) replica=\(machine.replica) user=\(facts.user) "
                    text += "machine=\(facts.machine) free_mib=\(facts.freeMebibytes) "
                    text += "clock_ahead_s=\(facts.clockAhead.components.seconds) "
                    text += "key=\(added.contains(address) ? "new" : "known") "
                    text += "fingerprint=\(keys[address]?.fingerprint ?? "none")\n"
                }
                return text
            }
        })

    // MARK: - Status

    private static let status = ToolCommand(
        description: CommandDescription(
            name: "status", summary: "Says what the tool has on every machine",
            discussion: ["One line for each lane and machine: whose it is, and its daemon."],
            arguments: [file],
            examples: [
                CommandExample(
                    "allocdb-jepsen hosts status hosts.yaml",
                    purpose: "Is a run using these machines?")
            ],
            exitStatuses: exitStatuses),
        carryOut: { arguments, _ in
            try answering {
                let lanes = try lanes(arguments)
                defer { lanes.close() }
                var text = ""
                for lane in 1...lanes.file.lanes {
                    for machine in lanes.machines(ofLane: lane) {
                        text += "lane=\(lane) replica=\(machine.replica) "
                        text += "machine=\(machine.remote.name) \(try machine.standing())\n"
                    }
                }
                return text
            }
        })

    // MARK: - Destroy

    private static let destroy = ToolCommand(
        description: CommandDescription(
            name: "destroy", summary: "Removes everything of the tool's from the machines",
            discussion: [
                "Daemons that a dead tool left are ended first. Machines that a tool uses which "
                    + "lives are left alone, and that is an error."
            ],
            arguments: [file],
            examples: [
                CommandExample(
                    "allocdb-jepsen hosts destroy hosts.yaml",
                    purpose: "After the last run")
            ],
            exitStatuses: exitStatuses),
        carryOut: { arguments, _ in
            try answering {
                let lanes = try lanes(arguments)
                defer { lanes.close() }
                try lanes.destroy()
                return "removed=all\n"
            }
        })

    // MARK: - The same for all

    private static func read(
        _ arguments: ParsedArguments
    ) throws -> (path: String, file: HostsFile) {
        let path = try arguments[file]
        return (path, try HostsFile(path: path))
    }

    private static func lanes(_ arguments: ParsedArguments) throws -> HostLanes {
        let (path, file) = try read(arguments)
        return try HostLanes(file, PinnedKeys(path: PinnedKeys.path(of: path)))
    }

    /// Prints what `body` says, or why it could not.
    private static func answering(_ body: () throws -> String) throws -> Int32 {
        do {
            StandardStreams.writeOutput(try body())
            return ExitCode.passed.rawValue
        } catch let failure as HostsFile.Failure {
            throw UsageError.contradiction("\(failure)")
        } catch let error as RemoteError {
            return fail("\(error)")
        } catch let error as TestbedError {
            return fail("\(error)")
        }
    }

    private static func fail(_ reason: String) -> Int32 {
        StandardStreams.writeError("allocdb-jepsen hosts: \(reason)\n")
        return ExitCode.unknown.rawValue
    }
}
