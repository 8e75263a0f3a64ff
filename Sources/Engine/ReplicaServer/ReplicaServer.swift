import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// Sockets, files and clocks around one replica core; nothing is decided here (architecture.md).
///
/// One thread runs the loop, a second one the disk. The loop collects what one poll brought,
/// hands each piece to the core, lets it finish the round, and carries out its effects.
final class ReplicaServer<Core: ReplicaCore> {
    let layout: ClusterLayout
    let replica: ReplicaLayout
    let log: DaemonLog
    var core: Core

    let poller: Poller
    let signals: SignalReader
    let storage: StorageThread
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
    var stopping: Instant?
    var hasStopped = false

    /// Tokens below 16 are these and the listeners; connections count up from there.
    static var wakeUpToken: UInt64 { 0 }
    static var signalToken: UInt64 { 1 }
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
        layout: ClusterLayout, replica: ReplicaLayout, core: Core, storage: StorageThread,
        listeners: [Port: TCPListener], signals: SignalReader, log: DaemonLog
    ) throws(SystemError) {
        self.layout = layout
        self.replica = replica
        self.core = core
        self.storage = storage
        self.listeners = listeners
        self.signals = signals
        self.log = log
        poller = try Poller()
        isolation = IsolationWatch(path: layout.faultsPath, replica: replica.id)
        nextSweep = .now
        try poller.add(storage.finished.descriptor, token: Self.wakeUpToken, interest: .readable)
        try poller.add(signals.descriptor, token: Self.signalToken, interest: .readable)
        for (port, listener) in listeners {
            try poller.add(listener.descriptor, token: port.listenerToken, interest: .readable)
        }
    }

    /// Serves until a stop request or a termination signal has been carried out; false when the
    /// core did not finish in time, so that the storage may still be at work.
    func run() throws(SystemError) -> Bool {
        checkIsolation()
        for peer in layout.replicas where peer.id != replica.id { reconnectAt[peer.id] = .now }
        while !hasStopped {
            let ready = try poller.wait(waitingTime())
            let now = Instant.now
            for event in ready { handle(event, at: now) }
            if now >= core.nextWakeUp { pendingInputs.append(.timer) }
            if now >= nextSweep { sweep(at: now) }
            connectPeers(at: now)
            feedCore(at: now)
            if let stopping, now - stopping >= Self.stopLimit { return hasStopped }
        }
        return true
    }

    private func waitingTime() -> Duration {
        if !pendingInputs.isEmpty { return .zero }
        return max(.zero, min(core.nextWakeUp, nextSweep) - .now)
    }

    private func handle(_ event: Poller.Ready, at now: Instant) {
        switch event.token {
        case Self.wakeUpToken:
            for completion in storage.takeCompletions() {
                pendingInputs.append(.storageFinished(completion.token, completion.outcome))
            }
        case Self.signalToken:
            while signals.next() != nil { beginStop(at: now) }
        default:
            if let port = Port.allCases.first(where: { $0.listenerToken == event.token }) {
                acceptConnections(on: port, at: now)
            } else if let request = requests[event.token] {
                progress(request, event.interest, at: now)
            } else if let stream = streams[event.token] {
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
            storage.submit(job)
        case .log(let line):
            log.line(line)
        case .stopped:
            hasStopped = true
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

    /// Makes the poller watch for `interest`; failures show at the next use of the socket.
    func watch(
        _ descriptor: FileDescriptor, id: UInt64, watched: inout Poller.Interest?,
        interest: Poller.Interest
    ) {
        if watched == interest { return }
        if watched == nil {
            try? poller.add(descriptor, token: id, interest: interest)
        } else {
            try? poller.modify(descriptor, token: id, interest: interest)
        }
        watched = interest
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
