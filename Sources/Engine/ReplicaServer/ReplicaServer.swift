import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// Sockets, files and clocks around one replica core; nothing is decided here (architecture.md).
///
/// In a round it collects what one poll brought, hands each piece to the core, lets it finish
/// the round, and carries out its effects. `ServerThreads` runs it: one call at a time.
final class ReplicaServer<Core: ReplicaCore> {
    let layout: ClusterLayout
    let replica: ReplicaLayout
    let log: DaemonLog
    var core: Core

    let poller: Poller
    let signals: SignalReader
    /// Ends a wait of the poller's before its time.
    let interruption: WakeUp
    /// Ends it when something is due, and when that is.
    private let alarm: AlarmClock
    private var alarmIsAt: Instant?
    let listeners: [Port: TCPListener]
    var isolation: IsolationWatch

    var requests: [UInt64: RequestConnection] = [:]
    var streams: [UInt64: PeerStream] = [:]
    /// Outgoing streams by peer, and when to try the next one where there is none.
    var outgoing: [ReplicaID: UInt64] = [:]
    var reconnectAt: [ReplicaID: Instant] = [:]
    var reconnectPause: [ReplicaID: Duration] = [:]
    var openRequests: [Port: Int] = [:]
    var acceptPausedUntil: [Port: Instant] = [:]
    var nextConnectionID: UInt64 = 16
    var nextSweep: Instant
    var effects: [LiveEffect] = []
    var pendingInputs: [LiveInput] = []
    /// Work for the disk in order, and whether a thread is at it.
    private var jobs: [StorageJob] = []
    private var isWriting = false
    var stopping: Instant?
    private(set) var ending: ServerThreads<Core>.Ending?

    /// Tokens below 16 are these and the listeners (2 to 4); connections count up from there.
    static var wakeUpToken: UInt64 { 0 }
    static var signalToken: UInt64 { 1 }
    static var alarmToken: UInt64 { 5 }
    /// How often deadlines of connections and the fault file are looked at while there is
    /// something to look at.
    static var sweepInterval: Duration { .milliseconds(50) }
    static var idleSweepInterval: Duration { .milliseconds(250) }
    /// A stop that takes longer ends the process anyway; what is durable stays durable.
    static var stopLimit: Duration { .seconds(3) }
    /// The first pause before a lost peer is tried again; it doubles up to the longest.
    static var shortestReconnectPause: Duration { .milliseconds(25) }
    static var longestReconnectPause: Duration { .milliseconds(200) }

    init(
        layout: ClusterLayout, replica: ReplicaLayout, core: Core,
        listeners: [Port: TCPListener], signals: SignalReader, log: DaemonLog
    ) throws(SystemError) {
        self.layout = layout
        self.replica = replica
        self.core = core
        self.listeners = listeners
        self.signals = signals
        self.log = log
        poller = try Poller()
        interruption = try WakeUp()
        alarm = try AlarmClock()
        isolation = IsolationWatch(path: layout.faultsPath, replica: replica.id)
        nextSweep = .now
        let once: Poller.Interest = [.readable, .once]
        try poller.add(interruption.descriptor, token: Self.wakeUpToken, interest: once)
        try poller.add(alarm.descriptor, token: Self.alarmToken, interest: once)
        try poller.add(signals.descriptor, token: Self.signalToken, interest: once)
        for (port, listener) in listeners {
            try poller.add(listener.descriptor, token: port.listenerToken, interest: once)
        }
    }

    func begin() {
        checkIsolation()
        for peer in layout.replicas where peer.id != replica.id { reconnectAt[peer.id] = .now }
        setAlarm()
    }

    /// One round with what the poller found.
    func serve(_ ready: [Poller.Ready]) {
        let now = Instant.now
        for event in ready { handle(event, at: now) }
        if now >= core.nextWakeUp { pendingInputs.append(.timer) }
        if now >= nextSweep { sweep(at: now) }
        connectPeers(at: now)
        feedCore(at: now)
        if let stopping, now - stopping >= Self.stopLimit { end(.hung) }
    }

    /// Whether there is something to do before any socket says something.
    var isDue: Bool { !pendingInputs.isEmpty || ending != nil }

    /// Makes the poller's wait end when something is due. An alarm that is early does no harm.
    private func setAlarm() {
        let next = min(core.nextWakeUp, nextSweep)
        if let alarmIsAt, alarmIsAt <= next { return }
        alarmIsAt = next
        // Fails only for a time before 0.
        try? alarm.set(next)
    }

    /// The first ending stands.
    func end(_ ending: ServerThreads<Core>.Ending) {
        if self.ending == nil { self.ending = ending }
    }

    // MARK: - Work for the disk

