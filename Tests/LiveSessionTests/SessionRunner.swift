import ByteCoding
import ClusterProtocol
import LeaseKernel
import SystemCalls
import TestSupport
import Testing

/// A part of a recorded text that is another one here.
struct Replacement: Equatable {
    let recorded: String
    let ours: String
}

/// What is compared in one step, in the recorded form.
enum Outcome: Equatable, CustomStringConvertible {
    case reply(hex: String)
    case text(String)
    /// The connection ended without a byte.
    case nothing
    case refused
    case command(status: Int, output: String, error: String)
    case positions([String: String])
    case file(hex: String)
    /// A file whose content depends on how entries were batched, but for its beginning.
    case fileBeginning(hex: String)
    /// The recorded text with some parts replaced by others, each `(recorded, ours)`.
    case recordedReplacing([Replacement])
    case lines([String])
    case fact(String)

    var description: String {
        switch self {
        case .reply(let hex): "reply \(hex)"
        case .text(let text): "text \(text.debugDescription)"
        case .nothing: "no byte"
        case .refused: "connection refused"
        case .command(let status, let output, let error):
            "exit \(status)\n-- output\n\(output)-- error\n\(error)"
        case .positions(let positions):
            "positions "
                + positions.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(
                    separator: " ")
        case .file(let hex): "file \(hex)"
        case .fileBeginning(let hex): "file that begins with \(hex)"
        case .recordedReplacing(let parts): "the recorded text with \(parts)"
        case .lines(let lines): "log\n" + lines.joined(separator: "\n")
        case .fact(let text): text
        }
    }
}

/// What became of a step.
enum StepResult {
    case compared(expected: Outcome, found: Outcome)
    case skipped(String)
}

/// Plays the steps of one recorded session against a cluster of our daemons.
struct SessionRunner {
    let cluster: SessionCluster
    let disk: SmallDisk?

    /// How long a state that settles by itself may take.
    static let patience = Duration.seconds(10)

    func play(_ step: JSONValue, deviation: Deviation?) throws -> StepResult {
        let isEventual = deviation?.isEventual ?? false
        let override = try deviation?.outcome.map { try resolve($0, step) }
        return switch step["channel"].string {
        case "client", "protocol", "control": try converse(step, override, isEventual)
        case "cli": try command(step, override)
        case "observation": try observe(step, override)
        case "file": try file(step, override)
        case "log": try log(step, override)
        case "operator": try act(step)
        case let other: throw Missing(description: "unknown channel \(other ?? "none")")
        }
    }

