import Randomness
import Synchronization
public import SystemCalls

/// An Ethernet switch in user space: one thread that moves frames between ports, and rules that
/// disturb them link by link.
///
/// Changes of rules are one step, and hold for every frame that is sent after the call returned;
/// a cut also stops frames that were held back before. A rule ends by itself with its lease, and
/// all of them with this process.
public final class EthernetSwitch: Sendable {
    /// Frames read from one port before the others have their turn.
    static let burst = 64
    /// Frames that wait for one port to have room; more are lost, as in every switch.
    static let egressLimit = 4096

    private static let wakeToken = UInt64.max
    private static let alarmToken = UInt64.max - 1

    private struct State: Sendable {
        var core: SwitchCore
        var ports: [Port] = []
        var isEnding = false
    }

    private struct Port: Sendable {
        let port: any SwitchPort
        var waiting: [(link: Link, bytes: [UInt8])] = []
        var failure: SystemError?
        /// Whether the poller tells when it has room again.
        var isAwaited = false

        init(port: any SwitchPort) { self.port = port }
    }

    private let shared: Shared
    private let thread: WorkerThread

    private final class Shared: Sendable {
        let state: Mutex<State>
        /// How many callers want the lock: the thread steps back for them.
        let callers = Atomic<Int>(0)
        let poller: Poller
        let wakeUp: WakeUp
        let alarm: AlarmClock

        init(seed: UInt64) throws(SystemError) {
            let random = SeededRandom(seed: seed, stream: 0x7377_6974)
            state = Mutex(State(core: SwitchCore(random: random)))
            poller = try Poller()
            wakeUp = try WakeUp()
            alarm = try AlarmClock()
            try poller.add(wakeUp.descriptor, token: wakeToken, interest: .readable)
            try poller.add(alarm.descriptor, token: alarmToken, interest: .readable)
        }

