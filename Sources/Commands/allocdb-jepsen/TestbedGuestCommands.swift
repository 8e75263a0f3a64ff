import CommandDescriptions
import GuestAgent
import Machines
import SystemCalls
import Testbed

/// The commands that go to one guest of a lane.
enum TestbedGuestCommands {
    static let limit = DefaultedOption(
        "limit", ValueType<UInt64>.wholeNumber("SECONDS", in: 1...86_400, of: "seconds"),
        default: 60, "How long the command may take; then it is killed")

    // MARK: - exec

    static let exec = ToolCommand(
        description: CommandDescription(
            name: "exec", summary: "Runs a command in a guest",
            discussion: [
                "It goes over a line of its own and not over the network, so that it arrives "
                    + "whatever is done to the network. Commands for one guest take turns. Ends "
                    + "with the exit code of the command, 128 more than the signal that ended it, "
                    + "or 2 when it could not be run."
            ],
            arguments: [
                TestbedCommand.testbed, TestbedCommand.workspace, TestbedCommand.guest, limit,
                TestbedCommand.words,
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen testbed exec --workspace lane --guest replica-2 -- ps",
                    purpose: "See what runs in a guest")
            ],
            exitStatuses: TestbedCommand.exitStatuses),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            let words = arguments[TestbedCommand.words]
            if words.isEmpty { throw UsageError.missingArgument("WORD") }
            let member = arguments[TestbedCommand.guest]
            let limit = arguments[limit]
            return TestbedCommand.reporting { () throws(LaneError) in
                try execute(words.joined(separator: " "), workspace, member, seconds: limit)
            }
        })

    private static func execute(
        _ line: String, _ workspace: String, _ member: LaneMember, seconds: UInt64
    ) throws(LaneError) -> Int32 {
        let replies = try TestbedCommand.client(workspace).ask(
            .execute(member, line: line, limitMilliseconds: seconds * 1000),
            until: .after(.seconds(Int64(seconds)) + GuestChannel.answerLimit * 2))
        var code: Int32 = ExitCode.unknown.rawValue
        for reply in replies {
            switch reply {
            case .output(let bytes): writeOutput(bytes)
            case .error(let bytes):
                StandardStreams.writeError(String(decoding: bytes, as: UTF8.self))
            case .ended(let status): code = status < 0 ? 128 - status : status
            case .clock, .random, .done, .failed: break
            }
        }
        return code
    }

    /// Bytes as they are, whatever they stand for. A closed output is nobody's error.
    private static func writeOutput(_ bytes: [UInt8]) {
        _ = try? StandardStreams.outputDescriptor().writeAll(bytes)
    }

    // MARK: - ssh

    static let ssh = ToolCommand(
        description: CommandDescription(
            name: "ssh", summary: "Opens a shell in a guest",
            discussion: [
                "Becomes `ssh`, which reaches the guest past the network between the machines. Its "
                    + "key is known: nothing is trusted on first use."
            ],
            arguments: [
                TestbedCommand.testbed, TestbedCommand.workspace, TestbedCommand.guest,
                TestbedCommand.words,
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen testbed ssh --workspace lane --guest replica-1",
                    purpose: "Look around in a guest")
            ],
            exitStatuses: TestbedCommand.exitStatuses),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            let member = arguments[TestbedCommand.guest]
            let words = arguments[TestbedCommand.words]
            return TestbedCommand.reporting { () throws(LaneError) in
                let port = try sshPort(of: member, workspace)
                let key: String
                do throws(GuestImageError) {
                    key = try GuestImageStore.standard.keys().userKey
                } catch {
                    throw .image(error)
                }
                do throws(SystemError) {
                    try Processes.become(
                        "ssh",
                        [
                            "-i", key, "-p", "\(port)", "-o", "IdentitiesOnly=yes",
                            "-o", "StrictHostKeyChecking=yes",
                            "-o", "HostKeyAlias=\(LaneFiles.hostAlias)", "-o",
                            "UserKnownHostsFile=\(LaneFiles(workspace: workspace).knownHosts)",
                            "root@127.0.0.1",
                        ] + words)
                } catch {
                    throw .system(during: "becoming ssh", error)
                }
            }
        })

    /// From the machine's line of the lane's status.
    private static func sshPort(
        of member: LaneMember, _ workspace: String
    ) throws(LaneError) -> UInt16 {
        let replies = try TestbedCommand.client(workspace).ask(
            .status, until: .after(TestbedLifeCommands.stopLimit))
        for case .output(let bytes) in replies {
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            where line.hasPrefix("guest=\(member) ") {
                let field = line.split(separator: " ").first { $0.hasPrefix("ssh_port=") }
                if let port = field.flatMap({ UInt16($0.dropFirst("ssh_port=".count)) }) {
                    return port
                }
            }
        }
        throw .wrongState("the lane does not say how \(member) is reached")
    }

    // MARK: - logs

    static let logs = ToolCommand(
        description: CommandDescription(
            name: "logs", summary: "Shows what a guest wrote to its console",
            discussion: ["Of all its boots, also after the lane was stopped."],
            arguments: [TestbedCommand.testbed, TestbedCommand.workspace, TestbedCommand.guest],
            examples: [
                CommandExample(
                    "allocdb-jepsen testbed logs --workspace lane --guest replica-1",
                    purpose: "See how a guest booted, or why not")
            ],
            exitStatuses: TestbedCommand.exitStatuses),
        carryOut: { arguments, _ in
            let workspace = try arguments[TestbedCommand.workspace]
            let member = arguments[TestbedCommand.guest]
            return TestbedCommand.reporting { () throws(LaneError) in
                let path = LaneFiles(workspace: workspace).console(of: member)
                do throws(SystemError) {
                    let console = try FileSystem.open(path, .readOnly)
                    let output = try StandardStreams.outputDescriptor()
                    while true {
                        let bytes = try console.read(atMost: 64 << 10)
                        if bytes.isEmpty { return ExitCode.passed.rawValue }
                        try output.writeAll(bytes)
                    }
                } catch {
                    if error.isBrokenPipe { return ExitCode.passed.rawValue }
                    throw .system(during: "reading the console of \(member)", error)
                }
            }
        })
}
