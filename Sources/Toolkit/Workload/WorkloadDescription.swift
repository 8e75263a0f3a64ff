public import Matrix

/// What is asked of the cluster in one family of runs, and why: its promise, who asks for what,
/// over which resources, how fast logical time goes, and what it wants of the testbed.
///
/// Everything here is data. `Client` and `Holder` carry it out; a new workload is a new file
/// beside `ReservationContention.swift` and a line in `of(_:)`.
public struct WorkloadDescription: Sendable, Hashable {
    public let family: WorkloadFamily
    /// What must hold, in one sentence.
    public let promise: String
    /// What a run of it would catch, one line each.
    public let catches: [String]
    /// The parts that clients play; dealt in turn, each as often as its `share` says.
    public let roles: [ClientRole]
    public let pool: ResourcePool
    public let pace: SlotPace
    /// How often a replica is told to write a snapshot; nil for never.
    public let checkpoints: CheckpointPlan?

    public init(
        family: WorkloadFamily, promise: String, catches: [String], roles: [ClientRole],
        pool: ResourcePool, pace: SlotPace = .usual, checkpoints: CheckpointPlan? = nil
    ) {
        precondition(roles.contains { $0.share > 0 }, "somebody must ask")
        self.family = family
        self.promise = promise
        self.catches = catches
        self.roles = roles
        self.pool = pool
        self.pace = pace
        self.checkpoints = checkpoints
    }

    /// All of them, in the order of the matrix.
    public static let all: [WorkloadDescription] = WorkloadFamily.allCases.map(of)

    public static func of(_ family: WorkloadFamily) -> WorkloadDescription {
        switch family {
        case .reservationContention: .reservationContention
        case .ambiguousWriteRetry: .ambiguousWriteRetry
        case .failoverReadFences: .failoverReadFences
        case .expirationAndRecovery: .expirationAndRecovery
        case .leaseSafety: .leaseSafety
        }
    }

    /// The part that a client plays. Clients count from 1; the same client always plays the same
    /// part, so that its sequence of intents follows from seed and number.
    public func role(ofClient number: UInt32) -> ClientRole {
        let dealt = roles.flatMap { role in Array(repeating: role, count: role.share) }
        return dealt[Int(max(1, number) - 1) % dealt.count]
    }
}

/// The resources that a run works on. They are used again and again, so a run of days needs no
/// more of them than one of seconds.
public struct ResourcePool: Sendable, Hashable {
    public var fewest: Int
    /// Resources for each client beside `extra`.
    public var perClient: Int
    public var extra: Int

    public init(fewest: Int, perClient: Int, extra: Int) {
        self.fewest = fewest
        self.perClient = perClient
        self.extra = extra
    }

    /// How many there are for that many clients; never more than the cluster can hold beside a
    /// few that the tool makes itself.
    public func count(clients: Int, atMost limit: UInt32) -> Int {
        max(1, min(max(fewest, clients * perClient + extra), Int(limit) - 4))
    }
}

/// How fast the slots of a run go by (`SlotLedger.Rule`).
public struct SlotPace: Sendable, Hashable {
    public var commandsPerSlot: UInt64
    public var slotAge: Duration

    /// Every so often an advance is not by one slot but by `jumpBy`; 0 for never.
    public var jumpEvery: UInt64
    public var jumpBy: UInt64

    public init(
        commandsPerSlot: UInt64, slotAge: Duration, jumpEvery: UInt64 = 0, jumpBy: UInt64 = 1
    ) {
        self.commandsPerSlot = commandsPerSlot
        self.slotAge = slotAge
        self.jumpEvery = jumpEvery
        self.jumpBy = max(1, jumpBy)
    }

    public static let usual = SlotPace(commandsPerSlot: 10, slotAge: .milliseconds(100))
}

/// When replicas are told to write a snapshot.
public struct CheckpointPlan: Sendable, Hashable {
    public var shortestPause: Duration
    public var longestPause: Duration

    public init(shortestPause: Duration, longestPause: Duration) {
        self.shortestPause = shortestPause
        self.longestPause = longestPause
    }
}
