import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls

@testable import Replication

/// Clients that do one thing at a time, repeat what they are not sure of, and remember what
/// they were promised.
struct SimulatedClients {
    /// Windows so long that no operation is forgotten while a schedule lasts.
    static let kernel = KernelConfiguration(
        shardID: 0, maxResources: 8, maxReservations: 64, maxBundleSize: 2,
        maxOperations: 100_000, maxTTLSlots: 16, maxClientRetryWindowSlots: 1_000_000,
        reservationHistoryWindowSlots: 8, maxExpirationBucketLength: 64)

    struct Write {
        let client: Int
        let command: ClientCommand
        var slot: Slot
        var promised: (lsn: LSN, outcome: CommandOutcome)?
        /// At least one attempt may have had an effect.
        var isIndefinite = false
        var wasRefused = false
        var attempts = 0
    }

    struct Client {
        var pending: OperationID?
        var target = 0
        var token: RequestToken?
    }

    struct Read {
        let resource: ResourceID
        let invokedAt: LSN
        let knownVersion: UInt64
    }

    enum Sent {
        case write(OperationID)
        case read(Read)
        case tick
    }

    var clients: [Client]
    var writes: [OperationID: Write] = [:]
    var sent: [RequestToken: (client: Int, what: Sent)] = [:]
    var nextToken: UInt64 = 1
    var nextOperation: UInt128 = 1
    /// The highest position that any client has seen the effect of.
    var seen = LSN(0)
    var versions: [ResourceID: UInt64] = [:]
    /// Nothing new is begun; what is not resolved is repeated.
    var areAtRest = false
    var promisedCount = 0
    var readCount = 0
    var tickCount = 0
    var repeatedCount = 0

    init(count: Int) {
        clients = (0..<count).map { _ in Client() }
    }

    var indices: Range<Int> { clients.indices }
}

/// What the replicas did, seen from outside time.
struct Witness {
    /// The one log, as far as any replica was seen applying it.
    var canonical: [LSN: PreparedEntry] = [:]
    var commitAtReply: [RequestToken: (replica: Int, commit: LSN)] = [:]
    var compared = 0

    mutating func replied(_ token: RequestToken, by replica: Int, commit: LSN) {
        commitAtReply[token] = (replica, commit)
    }
}

extension Simulation {
    private var slot: Slot { Slot(now.nanoseconds / 50_000_000) }

    mutating func clientActs(_ client: Int) {
        guard clients.clients[client].token == nil else { return }
        if let pending = clients.clients[client].pending { return sendWrite(pending, client) }
        if clients.areAtRest { return }
        switch dice.below(10) {
        case 0..<6: sendWrite(newWrite(client), client)
        case 6..<9:
            let resource = ResourceID(UInt128(1 + dice.below(5)))
            let read = SimulatedClients.Read(
                resource: resource, invokedAt: clients.seen,
                knownVersion: clients.versions[resource] ?? 0)
            send(.getResource(resource, requiredLSN: nil), .read(read), client)
        default: send(.tickExpirations(currentSlot: slot), .tick, client)
        }
    }

    private mutating func newWrite(_ client: Int) -> OperationID {
        let id = OperationID(clients.nextOperation)
        clients.nextOperation += 1
        let resource = ResourceID(UInt128(1 + dice.below(5)))
        let reservation = ReservationID(UInt128(1 + dice.below(max(1, Int(clients.seen.rawValue)))))
        let holder = HolderID(UInt128(1 + dice.below(2)))
        let command: Command =
            switch dice.below(6) {
            case 0: .createResource(resource)
            case 1, 2: .reserve(resource, holder: holder, ttlSlots: UInt64(1 + dice.below(16)))
            case 3: .confirm(reservation, holder: holder, epoch: LeaseEpoch(1))
            case 4: .release(reservation, holder: holder, epoch: LeaseEpoch(1))
            default:
                .reserveBundle(
                    [resource, ResourceID(UInt128(1 + dice.below(5)))], holder: holder, ttlSlots: 3)
            }
        // Some clients have a slow clock.
        let behind = dice.chance(5) ? UInt64(1 + dice.below(10)) : 0
        clients.writes[id] = SimulatedClients.Write(
            client: client,
            command: ClientCommand(
                operationID: id, clientID: ClientID(UInt128(client)), command: command),
            slot: Slot(slot.rawValue - behind))
        clients.clients[client].pending = id
        return id
    }

