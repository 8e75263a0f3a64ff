import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls

@testable import Replication

/// How one schedule differs from another, all derived from its seed.
struct Weather: Sendable {
    /// Messages of one stream arrive in order and none is lost while it lasts; otherwise they
    /// are lost, doubled and overtaken.
    var hasOrderedStreams = true
    var powerCuts = true
    /// Small bounds, so that compaction, checkpoints and snapshot transfer happen all the time.
    var smallLimits = false
    var faultsPerSecond = 2
    var clients = 4
    var faultSeconds = 5
    var disksLieAboutSyncs = false
    var quorum = 2
    var hasTakeovers = true
}

/// Three replicas, their disks, the network between them, clients, and somebody who breaks
/// things, in one deterministic loop.
struct Simulation {
    enum Event {
        case ask(from: Int, to: Int, connection: UInt64, toLife: Int, PeerMessage)
        case answer(from: Int, to: Int, connection: UInt64, toLife: Int, PeerMessage)
        case connect(from: Int, to: Int)
        case disconnect(from: Int, to: Int, life: Int)
        case runJob(Int, life: Int)
        case jobDone(Int, life: Int, StorageToken, StorageOutcome)
        case timer(Int, life: Int, order: UInt64)
        case request(Int, life: Int, RequestToken, ClientRequest)
        case reply(RequestToken, [UInt8])
        case clientAwakes(Int)
        case clientGivesUp(RequestToken)
        case fault
        case restart(Int)
    }

    struct Node {
        var core: LiveReplica?
        var disk = SimulatedDisk()
        var life = 0
        var jobs: [StorageJob] = []
        var isJobRunning = false
        var timerOrder: UInt64 = 0
        var commit = LSN(0)
        var diskDelay = 1
        var isDown: Bool { core == nil }
    }

    let seed: UInt64
    let weather: Weather
    var dice: Dice
    var now = Instant(nanoseconds: 1_000_000_000)
    var queue = EventQueue<Event>()
    var nodes = [Node(), Node(), Node()]
    /// The number of the current connection from one replica to another; 0 while there is none.
    var connections = [[UInt64]](repeating: [0, 0, 0], count: 3)
    var lastArrival = [[Instant]](
        repeating: Array(repeating: Instant(nanoseconds: 0), count: 3), count: 6)
    var connectionCount: UInt64 = 0
    var blocked = [[Bool]](repeating: [false, false, false], count: 3)
    var clients: SimulatedClients
    var witness = Witness()
    var faultsEnd: Instant
    var takeovers = 0
    var restarts = 0
    var events = 0
    var problems: [String] = []
    var trace: [String] = []
    var isTracing = false

    init(seed: UInt64, weather: Weather) {
        self.seed = seed
        self.weather = weather
        dice = Dice(seed: seed)
        clients = SimulatedClients(count: weather.clients)
        faultsEnd = now + .seconds(weather.faultSeconds)
        for index in nodes.indices {
            nodes[index].disk.liesAboutSyncs = weather.disksLieAboutSyncs
        }
    }

    // MARK: - Running

    /// Runs the schedule: faults, then quiet, then the last judgement.
    mutating func run() {
        for index in nodes.indices { start(index) }
        for client in clients.indices {
            queue.add(.clientAwakes(client), at: now + .milliseconds(client))
        }
        queue.add(.fault, at: now + .milliseconds(300))
        runEvents(until: faultsEnd)
        endFaults()
        // A stream that was silent is given up after three seconds, so quiet takes longer.
        runEvents(until: faultsEnd + .seconds(5))
        clients.areAtRest = true
        runEvents(until: faultsEnd + .seconds(12))
        judge()
    }

    private mutating func runEvents(until end: Instant) {
        while problems.isEmpty, let next = queue.nextTime, next <= end,
            let (at, event) = queue.next()
        {
            now = at
            events += 1
            take(event)
        }
        now = max(now, end)
    }

    mutating func fail(_ problem: String) {
        problems.append("seed \(seed) at \(now.nanoseconds / 1_000_000) ms: \(problem)")
    }

