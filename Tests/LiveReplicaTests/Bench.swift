import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls

@testable import Replication

/// One replica on a bench: its disk works when told to, its peers say what the test says.
struct Bench {
    var core: LiveReplica
    var disk: SimulatedDisk
    var now = Instant(nanoseconds: 1_000_000_000)
    var jobs: [StorageJob] = []
    var replies: [RequestToken: [UInt8]] = [:]
    var sent: [(to: ReplicaID, message: PeerMessage)] = []
    var answers: [PeerMessage] = []
    private var nextToken: UInt64 = 1

    static let one = ReplicaID(1)
    static let two = ReplicaID(2)
    static let three = ReplicaID(3)

    static func settings(_ id: ReplicaID, role: ReplicaRole) -> LiveSettings {
        LiveSettings(
            identity: ReplicaIdentity(replicaID: id, shardID: ShardID(0)),
            peers: [one, two, three].filter { $0 != id }, kernel: SimulatedClients.kernel,
            engine: EngineConfiguration(
                maxSubmissionQueue: 64, maxCommandBytes: 4096, maxExpirationsPerTick: 4),
            layoutRole: role, layoutView: View(1))
    }

    init(_ role: ReplicaRole, disk: SimulatedDisk = SimulatedDisk()) throws {
        let id = role == .primary ? Self.one : Self.two
        try self.init(Self.settings(id, role: role), disk: disk)
    }

    init(_ settings: LiveSettings, disk: SimulatedDisk = SimulatedDisk()) throws {
        self.disk = disk
        core = try LiveReplica.open(settings, on: &self.disk, at: now)
    }

    /// Starts again from what the disk holds.
    mutating func restart() throws {
        now = now + .milliseconds(10)
        core = try LiveReplica.open(core.settings, on: &disk, at: now)
        jobs.removeAll()
        sent.removeAll()
        answers.removeAll()
    }

    /// Hands in all of `inputs` in one round.
    mutating func round(_ inputs: [LiveInput]) {
        var effects: [LiveEffect] = []
        for input in inputs { core.handle(input, at: now, effects: &effects) }
        core.finishRound(at: now, effects: &effects)
        for effect in effects {
            switch effect {
            case .reply(let token, let bytes): replies[token] = bytes
            case .send(let peer, let message): sent.append((peer, message))
            case .answer(_, let message): answers.append(message)
            case .store(let job): jobs.append(job)
            case .reconnect, .log, .stopped: break
            }
        }
    }

    mutating func hand(_ input: LiveInput) { round([input]) }

    mutating func wait(_ duration: Duration) {
        now = now + duration
        hand(.timer)
    }

    /// Lets the disk do everything there is to do.
    mutating func runDisk() {
        while !jobs.isEmpty {
            let job = jobs.removeFirst()
            hand(.storageFinished(job.token, job.run(on: &disk)))
        }
    }

    mutating func token() -> RequestToken {
        nextToken += 1
        return RequestToken(nextToken)
    }

    /// The answer to a request, if it came.
    mutating func ask(_ request: ClientRequest) -> RequestToken {
        let token = token()
        hand(.client(token, request))
        return token
    }

    func reply(_ token: RequestToken) -> ClientReply? {
        replies[token].map { ClientReply(bytes: $0) }
    }

    /// Connects both peers and lets the second confirm whatever is asked, until nothing is.
    mutating func confirmRounds() {
        for _ in 0..<8 {
            let questions = sent.compactMap { item -> LiveInput? in
                guard item.to == Self.two, case .confirm(let term, let round) = item.message else {
                    return nil
                }
                return .peerAnswer(Self.two, .confirmed(term, round: round))
            }
            sent.removeAll()
            if questions.isEmpty { return }
            round(questions)
        }
    }

    /// A primary that serves.
    static func serving() throws -> Bench {
        var bench = try Bench(.primary)
        bench.round([.peerConnected(two), .peerConnected(three)])
        bench.confirmRounds()
        bench.acknowledgeAll(by: two)
        bench.sent.removeAll()
        return bench
    }

    /// The peer has everything that was prepared.
    mutating func acknowledgeAll(by peer: ReplicaID) {
        hand(
            .peerAnswer(
                peer,
                .appended(
                    core.term, matched: core.log.last,
                    commit: CommitMark(lsn: LSN(0), checksum: nil))))
    }

    static func create(_ number: UInt128, slot: UInt64, operation: UInt128? = nil) -> ClientRequest
    {
        submit(.createResource(ResourceID(number)), slot: slot, operation: operation ?? number)
    }

    static func submit(_ command: Command, slot: UInt64, operation: UInt128) -> ClientRequest {
        .submit(
            slot: Slot(slot),
            payload: CommandCodec.encode(
                ClientCommand(
                    operationID: OperationID(operation), clientID: ClientID(1), command: command)))
    }

    static func entry(
        _ lsn: UInt64, view: UInt64 = 1, generation: UInt64 = 1, resource: UInt128? = nil
    ) -> ReplicatedEntry {
        let command = ClientCommand(
            operationID: OperationID(UInt128(lsn) + (resource ?? 0) * 1000), clientID: ClientID(1),
            command: .createResource(ResourceID(resource ?? UInt128(lsn))))
        return ReplicatedEntry(
            entry: PreparedEntry(
                kind: .client, view: View(view), lsn: LSN(lsn), requestSlot: Slot(lsn),
                payload: CommandCodec.encode(command)), generation: Generation(generation))
    }

    static func append(
        view: UInt64 = 1, generation: UInt64 = 1, after previous: UInt64, commit: UInt64,
        _ entries: [ReplicatedEntry]
    ) -> PeerMessage {
        .append(
            AppendEntries(
                term: Term(view: View(view), generation: Generation(generation)),
                previous: LSN(previous), previousGeneration: Generation(generation),
                commit: CommitMark(lsn: LSN(commit), checksum: nil), entries: entries))
    }
}