    /// The recorded outcome with replacements made, where a deviation is described that way.
    func resolve(_ deviation: Outcome, _ step: JSONValue) throws -> Outcome {
        guard case .recordedReplacing(let parts) = deviation else { return deviation }
        func replaced(_ text: String) -> String {
            parts.reduce(text) { $0.replacing($1.recorded, with: $1.ours) }
        }
        if let output = step["stdout"].string {
            return .command(
                status: try #require(step["exit_status"].integer()), output: replaced(output),
                error: replaced(step["stderr"].string ?? ""))
        }
        if let hex = step["hex"].string { return .file(hex: replaced(hex)) }
        return .text(replaced(try #require(step["reply_text"].string)))
    }

    // MARK: Ports

    private func converse(
        _ step: JSONValue, _ override: Outcome?, _ isEventual: Bool
    ) throws -> StepResult {
        let replica = try cluster.replica(try #require(step["replica"].integer()))
        let address =
            switch step["channel"].string {
            case "client": replica.addresses.client
            case "protocol": replica.addresses.protocol
            default: replica.addresses.control
            }
        let request =
            try step["request_hex"].hex
            ?? [UInt8](repeating: 0, count: #require(step["request_length"].integer()))
        let isOpenEnded = step["note"].string?.hasPrefix("request without half-close") ?? false
        let isStalled = step["took_more_than_one_second"].bool ?? false
        if isStalled { try stall(Signals.stop) }
        var found = found(try Conversation(request, to: address, halfClose: !isOpenEnded))
        if isStalled { try stall(Signals.proceed) }
        let expected = try override ?? expectedReply(step)
        // Metrics (tag 4) of a backup: it hears of a commit right after the client does, where
        // the recorded one heard of it right before.
        let isMetrics = step["channel"].string == "client" && request.first == 4
        let mayChange = step["channel"].string == "control" || isMetrics || isEventual
        if mayChange, found != expected {
            // Asked before a pending entry has found its quorum.
            found = try Self.settled(on: expected) {
                self.found(try Conversation(request, to: address))
            }
        }
        return .compared(expected: expected, found: found)
    }

    /// The recorded step says in words that replica 3 was stopped meanwhile.
    private func stall(_ signal: Int32) throws {
        let process = try #require(LockedProcess.holder(of: try cluster.replica(3)))
        try Processes.signal(process, signal)
    }

    private func expectedReply(_ step: JSONValue) throws -> Outcome {
        if let hex = step["reply_hex"].string { return .reply(hex: hex) }
        if let text = step["reply_text"].string { return .text(text) }
        return step["connection_end"].string == "refused" ? .refused : .nothing
    }

    private func found(_ conversation: Conversation) -> Outcome {
        if conversation.end == .refused { return .refused }
        if conversation.end == .silence { return .fact("no end of the reply") }
        if conversation.bytes.isEmpty { return .nothing }
        if conversation.bytes.starts(with: "status=".utf8) {
            return .text(
                cluster.normalize(String(decoding: conversation.bytes, as: UTF8.self)))
        }
        return .reply(hex: Hexadecimal.encode(conversation.bytes))
    }

    // MARK: Commands

    private func command(_ step: JSONValue, _ override: Outcome?) throws -> StepResult {
        let arguments = step["arguments"].array.compactMap(\.string)
        if arguments.contains("<workspace>/empty") {
            try FileSystem.createFolders(cluster.expand("<workspace>/empty"))
        }
        if arguments.first == "crash" { waitForBackups() }
        let run = try cluster.run(arguments)
        let status: Int =
            switch run.status {
            case .exited(let code): Int(code)
            case .signaled(let number): 128 + Int(number)
            }
        return .compared(
            expected: override
                ?? .command(
                    status: try #require(step["exit_status"].integer()),
                    output: step["stdout"].string.map { $0 == "<usage>" ? "<usage>\n" : $0 }
                        ?? "",
                    error: step["stderr"].string ?? ""),
            found: .command(
                status: status, output: cluster.normalize(run.outputText),
                error: cluster.normalize(run.errorText)))
    }

    /// The recorded daemon tells its backups what is committed before it answers, ours right
    /// after; a crash must not come between. Replicas that cannot agree are not waited for.
    private func waitForBackups() {
        let deadline = Deadline.after(.seconds(1))
        while !deadline.isPassed {
            guard case .positions(let positions) = positions() else { return }
            if Set(positions.values.filter { $0 != "not running" }).count <= 1 { return }
            sleepThread(for: .milliseconds(10))
        }
    }

    // MARK: Observations

    private func observe(_ step: JSONValue, _ override: Outcome?) throws -> StepResult {
        if !step["commit_lsn_by_replica"].isNull {
            let recorded = step["commit_lsn_by_replica"].object.compactMapValues(\.string)
            let expected = override ?? .positions(recorded)
            return .compared(expected: expected, found: Self.settled(on: expected) { positions() })
        }
        if let exists = step["pid_file_of_replica_1_exists"].bool {
            let path = try cluster.replica(1).pidPath
            return .compared(
                expected: override ?? .fact("pid file exists: \(exists)"),
                found: .fact("pid file exists: \(FileSystem.exists(path))"))
        }
        return try SpecialSteps(cluster: cluster, disk: disk).observe(step, override)
    }

    private func positions() -> Outcome {
        var positions: [String: String] = [:]
        for replica in cluster.layout.replicas {
            guard
                let conversation = try? Conversation(
                    Array("status\n".utf8), to: replica.addresses.control),
                let status = try? StatusReply(decoding: conversation.bytes)
            else {
                positions["\(replica.id)"] = "not running"
                continue
            }
            positions["\(replica.id)"] = status.commitLSN?.description ?? "none"
        }
        return .positions(positions)
    }

    /// Looks again and again until the expected state is there, then says what is.
    static func settled(
        on expected: Outcome, _ look: () throws -> Outcome
    ) rethrows -> Outcome {
        let deadline = Deadline.after(Self.patience)
        while true {
            let found = try look()
            if found == expected || deadline.isPassed { return found }
            sleepThread(for: .milliseconds(20))
        }
    }

    // MARK: Files and logs

    private func file(_ step: JSONValue, _ override: Outcome?) throws -> StepResult {
        let path = Path.join(cluster.root, try #require(step["path"].string))
        let expected: Outcome
        if let override {
            expected = override
        } else if let hex = step["hex"].string {
            expected = .file(hex: hex)
        } else {
            expected = .text(try #require(step["text"].string))
        }
        return .compared(
            expected: expected,
            found: Self.settled(on: expected) {
                guard let bytes = try? FileSystem.read(path, limit: 16 << 20) else {
                    return .fact("no file")
                }
                if case .text = expected {
                    return .text(cluster.normalize(String(decoding: bytes, as: UTF8.self)))
                }
                let hex = Hexadecimal.encode(bytes)
                if case .fileBeginning(let beginning) = expected, hex.hasPrefix(beginning) {
                    return expected
                }
                return .file(hex: hex)
            })
    }

    /// The plain lines of section 15, in their order. Lines of the reference's logging library
    /// are its own affair (cluster-runner.md 6).
    private func log(_ step: JSONValue, _ override: Outcome?) throws -> StepResult {
        let replica = try cluster.replica(try #require(step["replica"].integer()))
        let recorded = step["last_lines"].array.compactMap(\.string)
        let plain = recorded.filter { $0.hasPrefix("replica=") }
        let expected = override ?? .lines(plain)
        guard case .lines(let wanted) = expected, !wanted.isEmpty else {
            return .skipped("only lines of the reference's logging library")
        }
        return .compared(
            expected: expected,
            found: Self.settled(on: expected) {
                let bytes = (try? FileSystem.read(replica.logPath, limit: 16 << 20)) ?? []
                let lines = cluster.normalize(String(decoding: bytes, as: UTF8.self))
                    .split(separator: "\n").map(String.init)
                return .lines(Self.inOrder(wanted, lines) ? wanted : lines.suffix(20))
            })
    }

    private static func inOrder(_ wanted: [String], _ lines: [String]) -> Bool {
        var rest = lines[...]
        for line in wanted {
            guard let index = rest.firstIndex(of: line) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    private func act(_ step: JSONValue) throws -> StepResult {
        try SpecialSteps(cluster: cluster, disk: disk).act(step)
    }
}