        func locked<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
            callers.add(1, ordering: .acquiringAndReleasing)
            defer { callers.subtract(1, ordering: .acquiringAndReleasing) }
            return state.withLock { state in body(&state) }
        }
    }

    /// All chances follow from the seed and the order of the frames.
    public init(seed: UInt64) throws(SystemError) {
        let shared = try Shared(seed: seed)
        self.shared = shared
        thread = try WorkerThread(name: "switch") { Self.serve(shared) }
    }

    deinit { stop() }

    /// Ends the thread; frames are not moved any more. Ports close with their last owner.
    public func stop() {
        shared.locked { $0.isEnding = true }
        shared.wakeUp.signal()
        thread.join()
        shared.locked { $0.ports = [] }
    }

    public func attach(_ port: any SwitchPort) throws(SystemError) -> PortID {
        let id = shared.locked { state in
            let id = state.core.attach()
            if id != nil { state.ports.append(Port(port: port)) }
            return id
        }
        guard let id else {
            throw SystemError(
                call: "attach", code: 0,
                subject: "no port left of \(SwitchCore.portLimit) on the switch")
        }
        try shared.poller.add(
            port.descriptor, token: UInt64(id.rawValue), interest: .readable)
        return id
    }

    /// Puts another cable into a port, as after a machine was replaced: the rules about the port
    /// hold for it. What waited for the old one is lost.
    public func reattach(_ port: any SwitchPort, as id: PortID) throws(SystemError) {
        let old = shared.locked { state -> Port? in
            guard state.ports.indices.contains(id.rawValue) else { return nil }
            let old = state.ports[id.rawValue]
            // The lock is held, so nobody is told of the old descriptor after this.
            if old.failure == nil { try? shared.poller.remove(old.port.descriptor) }
            state.ports[id.rawValue] = Port(port: port)
            return old
        }
        guard old != nil else {
            throw SystemError(call: "reattach", code: 0, subject: "no \(id) on the switch")
        }
        try shared.poller.add(
            port.descriptor, token: UInt64(id.rawValue), interest: .readable)
    }

    // MARK: - Rules

    /// Takes rules away and adds others in one step.
    @discardableResult
    public func change(
        adding added: [SwitchRule], removing removed: [RuleID] = []
    ) -> [RuleID] {
        defer { shared.wakeUp.signal() }
        return shared.locked { state in
            state.core.change(adding: added, removing: removed, at: .now)
        }
    }

    public func status(of rule: RuleID) -> RuleStatus? {
        shared.locked { $0.core.status(of: rule) }
    }

    public func counts(of port: PortID) -> PortCounts? {
        shared.locked { $0.core.counts(of: port) }
    }

    /// Why a port does not work any more; nil while it does.
    public func failure(of port: PortID) -> SystemError? {
        shared.locked { state in
            state.ports.indices.contains(port.rawValue) ? state.ports[port.rawValue].failure : nil
        }
    }

    // MARK: - The thread

    private static func serve(_ shared: Shared) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: FrameHeader.frameLimit, alignment: 16)
        defer { buffer.deallocate() }
        var alarm: Instant?
        while true {
            // Nothing but a broken poller fails here, and then there is nothing left to serve.
            guard let ready = try? shared.poller.wait(nil) else { return }
            while shared.callers.load(ordering: .acquiring) > 0 {
                sleepThread(for: .microseconds(10))
            }
            let (next, isEnding) = shared.state.withLock { state in
                for entry in ready {
                    switch entry.token {
                    case wakeToken: shared.wakeUp.consume()
                    case alarmToken:
                        shared.alarm.consume()
                        alarm = nil
                    case let number:
                        serve(PortID(Int(number)), entry.interest, &state, shared, buffer)
                    }
                }
                move(&state, shared) { core, deliver in core.advance(to: .now, deliver: deliver) }
                return (state.core.nextEvent, state.isEnding)
            }
            if isEnding { return }
            if let next, alarm.map({ next < $0 }) ?? true {
                // A timer that cannot be set is looked at with the next frame.
                try? shared.alarm.set(next)
                alarm = next
            }
        }
    }

    private static func serve(
        _ id: PortID, _ interest: Poller.Interest, _ state: inout State, _ shared: Shared,
        _ buffer: UnsafeMutableRawBufferPointer
    ) {
        guard state.ports.indices.contains(id.rawValue),
            state.ports[id.rawValue].failure == nil
        else { return }
        if interest.contains(.writable) { flush(id, &state, shared) }
        guard interest.contains(.readable) else { return }
        let port = state.ports[id.rawValue].port
        let now = Instant.now
        for _ in 0..<burst {
            do throws(SystemError) {
                guard let count = try port.receive(into: buffer) else { return }
                let frame = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                move(&state, shared) { core, deliver in
                    core.receive(frame, from: id, at: now, deliver: deliver)
                }
            } catch {
                fail(id, error, &state, shared)
                return
            }
        }
    }

    /// Lets the core work, and hands what it delivers to the ports.
    private static func move(
        _ state: inout State, _ shared: Shared,
        _ work: (inout SwitchCore, SwitchCore.Deliver) -> Void
    ) {
        var ports = state.ports
        state.ports = []
        var overflows: [PortID] = []
        var failures: [(PortID, SystemError)] = []
        work(&state.core) { link, frame in
            let number = link.to.rawValue
            guard ports.indices.contains(number), ports[number].failure == nil else { return }
            do throws(SystemError) {
                if ports[number].waiting.isEmpty, try ports[number].port.send(frame) {
                    if try !ports[number].port.finishSending() {
                        awaitRoom(PortID(number), &ports[number], shared)
                    }
                    return
                }
            } catch {
                failures.append((link.to, error))
                return
            }
            if ports[number].waiting.count >= egressLimit {
                overflows.append(link.to)
                return
            }
            awaitRoom(PortID(number), &ports[number], shared)
            ports[number].waiting.append((link, Array(frame)))
        }
        state.ports = ports
        for port in overflows { state.core.overflowed(at: port) }
        for (port, failure) in failures { fail(port, failure, &state, shared) }
    }

    /// Asks to be told when a port has room again.
    private static func awaitRoom(_ id: PortID, _ port: inout Port, _ shared: Shared) {
        if port.isAwaited { return }
        port.isAwaited = true
        try? shared.poller.modify(
            port.port.descriptor, token: UInt64(id.rawValue), interest: [.readable, .writable])
    }

    /// The port has room again.
    private static func flush(_ id: PortID, _ state: inout State, _ shared: Shared) {
        let number = id.rawValue
        var sent = 0
        var isFinished = false
        do throws(SystemError) {
            for entry in state.ports[number].waiting {
                if let rule = state.core.cut(entry.link) {
                    state.core.dropped(by: rule)
                } else if !(try send(entry.bytes, to: state.ports[number].port)) {
                    break
                }
                sent += 1
            }
            isFinished = try state.ports[number].port.finishSending()
        } catch {
            fail(id, error, &state, shared)
            return
        }
        state.ports[number].waiting.removeFirst(sent)
        if isFinished, state.ports[number].waiting.isEmpty {
            state.ports[number].isAwaited = false
            try? shared.poller.modify(
                state.ports[number].port.descriptor, token: UInt64(number), interest: .readable)
        }
    }

    private static func send(
        _ bytes: [UInt8], to port: any SwitchPort
    ) throws(SystemError) -> Bool {
        var failure: SystemError?
        let isTaken = bytes.withUnsafeBytes { frame -> Bool in
            do throws(SystemError) {
                return try port.send(frame)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return isTaken
    }

    /// The cable of that port hangs in the air from now on.
    private static func fail(
        _ id: PortID, _ error: SystemError, _ state: inout State, _ shared: Shared
    ) {
        guard state.ports[id.rawValue].failure == nil else { return }
        state.ports[id.rawValue].failure = error
        state.ports[id.rawValue].waiting = []
        try? shared.poller.remove(state.ports[id.rawValue].port.descriptor)
    }
}