    private mutating func sendWrite(_ id: OperationID, _ client: Int) {
        guard var write = clients.writes[id] else { return }
        write.attempts += 1
        // A repetition may be the same bytes or come with a newer slot.
        if write.attempts > 1, dice.chance(50) { write.slot = slot }
        clients.writes[id] = write
        send(
            .submit(slot: write.slot, payload: CommandCodec.encode(write.command)), .write(id),
            client)
    }

    private mutating func send(
        _ request: ClientRequest, _ what: SimulatedClients.Sent, _ client: Int
    ) {
        let token = RequestToken(clients.nextToken)
        clients.nextToken += 1
        clients.sent[token] = (client, what)
        clients.clients[client].token = token
        let target = clients.clients[client].target
        queue.add(
            .request(target, life: nodes[target].life, token, request),
            at: now + .microseconds(100 + dice.below(900)))
        queue.add(.clientGivesUp(token), at: now + .milliseconds(900 + dice.below(300)))
    }

    mutating func clientGivesUp(_ token: RequestToken) {
        guard let (client, what) = clients.sent.removeValue(forKey: token) else { return }
        if case .write(let id) = what { clients.writes[id]?.isIndefinite = true }
        clients.clients[client].target = dice.below(3)
        finish(client)
    }

    private mutating func finish(_ client: Int) {
        clients.clients[client].token = nil
        queue.add(.clientAwakes(client), at: now + .milliseconds(1 + dice.below(30)))
    }

    mutating func clientHears(_ token: RequestToken, _ bytes: [UInt8]) {
        guard let (client, what) = clients.sent.removeValue(forKey: token) else { return }
        defer { finish(client) }
        switch (what, ClientReply(bytes: bytes)) {
        case (.write(let id), .response(.committed(let answer))):
            promised(id, answer)
            clients.clients[client].pending = nil
        case (.write(let id), .response(.submitRejected(let rejection))):
            refused(id, rejection, client)
        case (.read(let read), .response(.resource(let view))):
            heardRead(read, version: view.version, exists: true, token)
        case (.read(let read), .response(.resourceNotFound)):
            heardRead(read, version: 0, exists: false, token)
        case (.tick, .response(.tickApplied(_, let last))):
            clients.tickCount += 1
            if let last { clients.seen = max(clients.seen, last) }
        case (.tick, .response(.tickRejected)): break
        case (_, .text(.notPrimary)), (_, .text(.replicaFaulted)):
            clients.clients[client].target = (clients.clients[client].target + 1) % 3
        case (let what, let reply): fail("\(what) was answered \(reply)")
        }
    }

    private mutating func promised(_ id: OperationID, _ answer: CommittedSubmit) {
        if let earlier = clients.writes[id]?.promised {
            clients.repeatedCount += 1
            if earlier.lsn != answer.appliedLSN || earlier.outcome != answer.outcome {
                fail("operation \(id) was promised \(earlier) and now \(answer)")
            }
        }
        clients.writes[id]?.promised = (answer.appliedLSN, answer.outcome)
        clients.seen = max(clients.seen, answer.appliedLSN)
        clients.promisedCount += 1
    }

    private mutating func refused(_ id: OperationID, _ rejection: Rejection, _ client: Int) {
        switch rejection.category {
        case .definiteFailure:
            clients.writes[id]?.wasRefused = true
            clients.clients[client].pending = nil
        case .indefinite:
            clients.writes[id]?.isIndefinite = true
            if dice.chance(50) { clients.clients[client].target = dice.below(3) }
            // Some give up, as people do.
            if dice.chance(20) { clients.clients[client].pending = nil }
        }
    }

