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
        public var longestTTL: UInt64
        /// Share of commands whose client gives up early.
        public var impatientShare: Double

        public init(
            number: UInt32, seed: UInt64, nonce: UInt64, resources: [ResourceID],
            limits: ClusterLimits, interval: Duration, longestTTL: UInt64 = 12,
            impatientShare: Double = 0.01
        ) {
            self.number = number
            self.seed = seed
            self.nonce = nonce
            self.resources = resources
            self.limits = limits
            self.interval = interval
            self.longestTTL = longestTTL
            self.impatientShare = impatientShare
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
    private let interval: Duration
    private var intents: IntentStream
    private var holder: Holder
    private var unresolved: [Unresolved] = []
    private var again: Again?
    /// Answers in a row that only said to ask elsewhere.
    private var turnedAway = 0

    public init(
        _ setup: Setup, endpoints: Endpoints, clock: SlotClock, control: WorkloadControl,
        recorder: Recorder, counters: WorkloadCounters
    ) {
        let window = setup.limits.maxTTL.rawValue + setup.limits.clientRetryWindow.rawValue
        asker = Asker(
            process: ProcessID(setup.number), recorder: recorder, counters: counters,
            clientID: UInt128(setup.nonce) << 64 | UInt128(setup.number))
        self.endpoints = endpoints
        self.clock = clock
        self.control = control
        interval = setup.interval
        intents = IntentStream(
            seed: setup.seed, client: UInt64(setup.number), longestTTL: setup.longestTTL,
            impatientShare: setup.impatientShare)
        holder = Holder(
            client: setup.number, nonce: setup.nonce, resources: setup.resources,
            maxBundleSize: Int(setup.limits.maxBundleSize), windowSlots: window)
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
            try send(again.operation, id: again.operationID, isImpatient: false, again.triesLeft)
            return
        }
        let intent = intents.next()
        if unresolved.count >= Self.mostUnresolved {
            try read(holder.readInstead(of: intent), intent)
            return
        }
        switch holder.step(for: intent, at: clock.current) {
        case .read(let operation): try read(operation, intent)
        case .tick: try tick(intent)
        case .command(let id, let operation):
            try send(operation, id: id, isImpatient: intent.isImpatient, 3, orElse: intent)
        case .repetition(let command): try repeatSettled(command, intent)
        }
    }

    // MARK: - The kinds of request

    private mutating func read(
        _ operation: Operation, _ intent: Intent
    ) throws(HistoryFileError) {
        let endpoint = intent.asksAnother ? endpoints.other(intent.pick) : endpoints.primary
        let slot = clock.current
        let outcome = try asker.ask(endpoint, operation, operationID: nil, slot: slot)
        noteRole(of: endpoint, outcome, wasMeant: !intent.asksAnother)
        holder.learn(OperationID(0), operation, slot: slot, outcome)
    }

    private mutating func tick(_ intent: Intent) throws(HistoryFileError) {
        guard case .granted(let slot) = clock.beginNew() else {
            try read(holder.readInstead(of: intent), intent)
            return
        }
        let endpoint = endpoints.primary
        let outcome = try asker.ask(endpoint, .tickExpirations, operationID: nil, slot: slot)
        // The cluster never remembers a tick.
        clock.end(.notExecuted)
        noteRole(of: endpoint, outcome, wasMeant: true)
        holder.learn(OperationID(0), .tickExpirations, slot: slot, outcome)
    }

    private mutating func send(
        _ operation: Operation, id: OperationID, isImpatient: Bool, _ tries: Int,
        orElse intent: Intent? = nil
    ) throws(HistoryFileError) {
        guard case .granted(let slot) = clock.beginNew() else {
            again = Again(operationID: id, operation: operation, triesLeft: tries)
            if let intent { try read(holder.readInstead(of: intent), intent) }
            return
        }
        let endpoint = endpoints.primary
        let outcome = try asker.ask(
            endpoint, operation, operationID: id, slot: slot,
            limits: isImpatient ? .impatient : .patient)
        switch outcome {
        case .committed, .refused, .ticked, .read: clock.end(.settled)
        case .failed:
            clock.end(.notExecuted)
            if tries > 1 {
                again = Again(operationID: id, operation: operation, triesLeft: tries - 1)
            }
        case .ambiguous:
            clock.end(.becameUnresolved)
            unresolved.append(
                Unresolved(
                    operationID: id, operation: operation, slot: slot, failures: 0,
                    retryAt: Instant.now + .milliseconds(10)))
        }
        noteRole(of: endpoint, outcome, wasMeant: true)
        holder.learn(id, operation, slot: slot, outcome)
    }

    private mutating func repeatSettled(
        _ command: Holder.Remembered, _ intent: Intent
    ) throws(HistoryFileError) {
        guard clock.beginRepeat() else {
            try read(holder.readInstead(of: intent), intent)
            return
        }
        let endpoint = intent.asksAnother ? endpoints.other(intent.pick) : endpoints.primary
        let outcome = try asker.ask(
            endpoint, command.operation, operationID: command.operationID, slot: command.slot)
        clock.end(.repeated)
        noteRole(of: endpoint, outcome, wasMeant: !intent.asksAnother)
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
        let endpoint = endpoints.primary
        let outcome = try asker.ask(
            endpoint, command.operation, operationID: command.operationID, slot: command.slot)
        if Self.resolves(outcome) {
            clock.end(.resolved)
            unresolved.remove(at: index)
            holder.learn(
                command.operationID, command.operation, slot: command.slot, outcome)
        } else {
            clock.end(.repeated)
            unresolved[index].failures += 1
            let wait = min(500, 10 << min(unresolved[index].failures, 6))
            unresolved[index].retryAt = Instant.now + .milliseconds(wait)
        }
        noteRole(of: endpoint, outcome, wasMeant: true)
        return true
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
