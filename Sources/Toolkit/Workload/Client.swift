public import History
import Randomness
import Synchronization
import SystemCalls

/// What the clients of a run shall do now. Set by the run, read by its clients.
public final class WorkloadControl: Sendable {
    public enum Order: UInt8, Sendable {
        /// Follow the intents.
        case work
        /// Only find out what became of unresolved commands.
        case resolve
        case stop
    }

    private let value = Atomic<UInt8>(Order.work.rawValue)

    public init() {}

    public var order: Order { Order(rawValue: value.load(ordering: .acquiring)) ?? .stop }

    public func give(_ order: Order) { value.store(order.rawValue, ordering: .releasing) }
}

/// One client: a process of the record with a thread of its own, one operation in flight at a
/// time, a new connection for each request.
///
/// A command whose attempt ended ambiguously is kept and repeated, byte for byte, at whichever
/// replica is believed primary, until the log answers. Between the repetitions the client goes on
/// with other operations.
public struct Client: Sendable {
    public struct Setup: Sendable {
        /// From 1; also the process number in the record.
        public var number: UInt32
        public var seed: UInt64
        /// Keeps the operation ids of different runs on one cluster apart.
        public var nonce: UInt64
        public var resources: [ResourceID]
        public var limits: ClusterLimits
        /// From the start of one operation to the next, if the cluster keeps up.
        public var interval: Duration
        public var role: ClientRole

        public init(
            number: UInt32, role: ClientRole, seed: UInt64, nonce: UInt64,
            resources: [ResourceID], limits: ClusterLimits, interval: Duration
        ) {
            self.number = number
            self.role = role
            self.seed = seed
            self.nonce = nonce
            self.resources = resources
            self.limits = limits
            self.interval = interval
        }
    }

    /// An ambiguous command, and when to repeat it.
    private struct Unresolved {
        let operationID: OperationID
        let operation: Operation
        let slot: Slot
        var failures: Int
        var retryAt: Instant
    }

    /// A command that certainly was not executed and is sent again, as a new one.
    private struct Again {
        let operationID: OperationID
        let operation: Operation
        var triesLeft: Int
    }

    /// More than this, and the client does nothing but repeat and read.
    static let mostUnresolved = 8

    private let asker: Asker
    private let endpoints: Endpoints
    private let clock: SlotClock
    private let control: WorkloadControl
    private let publications: Publications
    private let interval: Duration
    private let retries: RetryPlan
    /// Decides where repetitions go, apart from the intents: how many there are depends on faults.
    private var retryRandom: SeededRandom
    private var intents: IntentStream
    private var holder: Holder
    private var unresolved: [Unresolved] = []
    private var again: Again?
    /// Answers in a row that only said to ask elsewhere.
    private var turnedAway = 0

    public init(
        _ setup: Setup, endpoints: Endpoints, clock: SlotClock, control: WorkloadControl,
        publications: Publications, recorder: Recorder, counters: WorkloadCounters
    ) {
        let window = setup.limits.maxTTL.rawValue + setup.limits.clientRetryWindow.rawValue
        asker = Asker(
            process: ProcessID(setup.number), recorder: recorder, counters: counters,
            clientID: UInt128(setup.nonce) << 64 | UInt128(setup.number))
        self.endpoints = endpoints
        self.clock = clock
        self.control = control
        self.publications = publications
        interval = setup.interval
        retries = setup.role.retries
        retryRandom = SeededRandom(seed: setup.seed, stream: 1 << 32 | UInt64(setup.number))
        intents = IntentStream(
            seed: setup.seed, client: UInt64(setup.number), role: setup.role)
        holder = Holder(
            client: setup.number, role: setup.role, nonce: setup.nonce,
            resources: setup.resources, maxBundleSize: Int(setup.limits.maxBundleSize),
            windowSlots: window)
    }

