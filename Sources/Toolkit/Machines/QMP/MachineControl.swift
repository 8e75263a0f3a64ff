import JSONText
import SystemCalls

/// What a machine does at the moment, in QEMU's own words.
public enum MachineState: Hashable, Sendable, CustomStringConvertible {
    case running
    /// Stopped by us or before its start: its processor and its clock stand still.
    case paused
    /// Its kernel has given up and it was told to stop then, or it was shut down.
    case ended(String)
    /// Something in between, for example while a snapshot is written.
    case other(String)

    init(_ word: String) {
        self =
            switch word {
            case "running": .running
            case "paused", "prelaunch": .paused
            case "shutdown", "guest-panicked", "internal-error", "io-error": .ended(word)
            default: .other(word)
            }
    }

    public var description: String {
        switch self {
        case .running: "running"
        case .paused: "paused"
        case .ended(let word), .other(let word): word
        }
    }
}

/// What is done to machines through their monitor.
extension QMPClient {
    public func machineState() throws(QMPError) -> MachineState {
        MachineState(try execute("query-status")["status"].string ?? "")
    }

    /// Stops processor and clock: the guest does not notice that time goes on.
    public func pause() throws(QMPError) { try execute("stop") }

    public func proceed() throws(QMPError) { try execute("cont") }

    /// Presses the reset button: the guest boots anew, its disk stays.
    public func reset() throws(QMPError) { try execute("system_reset") }

    /// Sends what hardware sends when it is about to die; a guest that was told to panic then,
    /// panics.
    public func injectUnmaskableInterrupt() throws(QMPError) { try execute("inject-nmi") }

    /// Leaves the guest so many bytes of its memory. The guest's driver gives pages back as fast as
    /// it can.
    public func setMemory(bytes: UInt64) throws(QMPError) {
        try execute("balloon", ["value": .number(bytes)])
    }

    /// How many bytes of memory the guest has now.
    public func memoryBytes() throws(QMPError) -> UInt64? {
        try execute("query-balloon")["actual"].integer(UInt64.self)
    }

    /// Lets a drive carry out so many operations a second at most; 0 takes the limit away.
    public func throttle(drive: String, operationsPerSecond: UInt64) throws(QMPError) {
        var arguments: [JSONText.Member] = [
            .init("device", .string(drive)), .init("iops", .number(operationsPerSecond)),
        ]
        arguments += ["bps", "bps_rd", "bps_wr", "iops_rd", "iops_wr"].map { .init($0, .number(0)) }
        try execute("block_set_io_throttle", members: arguments)
    }

    // MARK: - Snapshots

    /// How long writing or reading the state of a machine may take.
    static let snapshotLimit = Duration.seconds(120)

    /// Keeps memory and disks under a name, on the machine's disks.
    public func saveSnapshot(_ name: String) throws(QMPError) {
        try humanCommand("savevm \(name)")
    }

    /// Puts memory and disks back to what they were. A paused machine stays paused.
    public func loadSnapshot(_ name: String) throws(QMPError) {
        try humanCommand("loadvm \(name)")
    }

    /// These commands say nothing when they succeed, and their reason otherwise.
    private func humanCommand(_ line: String) throws(QMPError) {
        let answer = try execute(
            "human-monitor-command", ["command-line": .string(line)],
            until: .after(Self.snapshotLimit))
        let text = answer.string ?? ""
        guard text.allSatisfy(\.isWhitespace) else {
            let firstLine = text.split(whereSeparator: \.isNewline).first ?? ""
            throw .refused(command: line, kind: "monitor", reason: String(firstLine))
        }
    }
}