    func log(_ text: @autoclosure () -> String) {
        if isTracing { print("\(now.nanoseconds / 1_000) us \(text())") }
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .ask(let from, let to, let connection, let life, let message):
            guard nodes[to].life == life, !blocked[from][to] else { return }
            guard !weather.hasOrderedStreams || connections[from][to] == connection else { return }
            log("\(from + 1) asks \(to + 1): \(message)")
            let stream = StreamToken(connection << 8 | UInt64(from))
            hand(to, .peerRequest(ReplicaID(UInt64(from + 1)), stream, message))
        case .answer(let from, let to, let connection, let life, let message):
            guard nodes[to].life == life, !blocked[from][to] else { return }
            guard !weather.hasOrderedStreams || connections[to][from] == connection else { return }
            log("\(from + 1) answers \(to + 1): \(message)")
            hand(to, .peerAnswer(ReplicaID(UInt64(from + 1)), message))
        case .connect(let from, let to): connect(from, to)
        case .disconnect(let from, let to, let life):
            guard nodes[from].life == life, !nodes[from].isDown else { return }
            hand(from, .peerDisconnected(ReplicaID(UInt64(to + 1))))
            queue.add(.connect(from: from, to: to), at: now + .milliseconds(20 + dice.below(60)))
        case .runJob(let index, let life): runJob(index, life)
        case .jobDone(let index, let life, let token, let outcome):
            guard nodes[index].life == life, !nodes[index].isDown else { return }
            nodes[index].isJobRunning = false
            hand(index, .storageFinished(token, outcome))
            startJob(index)
        case .timer(let index, let life, let order):
            guard nodes[index].life == life, nodes[index].timerOrder == order else { return }
            hand(index, .timer)
        case .request(let index, let life, let token, let request):
            guard nodes[index].life == life, !nodes[index].isDown else { return }
            hand(index, .client(token, request))
        case .reply(let token, let bytes): clientHears(token, bytes)
        case .clientAwakes(let client): clientActs(client)
        case .clientGivesUp(let token): clientGivesUp(token)
        case .fault: breakSomething()
        case .restart(let index):
            if nodes[index].isDown { start(index) }
        }
    }

    // MARK: - Replicas

    func settings(_ index: Int) -> LiveSettings {
        let id = ReplicaID(UInt64(index + 1))
        var settings = LiveSettings(
            identity: ReplicaIdentity(replicaID: id, shardID: ShardID(0)),
            peers: (1...3).map { ReplicaID($0) }.filter { $0 != id },
            kernel: SimulatedClients.kernel,
            engine: EngineConfiguration(
                maxSubmissionQueue: 64, maxCommandBytes: 4096, maxExpirationsPerTick: 4),
            layoutRole: index == 0 ? .primary : .backup, layoutView: View(1))
        settings.quorum = weather.quorum
        guard weather.smallLimits else { return settings }
        settings.limits.recentEntries = 4
        settings.limits.recentBytes = 512
        settings.limits.journalBytes = 1500
        settings.limits.logBytes = 3000
        settings.limits.messageEntries = 3
        settings.limits.messagesInFlight = 2
        settings.limits.messageBytes = 300
        settings.limits.snapshotChunkBytes = 200
        settings.limits.pendingEntries = 12
        return settings
    }

    mutating func start(_ index: Int) {
        nodes[index].life += 1
        restarts += 1
        do {
            let core = try LiveReplica.open(settings(index), on: &nodes[index].disk, at: now)
            if nodes[index].disk.hasCrashed { return crashed(index) }
            nodes[index].core = core
            if let reason = core.status.faultReason {
                fail("replica \(index + 1) is faulted after a start: \(reason)")
            }
            log("\(index + 1) starts: \(core.status)")
            nodes[index].commit = core.log.commit
            for peer in nodes.indices where peer != index {
                queue.add(
                    .connect(from: index, to: peer), at: now + .milliseconds(1 + dice.below(30)))
                if connections[peer][index] != 0 {
                    connections[peer][index] = 0
                    queue.add(
                        .disconnect(from: peer, to: index, life: nodes[peer].life),
                        at: now + .milliseconds(dice.below(5)))
                }
            }
            hand(index, .timer)
        } catch {
            if nodes[index].disk.hasCrashed { return crashed(index) }
            fail("replica \(index + 1) does not start: \(error)")
        }
    }

    private mutating func crashed(_ index: Int) {
        crash(index, powerCut: weather.powerCuts && dice.chance(50))
        queue.add(.restart(index), at: now + .milliseconds(50 + dice.below(1000)))
    }

    mutating func crash(_ index: Int, powerCut: Bool) {
        log("\(index + 1) crashes, power cut \(powerCut)")
        nodes[index].core = nil
        nodes[index].life += 1
        nodes[index].jobs.removeAll()
        nodes[index].isJobRunning = false
        nodes[index].disk.crash(powerCut: powerCut, &dice)
        for peer in nodes.indices where peer != index {
            connections[index][peer] = 0
            if connections[peer][index] != 0 {
                connections[peer][index] = 0
                queue.add(
                    .disconnect(from: peer, to: index, life: nodes[peer].life),
                    at: now + .milliseconds(1 + dice.below(20)))
            }
        }
    }

    mutating func hand(_ index: Int, _ input: LiveInput) {
        guard nodes[index].core != nil else { return }
        var effects: [LiveEffect] = []
        nodes[index].core?.handle(input, at: now, effects: &effects)
        nodes[index].core?.finishRound(at: now, effects: &effects)
        for effect in effects { carryOut(effect, of: index) }
        observe(index)
        guard let core = nodes[index].core else { return }
        nodes[index].timerOrder += 1
        queue.add(
            .timer(index, life: nodes[index].life, order: nodes[index].timerOrder),
            at: core.nextWakeUp)
    }

    private mutating func carryOut(_ effect: LiveEffect, of index: Int) {
        switch effect {
        case .reply(let token, let bytes):
            witness.replied(token, by: index, commit: nodes[index].core?.log.commit ?? LSN(0))
            queue.add(.reply(token, bytes), at: now + .milliseconds(1 + dice.below(3)))
        case .send(let peer, let message):
            let to = Int(peer.rawValue) - 1
            send(message, from: index, to: to)
        case .answer(let stream, let message):
            let to = Int(stream.rawValue & 0xff)
            answer(message, from: index, to: to, connection: stream.rawValue >> 8)
        case .reconnect(let peer):
            let to = Int(peer.rawValue) - 1
            connections[index][to] = 0
            queue.add(
                .connect(from: index, to: to), at: now + .milliseconds(20 + dice.below(60)))
        case .store(let job):
            nodes[index].jobs.append(job)
            if nodes[index].jobs.count > 8 { fail("\(nodes[index].jobs.count) jobs are queued") }
            startJob(index)
        case .log(let line): log(line)
        case .stopped: break
        }
    }

    // MARK: - Disks

    private mutating func startJob(_ index: Int) {
        guard !nodes[index].isJobRunning, !nodes[index].jobs.isEmpty else { return }
        nodes[index].isJobRunning = true
        let delay = 1 + dice.below(3) + dice.below(nodes[index].diskDelay)
        queue.add(.runJob(index, life: nodes[index].life), at: now + .milliseconds(delay))
    }

    private mutating func runJob(_ index: Int, _ life: Int) {
        guard nodes[index].life == life, !nodes[index].jobs.isEmpty else { return }
        let job = nodes[index].jobs.removeFirst()
        let outcome = job.run(on: &nodes[index].disk)
        if nodes[index].disk.hasCrashed { return crashed(index) }
        if case .failed(let failure) = outcome { fail("storage failed: \(failure)") }
        queue.add(
            .jobDone(index, life: life, job.token, outcome),
            at: now + .microseconds(100 + dice.below(900)))
    }

    // MARK: - Network

    private mutating func connect(_ from: Int, _ to: Int) {
        guard connections[from][to] == 0, !nodes[from].isDown else { return }
        guard !nodes[to].isDown, !blocked[from][to], !blocked[to][from] else {
            queue.add(.connect(from: from, to: to), at: now + .milliseconds(50 + dice.below(100)))
            return
        }
        connectionCount += 1
        connections[from][to] = connectionCount
        hand(from, .peerConnected(ReplicaID(UInt64(to + 1))))
    }

    private mutating func send(_ message: PeerMessage, from: Int, to: Int) {
        let connection = connections[from][to]
        guard connection != 0 else { return }
        deliver(lane: from, to) { life in
            .ask(from: from, to: to, connection: connection, toLife: life, message)
        }
    }

    private mutating func answer(
        _ message: PeerMessage, from: Int, to: Int, connection: UInt64
    ) {
        guard connections[to][from] == connection || !weather.hasOrderedStreams else { return }
        deliver(lane: 3 + from, to) { life in
            .answer(from: from, to: to, connection: connection, toLife: life, message)
        }
    }

    private mutating func deliver(lane: Int, _ to: Int, _ event: (Int) -> Event) {
        let life = nodes[to].life
        let delay = now + .microseconds(200 + dice.below(2000))
        if weather.hasOrderedStreams {
            let arrival = max(delay, lastArrival[lane][to])
            lastArrival[lane][to] = arrival
            queue.add(event(life), at: arrival)
            return
        }
        let isQuiet = now >= faultsEnd
        if !isQuiet, dice.chance(5) { return }
        let extra = !isQuiet && dice.chance(10) ? dice.below(300) : 0
        queue.add(event(life), at: delay + .milliseconds(extra))
        if !isQuiet, dice.chance(5) {
            queue.add(event(life), at: delay + .milliseconds(dice.below(400)))
        }
    }
}