    /// Works until told to stop, or until nothing is left to resolve once told to resolve. Blocks
    /// its thread. Throws when the record cannot be written any more.
    public mutating func run() throws(HistoryFileError) {
        var next = Instant.now
        while true {
            switch control.order {
            case .work:
                try workOnce()
                next = next + interval
                let now = Instant.now
                // What was missed while the cluster was slow is not caught up in one burst.
                if next < now { next = now } else { sleepThread(for: next - now) }
            case .resolve:
                if unresolved.isEmpty { return }
                if try !retryOne() { sleepThread(for: .milliseconds(5)) }
            case .stop:
                return
            }
            // A cluster that turns everybody away is asked less often.
            if turnedAway > 2 {
                sleepThread(for: .milliseconds(min(200, 10 * turnedAway)))
            }
        }
    }

    private mutating func workOnce() throws(HistoryFileError) {
        if try retryOne() { return }
        if let again {
            self.again = nil
            try send(again.operation, id: again.operationID, again.triesLeft)
            return
        }
        let intent = intents.next()
        if unresolved.count >= Self.mostUnresolved {
            try read(holder.readInstead(of: intent), intent)
            return
        }
        let slot = clock.current
        switch holder.step(for: intent, at: slot, news: news(for: intent, at: slot)) {
        case .read(let operation): try read(operation, intent)
        case .tick: try tick(intent)
        case .command(let id, let operation): try send(operation, id: id, 3, for: intent)
        case .repetition(let command): try repeatSettled(command, intent)
        }
    }

    private func news(for intent: Intent, at slot: Slot) -> Publications.Entry? {
        switch intent.kind {
        case .readPublished: publications.latest(intent.pick)
        case .reserveDue: publications.due(at: slot)
        case .reserve, .reserveBundle, .oddBundle, .confirm, .confirmDue, .release, .revoke,
            .reclaim, .readResource, .readLease, .readResourceFenced, .readLeaseFenced,
            .readAhead, .tick, .duplicate, .conflictingReuse, .staleRelease, .staleHolder,
            .foreignConfirm, .abandon:
            nil
        }
    }

    private func endpoint(for intent: Intent?) -> (Endpoints.Endpoint, wasMeant: Bool) {
        guard let intent, intent.asksAnother else { return (endpoints.primary, true) }
        return (endpoints.other(intent.pick), false)
    }

    // MARK: - The kinds of request

    private mutating func read(
        _ operation: Operation, _ intent: Intent
    ) throws(HistoryFileError) {
        let (endpoint, wasMeant) = endpoint(for: intent)
        let slot = clock.current
        let outcome = try asker.ask(endpoint, operation, operationID: nil, slot: slot)
        noteRole(of: endpoint, outcome, wasMeant: wasMeant)
        holder.learn(OperationID(0), operation, slot: slot, outcome)
    }

    private mutating func tick(_ intent: Intent) throws(HistoryFileError) {
        guard case .granted(let slot) = clock.beginNew() else {
            try read(holder.readInstead(of: intent), intent)
            return
        }
        let (endpoint, wasMeant) = endpoint(for: intent)
        let outcome = try asker.ask(endpoint, .tickExpirations, operationID: nil, slot: slot)
        // The cluster never remembers a tick.
        clock.end(.notExecuted)
        noteRole(of: endpoint, outcome, wasMeant: wasMeant)
        holder.learn(OperationID(0), .tickExpirations, slot: slot, outcome)
    }

