public import History
public import SystemCalls

/// The logical time that all clients of a run share, and the rule by which it moves.
///
/// The promise: **seen from the cluster, slots never run backwards**, however many clients send at
/// once. A daemon may reject a lower slot, and some die of it (lease-kernel.md 20). The rule:
///
/// 1. A new command takes the slot that is current when it begins. So all commands in flight
///    carry the same slot, and their order of arrival does not matter.
/// 2. The slot advances only at a barrier: when no command is in flight, and no command that began
///    in this slot is *unresolved*, that is, may still be carried out by a replica that has it
///    (an attempt ended ambiguously and no later attempt was answered from the log).
/// 3. A retry repeats the identical bytes, including the slot. While it is unresolved the slot
///    cannot have moved; once it is resolved the cluster answers repetitions from its dedupe table
///    and compares no slot. A repetition is a command in flight like any other.
/// 4. When ambiguity lasts (a fault), the clients go on in the same slot.
///
/// A command that certainly was not executed may be sent again as a new one, with a new slot.
/// Reads do not take part: the slot in a reservation read is compared with nothing
/// (lease-kernel.md 13). When a barrier is forming, clients read instead of waiting. Neither does
/// ambiguity of a tick: its commands are given their slot by the replica, which never takes a
/// lower one than it applied (lease-kernel.md 12.1); but a tick in flight holds the barrier too.
///
/// The ledger also counts the commands of the last window of slots, so that the cluster's dedupe
/// table never fills up: a full table answers everything `operation_table_full` and tests nothing.
public struct SlotLedger: Sendable {
    public struct Rule: Sendable, Hashable {
        /// An advance is due after so many new commands in one slot ...
        public var commandsPerSlot: UInt64
        /// ... or when the slot is this old, whichever comes first.
        public var slotAge: Duration
        /// A command is remembered until this many slots after its own (lease-kernel.md 3).
        public var windowSlots: UInt64
        /// Most commands that may be remembered at once. Keep it below the cluster's limit.
        public var remembered: UInt64
        /// Most commands in one slot, however long it lasts: ended leases are kept for some slots,
        /// and there is room for so many.
        public var mostInSlot: UInt64
        /// Every so often an advance is by `jumpBy` slots; 0 for never.
        public var jumpEvery: UInt64
        public var jumpBy: UInt64

        public init(
            commandsPerSlot: UInt64, slotAge: Duration, windowSlots: UInt64, remembered: UInt64,
            mostInSlot: UInt64 = .max, jumpEvery: UInt64 = 0, jumpBy: UInt64 = 1
        ) {
            self.commandsPerSlot = commandsPerSlot
            self.slotAge = slotAge
            self.windowSlots = windowSlots
            self.remembered = remembered
            self.mostInSlot = mostInSlot
            self.jumpEvery = jumpEvery
            self.jumpBy = jumpBy
        }

        /// The pace of a workload within the limits of a cluster.
        public init(_ pace: SlotPace, limits: ClusterLimits) {
            self.init(
                commandsPerSlot: pace.commandsPerSlot, slotAge: pace.slotAge,
                windowSlots: limits.maxTTL.rawValue + limits.clientRetryWindow.rawValue,
                remembered: max(1, UInt64(limits.maxOperations) * 3 / 4),
                mostInSlot: max(1, UInt64(limits.maxReservations) / 2),
                jumpEvery: pace.jumpEvery, jumpBy: pace.jumpBy)
        }
    }

    /// What a client that wants to send a new command is told.
    public enum Admission: Equatable, Sendable {
        case granted(Slot)
        /// A barrier is forming: read something and ask again.
        case barrier
        /// The cluster's memory of commands is full until time moves on.
        case full
    }

    /// In words, for the header of the record.
    public static let ruleText =
        "absolute; one shared clock; advances only when no command is in flight and none of the "
        + "current slot is unresolved; a retry repeats the identical bytes including its slot"

    public let rule: Rule
    public private(set) var current: Slot
    public private(set) var inFlight = 0
    public private(set) var unresolved = 0
    private var isClosing = false
    private var commandsInSlot: UInt64 = 0
    private var advances: UInt64 = 0
    private var openedAt: Instant
    /// New commands of the last `windowSlots` slots before the current one, oldest first.
    private var earlier: [UInt64] = []
    private var earlierTotal: UInt64 = 0

    public init(rule: Rule, startingAt slot: Slot, now: Instant) {
        self.rule = rule
        current = slot
        openedAt = now
    }

    /// Commands that the cluster may remember now.
    public var remembered: UInt64 { earlierTotal + commandsInSlot }

    /// A client wants to send a command that was never sent before, or never executed.
    public mutating func beginNew(now: Instant) -> Admission {
        advanceIfPossible(now)
        if isClosing { return .barrier }
        if remembered >= rule.remembered || commandsInSlot >= rule.mostInSlot { return .full }
        commandsInSlot += 1
        inFlight += 1
        return .granted(current)
    }

    /// A client repeats the bytes of an earlier command: an unresolved one, or one that was
    /// answered from the log. False while a barrier is forming; since an unresolved command keeps
    /// it from forming, retries of those are never held up.
    public mutating func beginRepeat(now: Instant) -> Bool {
        advanceIfPossible(now)
        if isClosing { return false }
        inFlight += 1
        return true
    }

    /// Every beginning that was granted ends in exactly one of these.
    public enum Ending: Sendable, Hashable, CaseIterable {
        /// Answered from the log.
        case settled
        /// A new command that certainly was not executed, so that the cluster does not remember it.
        case notExecuted
        /// A new command whose attempt ended ambiguously.
        case becameUnresolved
        /// A repetition that changes nothing: it brought no certainty, or there was nothing to
        /// learn.
        case repeated
        /// A retry of an unresolved command was answered from the log.
        case resolved
    }

    public mutating func end(_ ending: Ending, now: Instant) {
        precondition(inFlight > 0, "every ending belongs to one beginning")
        inFlight -= 1
        switch ending {
        case .settled, .repeated: break
        case .notExecuted:
            // Still the slot it began in: it was in flight until now.
            commandsInSlot -= 1
        case .becameUnresolved:
            unresolved += 1
            // The slot stays open for as long as it takes; nobody waits for the barrier.
            isClosing = false
        case .resolved:
            precondition(unresolved > 0, "only what was unresolved can be resolved")
            unresolved -= 1
        }
        advanceIfPossible(now)
    }

    private mutating func advanceIfPossible(_ now: Instant) {
        if !isClosing {
            let isDue = commandsInSlot >= rule.commandsPerSlot || now - openedAt >= rule.slotAge
            guard isDue, unresolved == 0 else { return }
            isClosing = true
        }
        guard inFlight == 0 else { return }
        isClosing = false
        advances += 1
        let jumps = rule.jumpEvery > 0 && advances % rule.jumpEvery == 0
        for _ in 0..<(jumps ? max(1, rule.jumpBy) : 1) { passSlot() }
        openedAt = now
    }

    private mutating func passSlot() {
        current = Slot(current.rawValue + 1)
        earlier.append(commandsInSlot)
        earlierTotal += commandsInSlot
        if UInt64(earlier.count) > rule.windowSlots { earlierTotal -= earlier.removeFirst() }
        commandsInSlot = 0
    }
}