    private mutating func heardRead(
        _ read: SimulatedClients.Read, version: UInt64, exists: Bool, _ token: RequestToken
    ) {
        clients.readCount += 1
        guard let (replica, commit) = witness.commitAtReply[token] else { return }
        if commit < read.invokedAt {
            fail(
                "replica \(replica + 1) served a read at \(commit), although \(read.invokedAt) "
                    + "had been seen before it was asked")
        }
        if version < read.knownVersion {
            fail("a read saw version \(version) after \(read.knownVersion) had been seen")
        }
        clients.versions[read.resource] = max(clients.versions[read.resource] ?? 0, version)
        clients.seen = max(clients.seen, commit)
    }

    // MARK: - Replicas from outside

    /// After every step: what was applied is the same everywhere, and nothing grows.
    mutating func observe(_ index: Int) {
        guard let core = nodes[index].core else { return }
        let commit = core.log.commit
        if commit > nodes[index].commit {
            for number in nodes[index].commit.rawValue + 1...commit.rawValue {
                let lsn = LSN(number)
                guard let entry = core.log[lsn]?.replicated.entry else { continue }
                if let known = witness.canonical[lsn] {
                    witness.compared += 1
                    if !known.hasSameContent(as: entry) {
                        fail("replica \(index + 1) applied another entry at \(lsn)")
                    }
                } else {
                    witness.canonical[lsn] = entry
                }
            }
        }
        nodes[index].commit = commit
        if case .faulted(let reason) = core.supervisor.state {
            fail("replica \(index + 1) is faulted: \(reason.debugText)")
        }
        let limits = core.settings.limits
        if core.log.pendingCount > limits.pendingEntries * 4
            || core.requests.count > limits.waitingRequests
            || core.log.count > limits.pendingEntries * 4 + limits.recentEntries + 4096
            || core.jobs.count > 8
        {
            fail(
                "replica \(index + 1) grows: \(core.log.pendingCount) pending, "
                    + "\(core.log.count) in memory, \(core.requests.count) requests, "
                    + "\(core.jobs.count) jobs")
        }
    }

    // MARK: - The end

    /// Everything that was promised is there, everywhere, and the cluster works.
    mutating func judge() {
        guard problems.isEmpty else { return }
        let cores = nodes.compactMap(\.core)
        guard cores.count == 3 else { return fail("a replica did not come back") }
        let leaders = cores.filter { $0.supervisor.state == .primary }
        guard leaders.count == 1, let leader = leaders.first else {
            let states = cores.map { Supervisor.text($0.supervisor.state) }
            return fail("no single primary after the faults: \(states)")
        }
        if leader.isQuorumLost { fail("entries are still pending: \(leader.log.pendingCount)") }
        let lag = cores.map { Int(leader.log.last.rawValue) - Int($0.log.commit.rawValue) }
        if lag.contains(where: { $0 != 0 }) { fail("replicas are behind by \(lag)") }
        let states = cores.compactMap { $0.applier?.kernel.snapshot() }
        if Set(states).count != 1 { fail("the replicas' states differ") }
        let slot = Slot(now.nanoseconds / 50_000_000)
        for core in cores {
            for (id, write) in clients.writes {
                let record = core.applier?.kernel.operation(id, at: slot)
                if let promised = write.promised {
                    if record?.appliedLSN != promised.lsn, promised.lsn <= core.log.commit {
                        fail(
                            "replica \(core.id) has operation \(id) at "
                                + "\(record.map { "\($0.appliedLSN)" } ?? "no position"), promised "
                                + "was \(promised.lsn)")
                    }
                    if let record, record.outcome != promised.outcome {
                        fail("replica \(core.id) has another outcome for operation \(id)")
                    }
                } else if write.wasRefused, !write.isIndefinite, record != nil {
                    fail("operation \(id) was refused for good and executed")
                }
            }
            if core.log.commit < clients.seen, core.id == leader.id {
                fail("the primary is at \(core.log.commit), clients have seen \(clients.seen)")
            }
        }
        if let late = clients.clients.firstIndex(where: { $0.pending != nil }) {
            fail("client \(late) never got through")
        }
    }
}
