import ClusterProtocol
public import LeaseKernel
public import Remote
import SystemCalls
import Testbed

/// A machine on which one replica runs, and the folder there that is all the tool ever touches.
public final class HostMachine: Sendable {
    public let replica: ReplicaID
    public let remote: any Remote
    /// The replica's own folder there; nothing else of the machine is written to, except for the
    /// programs beside it (`programs`).
    public let folder: String
    /// Where daemons are kept, by their content.
    public let programs: String

    /// Everything is made below `folder`, which need not exist. `lane` names what belongs together.
    public init(replica: ReplicaID, remote: any Remote, folder: String, lane: String) {
        self.replica = replica
        self.remote = remote
        self.folder = Path.join(Path.join(folder, lane), "r\(replica)")
        programs = Path.join(folder, "programs")
    }

    /// How long one small step may take.
    static let limit = Duration.seconds(30)

    /// What the machine says of the daemon that was started last.
    enum Daemon: Hashable, Sendable {
        case none
        case running(process: Int32, isStopped: Bool)
        case ended(Ending)
    }

    /// How a daemon there came to its end.
    enum Ending: Hashable, Sendable {
        case by(ExitStatus)
        /// Killed by the machine itself, because the tool gave no sign of life.
        case abandoned
        /// Nobody saw it: as when the machine went down.
        case unknown
    }

    // MARK: - Verbs

    @discardableResult
    func start(log: String, _ words: [String]) throws(TestbedError) -> Daemon {
        try daemon(try call(["start", log] + words))
    }

    func report() throws(TestbedError) -> Daemon { try daemon(try call(["report"])) }

    /// Ends the daemon: with `signal` first, and with SIGKILL after `patience`. Whether it still
    /// ran when it was asked, and how it ended.
    func end(
        _ signal: String, patience: Duration
    ) throws(TestbedError) -> (wasRunning: Bool, daemon: Daemon) {
        let fiftieths = patience.millisecondsRoundedUp / 20
        let answer = try call(
            ["end", signal, "\(fiftieths)"], limit: Self.limit + patience + patience)
        return (answer["asked"] == "yes", try daemon(answer))
    }

    func pause(lease: Duration) throws(TestbedError) {
        try call(["pause", Self.seconds(lease)])
    }

    func proceed() throws(TestbedError) { try call(["proceed"]) }

    func isolate(_ faults: FaultState, lease: Duration) throws(TestbedError) {
        try call(["isolate", Self.seconds(lease)], input: Array(faults.text.utf8))
    }

    func heal() throws(TestbedError) { try call(["heal"]) }

    /// The folder is `token`'s until it gives no sign of life for `grace`; else whose it is.
    func claim(_ token: String, grace: Duration) throws(TestbedError) -> String? {
        let owner = try call(["claim", token, Self.seconds(grace)])["owner"]
        return owner == token ? nil : owner ?? "unknown"
    }

    /// A sign of life; false when the folder is `token`'s no more.
    func beat(_ token: String, _ number: Int) throws(TestbedError) -> Bool {
        // Short, because the other machines wait for theirs.
        try call(["beat", token, "\(number)"], limit: .seconds(5))["owner"] == token
    }

    /// What the machine says for an owner when there is none.
    static let nobody = "none"

    /// Whose the folder is.
    func owner() throws(TestbedError) -> String? { try call(["owner"])["owner"] }

    /// Ends what `token` has going on: faults, the daemon, the claim.
    func abandon(_ token: String) throws(TestbedError) { try call(["abandon", token]) }

    /// Leases are whole seconds: rounded up, so that a fault lasts as long as was asked.
    private static func seconds(_ duration: Duration) -> String {
        "\(max(1, (duration.millisecondsRoundedUp + 999) / 1000))"
    }

    // MARK: - Calling

    @discardableResult
    func call(
        _ words: [String], input: [UInt8] = [], limit: Duration = HostMachine.limit
    ) throws(TestbedError) -> [String: String] {
        let script = ShellText.quoted(Path.join(folder, LaneScript.name))
        let line = (["sh", script] + words.map(ShellText.quoted)).joined(separator: " ")
        return Self.answer(in: try run(line, input: input, step: words[0], limit: limit))
    }

    /// Lines `key=value`; whatever else a shell says is not for us.
    static func answer(in output: String) -> [String: String] {
        var answer: [String: String] = [:]
        for line in output.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            answer[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        return answer
    }

    /// Runs a line of shell there and takes what it says; anything but success is an error.
    @discardableResult
    func run(
        _ line: String, input: [UInt8] = [], step: String, limit: Duration = HostMachine.limit
    ) throws(TestbedError) -> String {
        let result: CommandResult
        do throws(RemoteError) {
            result = try remote.execute(line, input: input, until: .after(limit))
        } catch {
            throw .machine(replica, during: step, "\(error)")
        }
        guard result.status.isSuccess else {
            let words = result.errorText.split(separator: "\n").last ?? ""
            throw .machine(replica, during: step, "\(result.status): \(words)")
        }
        return result.outputText
    }

    private func daemon(_ answer: [String: String]) throws(TestbedError) -> Daemon {
        switch answer["daemon"] {
        case "none": return .none
        case "running":
            guard let process = answer["pid"].flatMap(Int32.init) else { break }
            return .running(process: process, isStopped: answer["process_state"] == "T")
        case "ended":
            switch answer["status"] {
            case "abandoned": return .ended(.abandoned)
            case let text:
                // A shell tells a signal as 128 and its number.
                guard let code = text.flatMap(Int32.init) else { return .ended(.unknown) }
                return .ended(
                    .by(code > 128 ? .signaled(number: code - 128) : .exited(code: code)))
            }
        default: break
        }
        throw .machine(replica, during: "asking for the daemon", "the answer is none: \(answer)")
    }
}
