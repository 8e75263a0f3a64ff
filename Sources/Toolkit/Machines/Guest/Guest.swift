import ByteCoding
import GuestAgent
import Synchronization
public import SystemCalls

/// One machine and the guest in it. One thread calls what changes its life; the rest may be called
/// from any.
public final class Guest: Sendable {
    /// The life of a machine.
    private enum Life: Sendable {
        case off
        case on(Running)
    }

    private struct Running: Sendable {
        let process: ChildProcess
        let monitor: QMPClient
        let channel: GuestChannel
        /// Said by the guest when it is up.
        let nonce: String
        /// Where on the console the text of its last boot begins.
        var consoleStart: Int64
        /// Whether the process was stopped by us.
        var isFrozen = false
    }

    /// How long QEMU may take until it answers.
    static let startLimit = Duration.seconds(60)

    public let settings: GuestSettings
    public var name: String { settings.name }
    private let image: GuestImage
    private let accelerator: Accelerator
    private let life = Mutex<Life>(.off)

    public init(_ settings: GuestSettings, image: GuestImage, accelerator: Accelerator) {
        self.settings = settings
        self.image = image
        self.accelerator = accelerator
    }

    // MARK: - Life

    /// Switches the machine on: with a boot, or in the middle of a life that was kept under the
    /// name `state`. `started` hears of the process before anything else happens.
    public func start(
        from state: String? = nil, started: (ChildProcess) throws(SystemError) -> Void
    ) throws(GuestError) {
        if isOn { throw .wrongState(guest: name, deed: "start", state: "on") }
        let process: ChildProcess
        let nonce: String
        let consoleStart = consoleLength
        do throws(SystemError) {
            for path in [settings.monitorPath, settings.agentPath, settings.networkPath] {
                try FileSystem.removeFile(path)
            }
            nonce = Hexadecimal.encode(try KernelRandomness.bytes(8))
            let log = try FileSystem.open(settings.logPath, .append)
            process = try ChildProcess(
                executable: Accelerator.program,
                arguments: settings.arguments(image, accelerator, nonce: nonce, state: state),
                output: .descriptor(log), error: .descriptor(log))
            try started(process)
        } catch {
            throw .system(guest: name, during: "starting its machine", error)
        }
        let (channel, monitor) = try reach(process)
        life.withLock {
            $0 = .on(
                Running(
                    process: process, monitor: monitor, channel: channel, nonce: nonce,
                    consoleStart: consoleStart))
        }
    }

    /// Connects to a machine that was just started. One that ends meanwhile says why, which is
    /// more than a socket says that is not there.
    private func reach(
        _ process: ChildProcess
    ) throws(GuestError) -> (GuestChannel, QMPClient) {
        let deadline = Deadline.after(Self.startLimit)
        while true {
            do throws(GuestError) {
                let attempt = Deadline.after(.milliseconds(500))
                let channel = try GuestChannel(
                    guest: name, connectingTo: settings.agentPath, until: attempt)
                let monitor = try monitored { () throws(QMPError) in
                    try QMPClient.connect(to: settings.monitorPath, until: attempt)
                }
                return (channel, monitor)
            } catch {
                let status = (try? process.poll()) ?? nil
                guard status != nil || deadline.isPassed else { continue }
                _ = try? process.killAndWait()
                guard let status else { throw error }
                throw .ended(
                    guest: name, during: "starting", status: "\(status)",
                    lastLines: lastLogLines)
            }
        }
    }

    public var isOn: Bool {
        life.withLock { life in
            guard case .on(let running) = life else { return false }
            return (try? running.process.poll()) == .some(nil)
        }
    }

    /// Of the machine, while it is on.
    public var processID: Int32? { (try? running("be asked"))?.process.processID }

    private func running(_ deed: String) throws(GuestError) -> Running {
        guard case .on(let running) = life.withLock({ $0 }) else {
            throw .wrongState(guest: name, deed: deed, state: "off")
        }
        return running
    }

    /// Takes the power away: what the guest had not made durable is gone. A machine that is off
    /// stays off.
    public func cutPower() throws(GuestError) {
        guard case .on(let running) = life.withLock({ $0 }) else { return }
        running.channel.close()
        running.monitor.close()
        do throws(SystemError) {
            try running.process.killAndWait()
        } catch {
            throw .system(guest: name, during: "taking its power away", error)
        }
        life.withLock { $0 = .off }
    }

    /// Presses the reset button; the guest boots anew.
    public func reset() throws(GuestError) {
        try bootAnew("be reset") { monitor throws(QMPError) in try monitor.reset() }
    }

    /// How long a kernel may take to panic.
    static let panicLimit = Duration.seconds(60)
    private static let panicWords = "Kernel panic"

    /// Lets the guest's kernel panic by an interrupt that cannot be masked, and waits until it
    /// says so; it boots anew.
    public func panic() throws(GuestError) {
        let start = consoleLength
        try bootAnew("panic") { monitor throws(QMPError) in
            try monitor.injectUnmaskableInterrupt()
        }
        let deadline = Deadline.after(Self.panicLimit)
        while true {
            let text = console(from: start)
            if let words = text.firstRange(of: Self.panicWords) {
                let length = text[..<words.upperBound].utf8.count
                return setConsoleStart(start + Int64(length))
            }
            guard !deadline.isPassed else {
                throw .notReady(guest: name, awaited: "its panic", lastLines: lastLines(text))
            }
            sleepThread(for: .milliseconds(20))
        }
    }