    /// Whether the caller must now run the jobs, because there are some and nobody does.
    func takeWriting() -> Bool {
        guard !jobs.isEmpty, !isWriting else { return false }
        isWriting = true
        return true
    }

    /// The next job for the thread that runs them; nil ends its turn.
    func nextJob() -> StorageJob? {
        guard let job = jobs.first else {
            isWriting = false
            return nil
        }
        jobs.removeFirst()
        return job
    }

    func finish(_ job: StorageJob, _ outcome: StorageOutcome) {
        pendingInputs.append(.storageFinished(job.token, outcome))
        feedCore(at: .now)
    }

    // MARK: - A round

    private func handle(_ event: Poller.Ready, at now: Instant) {
        switch event.token {
        case Self.wakeUpToken:
            interruption.consume()
            rearm(interruption.descriptor, event.token)
        case Self.alarmToken:
            alarm.consume()
            alarmIsAt = nil
            rearm(alarm.descriptor, event.token)
        case Self.signalToken:
            while signals.next() != nil { beginStop(at: now) }
            rearm(signals.descriptor, event.token)
        default:
            if let port = Port.allCases.first(where: { $0.listenerToken == event.token }) {
                acceptConnections(on: port, at: now)
            } else if let request = requests[event.token] {
                request.watch = .reported
                progress(request, event.interest, at: now)
            } else if let stream = streams[event.token] {
                stream.watch = .reported
                progress(stream, event.interest, at: now)
            }
        }
    }

    func beginStop(at now: Instant) {
        guard stopping == nil else { return }
        stopping = now
        pendingInputs.append(.stop)
    }

    /// Hands everything that has happened to the core and carries out what it wants. Failures of
    /// sends become inputs of the next round.
    private func feedCore(at now: Instant) {
        let inputs = pendingInputs
        pendingInputs = []
        for input in inputs { core.handle(input, at: now, effects: &effects) }
        core.finishRound(at: now, effects: &effects)
        let wanted = effects
        effects.removeAll(keepingCapacity: true)
        for effect in wanted { carryOut(effect, at: now) }
        flushStreams()
        setAlarm()
    }

    private func carryOut(_ effect: LiveEffect, at now: Instant) {
        switch effect {
        case .reply(let token, let bytes):
            if let request = requests[token.rawValue] { reply(bytes, to: request, at: now) }
        case .send(let peer, let message):
            if let id = outgoing[peer], let stream = streams[id] { queue(message, on: stream) }
        case .answer(let token, let message):
            if let stream = streams[token.rawValue] { queue(message, on: stream) }
        case .reconnect(let peer):
            if let id = outgoing[peer], let stream = streams[id] { close(stream, at: now) }
        case .store(let job):
            jobs.append(job)
        case .log(let line):
            log.line(line)
        case .stopped:
            end(.clean)
        }
    }

    /// Deadlines of connections, and the fault file.
    private func sweep(at now: Instant) {
        for request in requests.values { perform(request.machine.tick(at: now), request, at: now) }
        expireHandshakes(at: now)
        resumeAccepting(at: now)
        checkIsolation()
        let isIdle = requests.isEmpty && acceptPausedUntil.isEmpty && outgoing.count >= 2
        nextSweep = now + (isIdle ? Self.idleSweepInterval : Self.sweepInterval)
    }

    func checkIsolation() {
        switch isolation.look() {
        case .unchanged: break
        case .unusable(let reason): log.event("event=fault_file_unusable error=\(reason)")
        case .changed(let isolated):
            log.event("event=network_\(isolated ? "isolated" : "healthy")")
            pendingInputs.append(.isolationChanged(isolated: isolated))
            if isolated { for stream in streams.values { close(stream, at: .now) } }
        }
    }

    func newConnectionID() -> UInt64 {
        defer { nextConnectionID += 1 }
        return nextConnectionID
    }

    /// Makes the poller report the next `interest`, once and to one of the threads; failures show
    /// at the next use of the socket.
    func arm(
        _ descriptor: FileDescriptor, id: UInt64, _ watch: inout SocketWatch,
        for interest: Poller.Interest
    ) {
        switch watch {
        case .armed(interest): return
        case .none: try? poller.add(descriptor, token: id, interest: interest.union(.once))
        case .armed, .reported:
            try? poller.modify(descriptor, token: id, interest: interest.union(.once))
        }
        watch = .armed(interest)
    }

    /// The same for what is always waited for. Fails only for descriptors the poller does not know.
    func rearm(_ descriptor: FileDescriptor, _ token: UInt64) {
        try? poller.modify(descriptor, token: token, interest: [.readable, .once])
    }
}

extension Port {
    var listenerToken: UInt64 {
        switch self {
        case .control: 2
        case .client: 3
        case .protocol: 4
        }
    }
}
