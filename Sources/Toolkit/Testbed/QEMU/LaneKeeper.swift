import ByteCoding
import DurableFiles
public import GuestAgent
import Machines
import Synchronization
public import SystemCalls

/// What other processes ask the keeper of a lane. One line each; answers are those of the agent in
/// a guest (`AgentReply`).
public enum LaneRequest: Hashable, Sendable {
    /// One line of `key=value` for the lane, and one for each machine.
    case status
    case reset
    /// Switches everything off, and ends the keeper.
    case stop
    case execute(LaneMember, line: String, limitMilliseconds: UInt64)

    public var text: String {
        switch self {
        case .status: "status"
        case .reset: "reset"
        case .stop: "stop"
        case .execute(let member, let line, let limit):
            "execute \(member) \(limit) \(Hexadecimal.encode(line.utf8))"
        }
    }

    /// Nil for what is no request.
    public init?(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("status", 1): self = .status
        case ("reset", 1): self = .reset
        case ("stop", 1): self = .stop
        case ("execute", 4):
            guard let member = LaneMember(words[1]), let limit = UInt64(words[2]),
                let bytes = Hexadecimal.decode(words[3])
            else { return nil }
            self = .execute(
                member, line: String(decoding: bytes, as: UTF8.self), limitMilliseconds: limit)
        default: return nil
        }
    }
}

/// The process that holds a lane while no run does: the network between the machines lives in it.
/// `testbed start` starts it; it goes on until it is asked to stop, or told by a signal, and leaves
/// nothing running.
public final class LaneKeeper: Sendable {
    /// First words of the only line that the process writes to its standard output.
    public static let readyWord = "ready"
    public static let failedWord = "failed"

    private let lane: MachineLane
    private let preparation: LanePreparation
    private let start: MachineLane.Start
    private let listener: UnixListener
    private let isEnding: WakeUp
    private let resetting = Mutex<Void>(())

    private init(
        _ lane: MachineLane, _ preparation: LanePreparation, _ start: MachineLane.Start
    ) throws(SystemError) {
        self.lane = lane
        self.preparation = preparation
        self.start = start
        listener = try UnixListener(at: Path.join(lane.socketFolder, "keeper"))
        isEnding = try WakeUp()
    }

    /// The keeper's whole life. Must be called while the process has a single thread. Returns the
    /// exit status.
    public static func serve(workspace: String) -> Int32 {
        do {
            let signals = try SignalReader([
                Signals.interrupt, Signals.terminate, Signals.hangUp,
            ])
            let preparation = try LanePreparation.load(workspace: workspace)
            let files = LaneFiles(workspace: preparation.layout.workspace)
            let lock = try LockFile(acquiring: files.lock)
            defer { lock.release() }
            _ = ResidueRegistry.standard.clean()
            let lane = try MachineLane(preparation.configuration())
            defer { lane.end() }
            let start = try lane.start()
            let keeper = try LaneKeeper(lane, preparation, start)
            try FileSystem.write(Array(keeper.listener.path.utf8), to: files.keeperNote)
            defer { _ = try? FileSystem.removeFile(files.keeperNote) }
            StandardStreams.writeOutput("\(readyWord) \(start)\n")
            try keeper.serve(until: signals)
            return 0
        } catch {
            let reason = "\(error)".split(whereSeparator: \.isNewline).joined(separator: "; ")
            StandardStreams.writeOutput("\(failedWord) \(reason)\n")
            return 1
        }
    }

    private func serve(until signals: SignalReader) throws(SystemError) {
        let poller = try Poller()
        try poller.add(listener.descriptor, token: 0, interest: .readable)
        try poller.add(signals.descriptor, token: 1, interest: .readable)
        try poller.add(isEnding.descriptor, token: 2, interest: .readable)
        while true {
            for ready in try poller.wait(nil) {
                guard ready.token == 0 else { return }
                while let connection = try listener.accept() {
                    // One that asks for long work does not stand in the way of the others.
                    _ = try WorkerThread(name: "keeper") { [self] in answer(connection) }
                }
            }
        }
    }

    private func answer(_ connection: FileDescriptor) {
        var reader = LineReader(connection)
        guard let line = try? reader.next(until: .after(.seconds(10))) else { return }
        let replies = LaneRequest(line).map(replies(to:)) ?? [.failed("no such request: \(line)")]
        let text = replies.map { $0.text + "\n" }.joined()
        try? connection.sendAll(Array(text.utf8), until: .after(.seconds(60)))
        if LaneRequest(line) == .stop { isEnding.signal() }
    }

    private func replies(to request: LaneRequest) -> [AgentReply] {
        do {
            switch request {
            case .status: return [.output(Array(status.utf8)), .done]
            case .reset:
                try resetting.withLock { _ in try lane.reset() }
                return [.done]
            case .stop:
                resetting.withLock { _ in lane.end() }
                return [.done]
            case .execute(let member, let line, let limit):
                return try lane.guest(member).channel().ask(
                    .execute(line: line, limitMilliseconds: limit),
                    until: .after(
                        .milliseconds(Int64(clamping: limit)) + GuestChannel.answerLimit))
            }
        } catch {
            return [.failed("\(error)")]
        }
    }

    private var status: String {
        var lines = [
            "accelerator=\(preparation.choice.accelerator.rawValue) start=\(start) "
                + "keeper=\(Processes.ownID)"
        ]
        for member in LaneMember.allCases {
            let guest = try? lane.guest(member)
            let isOn = guest?.isOn ?? false
            let state = guest.flatMap { guest -> String? in
                if guest.isFrozen { return "frozen" }
                return (try? guest.machineState())?.description
            }
            lines.append(
                LaneFiles.statusLine(
                    member, isOn ? state ?? "unknown" : "stopped", lane.files)
                    + " pid=\(guest?.processID ?? 0) ssh_port=\(lane.hostPort(of: member) ?? 0)")
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// Asks the keeper of the lane that runs in a workspace.
public struct LaneClient: Sendable {
    private let path: String

    /// Nil when no lane runs there.
    public init?(workspace: String) {
        let note = LaneFiles(workspace: workspace).keeperNote
        guard let bytes = try? FileSystem.read(note, limit: 4096) else { return nil }
        path = String(decoding: bytes, as: UTF8.self)
        // A note that a killed keeper left names a socket that nobody listens at.
        guard (try? UnixSocket.connect(to: path, until: .after(.zero))) != nil else { return nil }
    }

    /// The whole answer; what the keeper could not do is an error.
    public func ask(
        _ request: LaneRequest, until deadline: Deadline
    ) throws(LaneError) -> [AgentReply] {
        var replies: [AgentReply] = []
        do throws(SystemError) {
            let connection = try UnixSocket.connect(to: path, until: deadline)
            try connection.sendAll(Array((request.text + "\n").utf8), until: deadline)
            var reader = LineReader(connection)
            while replies.last?.isPiece ?? true, let line = try reader.next(until: deadline),
                let reply = AgentReply(line.split(separator: " ")[...])
            {
                replies.append(reply)
            }
        } catch {
            throw .system(during: "asking the keeper of the lane", error)
        }
        if case .failed(let reason)? = replies.last { throw .wrongState(reason) }
        if let last = replies.last, !last.isPiece { return replies }
        throw .wrongState("the keeper of the lane went away before it had answered")
    }
}