    private func bootAnew(
        _ deed: String, _ body: (QMPClient) throws(QMPError) -> Void
    ) throws(GuestError) {
        let running = try running(deed)
        setConsoleStart(consoleLength)
        try monitored { () throws(QMPError) in try body(running.monitor) }
    }

    private func setConsoleStart(_ start: Int64) {
        life.withLock { life in
            guard case .on(var running) = life else { return }
            running.consoleStart = start
            life = .on(running)
        }
    }

    // MARK: - Time

    /// Stops the guest and its clock.
    public func pause() throws(GuestError) {
        try withMonitor("pause") { monitor throws(QMPError) in try monitor.pause() }
    }

    public func proceed() throws(GuestError) {
        try withMonitor("proceed") { monitor throws(QMPError) in try monitor.proceed() }
    }

    /// Stops the machine's process in its tracks; its clock goes on, and jumps when it is thawed.
    public func freeze() throws(GuestError) { try signal(Signals.stop, isFrozen: true) }

    public func thaw() throws(GuestError) { try signal(Signals.proceed, isFrozen: false) }

    private func signal(_ number: Int32, isFrozen: Bool) throws(GuestError) {
        let running = try running(isFrozen ? "be frozen" : "be thawed")
        do throws(SystemError) {
            try running.process.signal(number)
        } catch {
            throw .system(guest: name, during: "signalling its machine", error)
        }
        life.withLock { life in
            guard case .on(var running) = life else { return }
            running.isFrozen = isFrozen
            life = .on(running)
        }
    }

    public var isFrozen: Bool { (try? running("be asked"))?.isFrozen ?? false }

    // MARK: - Resources

    /// Leaves the guest so much memory; nil gives everything back.
    public func squeezeMemory(toMebibytes mebibytes: Int?) throws(GuestError) {
        let bytes = UInt64(mebibytes ?? settings.memoryMebibytes) << 20
        try withMonitor("get less memory") { monitor throws(QMPError) in
            try monitor.setMemory(bytes: bytes)
        }
    }

    public func memoryBytes() throws(GuestError) -> UInt64? {
        try withMonitor("be asked") { monitor throws(QMPError) in try monitor.memoryBytes() }
    }

    /// Lets the disk carry out so many operations a second; nil takes the limit away.
    public func throttleDisk(operationsPerSecond limit: UInt64?) throws(GuestError) {
        try withMonitor("be throttled") { monitor throws(QMPError) in
            try monitor.throttle(drive: GuestSettings.drive, operationsPerSecond: limit ?? 0)
        }
    }

    public func machineState() throws(GuestError) -> MachineState {
        try withMonitor("be asked") { monitor throws(QMPError) in try monitor.machineState() }
    }

    // MARK: - Snapshots

    public func saveSnapshot(_ state: String) throws(GuestError) {
        try withMonitor("be kept") { monitor throws(QMPError) in try monitor.saveSnapshot(state) }
    }

    public func loadSnapshot(_ state: String) throws(GuestError) {
        try withMonitor("be put back") { monitor throws(QMPError) in
            try monitor.loadSnapshot(state)
        }
    }

    private func withMonitor<Value>(
        _ deed: String, _ body: (QMPClient) throws(QMPError) -> Value
    ) throws(GuestError) -> Value {
        let running = try running(deed)
        return try monitored { () throws(QMPError) in try body(running.monitor) }
    }

    private func monitored<Value>(
        _ body: () throws(QMPError) -> Value
    ) throws(GuestError) -> Value {
        do throws(QMPError) {
            return try body()
        } catch {
            throw .monitor(guest: name, error)
        }
    }

    // MARK: - The guest itself

    /// The line to its agent.
    public func channel() throws(GuestError) -> GuestChannel {
        try running("be spoken to").channel
    }

    private var consoleLength: Int64 {
        (try? FileSystem.facts(settings.consolePath))??.size ?? 0
    }

    /// Waits until the guest has said that it is up, and its agent answers.
    public func awaitBoot(until deadline: Deadline) throws(GuestError) {
        let running = try running("be waited for")
        let marker = "ALLOCDB-GUEST-READY \(running.nonce)"
        while true {
            let text = console(from: running.consoleStart)
            if text.contains(marker) { break }
            let fatal = [Self.panicWords, "ALLOCDB-GUEST-FAILED", "Initramfs unpacking failed"]
            if fatal.contains(where: { text.contains($0) }) {
                throw .notReady(
                    guest: name, awaited: "a boot without a failure", lastLines: lastLines(text))
            }
            if let status = (try? running.process.poll()) ?? nil {
                throw .ended(
                    guest: name, during: "booting", status: "\(status)",
                    lastLines: lastLogLines + lastLines(text))
            }
            guard !deadline.isPassed else {
                throw .notReady(
                    guest: name, awaited: "the end of its boot", lastLines: lastLines(text))
            }
            sleepThread(for: .milliseconds(20))
        }
        _ = try running.channel.ask(.clock, until: deadline)
    }

    private func console(from start: Int64) -> String {
        let bytes = (try? FileSystem.read(settings.consolePath, limit: 64 << 20)) ?? []
        return String(decoding: bytes.dropFirst(Int(start)), as: UTF8.self)
    }

    private func lastLines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).suffix(12).map(String.init)
    }

    /// What QEMU itself said last.
    private var lastLogLines: [String] {
        let bytes = (try? FileSystem.read(settings.logPath, limit: 64 << 20)) ?? []
        return lastLines(String(decoding: bytes, as: UTF8.self))
    }
}