    private mutating func send(
        _ operation: Operation, id: OperationID, _ tries: Int, for intent: Intent? = nil
    ) throws(HistoryFileError) {
        guard case .granted(let slot) = clock.beginNew() else {
            again = Again(operationID: id, operation: operation, triesLeft: tries)
            if let intent { try read(holder.readInstead(of: intent), intent) }
            return
        }
        let (endpoint, wasMeant) = endpoint(for: intent)
        let outcome = try asker.ask(
            endpoint, operation, operationID: id, slot: slot,
            limits: .hangingUp(after: intent?.hangUp))
        switch outcome {
        case .committed, .refused, .ticked, .read: clock.end(.settled)
        case .failed:
            clock.end(.notExecuted)
            if tries > 1 {
                again = Again(operationID: id, operation: operation, triesLeft: tries - 1)
            }
        case .ambiguous:
            clock.end(.becameUnresolved)
            let isLate = retryRandom.chance(retries.lateShare)
            unresolved.append(
                Unresolved(
                    operationID: id, operation: operation, slot: slot, failures: 0,
                    retryAt: Instant.now + (isLate ? retries.latePause : .milliseconds(10))))
        }
        noteRole(of: endpoint, outcome, wasMeant: wasMeant)
        learn(id, operation, slot: slot, outcome)
    }

    private mutating func repeatSettled(
        _ command: Holder.Remembered, _ intent: Intent
    ) throws(HistoryFileError) {
        guard clock.beginRepeat() else {
            try read(holder.readInstead(of: intent), intent)
            return
        }
        let (endpoint, wasMeant) = endpoint(for: intent)
        let outcome = try asker.ask(
            endpoint, command.operation, operationID: command.operationID, slot: command.slot)
        clock.end(.repeated)
        noteRole(of: endpoint, outcome, wasMeant: wasMeant)
    }

    /// Repeats the unresolved command that is due first; false when none is due.
    private mutating func retryOne() throws(HistoryFileError) -> Bool {
        let now = Instant.now
        let earliest = unresolved.indices.min {
            unresolved[$0].retryAt < unresolved[$1].retryAt
        }
        guard let index = earliest, unresolved[index].retryAt <= now, clock.beginRepeat()
        else { return false }
        let command = unresolved[index]
        let strays = control.order == .work && retryRandom.chance(retries.strayShare)
        let endpoint = strays ? endpoints.other(retryRandom.next()) : endpoints.primary
        let outcome = try asker.ask(
            endpoint, command.operation, operationID: command.operationID, slot: command.slot)
        if Self.resolves(outcome) {
            clock.end(.resolved)
            unresolved.remove(at: index)
            learn(command.operationID, command.operation, slot: command.slot, outcome)
        } else {
            clock.end(.repeated)
            unresolved[index].failures += 1
            let wait = min(500, 10 << min(unresolved[index].failures, 6))
            unresolved[index].retryAt = Instant.now + .milliseconds(wait)
        }
        noteRole(of: endpoint, outcome, wasMeant: !strays)
        return true
    }

    private mutating func learn(
        _ id: OperationID, _ operation: Operation, slot: Slot, _ outcome: Outcome
    ) {
        publications.take(operation, outcome)
        holder.learn(id, operation, slot: slot, outcome)
    }

    /// Whether an answer to a repetition settles what became of the command. A failure proves
    /// something about that attempt alone; a full table answers without remembering anything.
    static func resolves(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .committed: true
        case .refused(_, let code, _): code != .operationTableFull && code != .slotOverflow
        case .ticked, .read, .failed, .ambiguous: false
        }
    }

    private mutating func noteRole(
        of endpoint: Endpoints.Endpoint, _ outcome: Outcome, wasMeant: Bool
    ) {
        guard wasMeant else { return }
        switch outcome {
        case .failed(let failure):
            switch failure {
            case .notPrimary, .isolated, .replicaFaulted, .connectionRefused, .engineHalted:
                endpoints.isNotPrimary(endpoint)
                turnedAway += 1
            case .overloaded: turnedAway += 1
            case .fenceNotApplied, .invalidRequest, .slotOverflow, .commandTooLarge,
                .lsnExhausted:
                turnedAway = 0
            }
        case .ambiguous(let why):
            switch why {
            case .timeout, .interrupted, .unintelligibleAnswer: break
            case .transportLoss: endpoints.isNotPrimary(endpoint)
            // The primary without its majority, or one about to be replaced.
            case .indefiniteWrite: turnedAway += 1
            }
        case .committed, .refused, .ticked, .read: turnedAway = 0
        }
    }
}
