public import History
import Randomness

/// Writes the native record of a made-up run in which every promise is kept, of any length: what
/// the speed of judging is measured with.
///
/// Clients overlap in time: a command takes its place in the log somewhere between its sending
/// and its answer, so that answers come out of order; some answers are lost and asked for again;
/// leases expire by ticks, are revoked and reclaimed; reads see what was there at one moment.
public struct SampleRecord: Sendable {
    public var events: UInt64
    public var clients = 32
    public var resources = 900
    public var seed: UInt64 = 1

    public init(events: UInt64) { self.events = events }

    static let limits = ClusterLimits(
        maxReservations: 4096, maxBundleSize: 4, maxTTL: SlotCount(64),
        clientRetryWindow: SlotCount(32), reservationHistoryWindow: SlotCount(16),
        maxExpirationsPerTick: 16)

    public var header: RunHeader {
        RunHeader(
            runID: "sample-\(events)", workload: "sample", nemesis: "none", testbed: "none",
            seed: seed, concurrency: UInt32(clients), slotRule: "one slot every few commands",
            toolVersion: "sample", limits: Self.limits)
    }

    /// Writes the record to a file that does not exist yet.
    public func write(to path: String) throws(HistoryFileError) {
        var writer = try NativeRecordWriter(creating: path, header: header)
        var run = SampleRun(self)
        while let event = run.next() { try writer.append(event) }
        try writer.finish()
    }
}

/// The clients of a sample, one step at a time.
private struct SampleRun: ~Copyable {
    private struct Client {
        enum Phase {
            case idle
            case sent
            case done(Outcome)
        }

        var phase = Phase.idle
        var attempt = AttemptNumber(0)
        var operation = Operation.tickExpirations
        var id: OperationID?
        var slot = Slot(0)
        var operationCount: UInt128 = 0
        /// A command whose answer was lost, to be asked for again.
        var isLost = false

        var isIdle: Bool { if case .idle = phase { true } else { false } }
    }

    private let sample: SampleRecord
    private var random: SeededRandom
    private var allocator = SampleAllocator(SampleRecord.limits)
    private var clients: [Client]
    private var sequence: UInt64 = 0
    private var time: UInt64 = 0
    private var attempt: UInt64 = 0
    private var slot: UInt64 = 1
    private var created = 0

    init(_ sample: SampleRecord) {
        self.sample = sample
        random = SeededRandom(seed: sample.seed)
        clients = [Client](repeating: Client(), count: sample.clients)
    }

    mutating func next() -> HistoryEvent? {
        while true {
            // Near the end nothing new is begun, and what is open is answered.
            let isEnding = sequence + UInt64(2 * clients.count) >= sample.events
            let number = created < sample.resources ? 0 : random.index(below: clients.count)
            switch clients[number].phase {
            case .idle:
                if isEnding {
                    guard clients.contains(where: { !$0.isIdle }) else { return nil }
                    continue
                }
                return begin(number)
            case .sent: clients[number].phase = .done(execute(number))
            case .done(let outcome): return answer(number, outcome)
            }
        }
    }

    private mutating func event(_ number: Int, _ content: HistoryEvent.Content) -> HistoryEvent {
        sequence += 1
        time += random.below(20_000)
        return HistoryEvent(
            sequence: Sequence(sequence), time: RunInstant(time),
            process: ProcessID(UInt32(number + 1)), content: content)
    }

    private mutating func begin(_ number: Int) -> HistoryEvent {
        if random.below(30) == 0 { slot += 1 }
        if !clients[number].isLost {
            let operation = choose(number)
            clients[number].operation = operation
            clients[number].id = nil
            if operation.isMutating, operation != .tickExpirations {
                clients[number].operationCount += 1
                clients[number].id = OperationID(
                    0x5eed << 64 | UInt128(number) << 40 | clients[number].operationCount)
            }
        }
        attempt += 1
        clients[number].isLost = false
        clients[number].attempt = AttemptNumber(attempt)
        clients[number].slot = Slot(slot)
        clients[number].phase = .sent
        return event(
            number,
            .invoke(
                Invocation(
                    attempt: AttemptNumber(attempt), operationID: clients[number].id,
                    operation: clients[number].operation, slot: Slot(slot),
                    endpoint: ReplicaID(1))))
    }

    private mutating func execute(_ number: Int) -> Outcome {
        let client = clients[number]
        switch client.operation {
        case .getResource(let id, let fence):
            if fence == nil, random.below(20) == 0 { return .failed(.notPrimary(role: .backup)) }
            return .read(allocator.show(id), .unknown)
        case .getReservation(let id, _):
            return .read(allocator.show(id, slot: client.slot), .unknown)
        case .tickExpirations: return allocator.tick(client.slot)
        default:
            // The log does not take a slot below one that it has reached.
            guard client.slot >= allocator.lastSlot else { return .failed(.slotOverflow) }
            return allocator.submit(client.operation, client.id ?? OperationID(0), client.slot)
        }
    }

    private mutating func answer(_ number: Int, _ outcome: Outcome) -> HistoryEvent {
        var outcome = outcome
        clients[number].phase = .idle
        if clients[number].id != nil, random.below(100) == 0 {
            outcome = .ambiguous(.timeout)
            clients[number].isLost = true
        } else if case .failed = outcome, clients[number].id != nil {
            clients[number].isLost = true
        }
        return event(number, .complete(clients[number].attempt, outcome))
    }

    private mutating func choose(_ number: Int) -> Operation {
        if created < sample.resources {
            created += 1
            return .createResource(ResourceID(UInt128(created)))
        }
        let resource = ResourceID(UInt128(1 + random.index(below: sample.resources)))
        let holder = HolderID(UInt128(number + 1))
        let ttl = SlotCount(1 + random.below(60))
        let fence = random.below(2) == 0 ? LSN(allocator.lastLSN) : nil
        let lease = allocator.pick(random.index(below: 1 << 30))
        switch (random.below(100), lease) {
        case (0..<26, _): return .reserve(resource, holder, ttl: ttl)
        case (26..<30, _):
            let others = (1...2).map { ResourceID(resource.rawValue + UInt128($0)) }
            return .reserveBundle([resource] + others, holder, ttl: ttl)
        case (30..<50, let lease?): return .confirm(lease.id, lease.holder, lease.epoch)
        case (50..<68, let lease?): return .release(lease.id, lease.holder, lease.epoch)
        case (68..<70, let lease?): return .revoke(lease.id)
        case (70..<74, let lease?): return .reclaim(lease.id)
        case (74..<77, _): return .tickExpirations
        case (77..<90, let lease?): return .getReservation(lease.id, requiredLSN: fence)
        default: return .getResource(resource, requiredLSN: fence)
        }
    }
}
