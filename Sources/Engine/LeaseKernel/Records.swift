/// What a resource is doing (lease-kernel.md 4.1).
public enum ResourceState: Hashable, CaseIterable, Sendable {
    case available
    case reserved
    case confirmed
    case revoking
}

/// One leasable thing. Never deleted once created.
public struct Resource: Hashable, Sendable {
    public let id: ResourceID
    public var state: ResourceState
    /// Present exactly while the resource is not available.
    public var currentReservation: ReservationID?
    /// One more with every change of state.
    public var version: UInt64

    public init(
        id: ResourceID, state: ResourceState = .available,
        currentReservation: ReservationID? = nil, version: UInt64 = 0
    ) {
        self.id = id
        self.state = state
        self.currentReservation = currentReservation
        self.version = version
    }
}

/// The life of a lease (lease-kernel.md 8.9).
public enum ReservationState: Hashable, CaseIterable, Sendable {
    case reserved
    case confirmed
    case revoking
    case released
    case expired
    case revoked

    /// Released, expired or revoked: the lease is over and kept only as history.
    public var isTerminal: Bool { resourceState == nil }

    /// What the members of a live reservation are doing; nil when it is terminal.
    public var resourceState: ResourceState? {
        switch self {
        case .reserved: .reserved
        case .confirmed: .confirmed
        case .revoking: .revoking
        case .released, .expired, .revoked: nil
        }
    }
}

/// One lease, live or kept as history, with its members (lease-kernel.md 4.2, 4.3).
public struct Reservation: Hashable, Sendable {
    public let id: ReservationID
    public let holder: HolderID
    public internal(set) var epoch: LeaseEpoch
    public internal(set) var state: ReservationState
    public let createdLSN: LSN
    /// Request slot plus TTL; never changed afterwards.
    public let deadline: Slot
    /// The command that made it terminal.
    public internal(set) var releasedLSN: LSN?
    /// Last slot at which the terminal reservation is still shown; present exactly when terminal.
    public internal(set) var retireAfter: Slot?
    /// In the order of the command; never empty. The first is the anchor.
    public let members: [ResourceID]

    public init(
        id: ReservationID, holder: HolderID, epoch: LeaseEpoch, state: ReservationState,
        createdLSN: LSN, deadline: Slot, releasedLSN: LSN?, retireAfter: Slot?,
        members: [ResourceID]
    ) {
        self.id = id
        self.holder = holder
        self.epoch = epoch
        self.state = state
        self.createdLSN = createdLSN
        self.deadline = deadline
        self.releasedLSN = releasedLSN
        self.retireAfter = retireAfter
        self.members = members
    }
}

/// A remembered answer, so that a retry never executes twice (lease-kernel.md 4.4).
public struct OperationRecord: Hashable, Sendable {
    public let id: OperationID
    public let fingerprint: CommandFingerprint
    public let outcome: CommandOutcome
    public let appliedLSN: LSN
    /// Last slot at which the answer is remembered.
    public let retireAfter: Slot

    public init(
        id: OperationID, fingerprint: CommandFingerprint, outcome: CommandOutcome,
        appliedLSN: LSN, retireAfter: Slot
    ) {
        self.id = id
        self.fingerprint = fingerprint
        self.outcome = outcome
        self.appliedLSN = appliedLSN
        self.retireAfter = retireAfter
    }
}

/// The answer to a read of a reservation (lease-kernel.md 13).
public enum ReservationLookup: Hashable, Sendable {
    case found(Reservation)
    /// Its history is over, or its number is at or below one whose history is.
    case retired
    case notFound
}

/// How the allocator is doing (lease-kernel.md 14).
public struct HealthMetrics: Hashable, Sendable {
    public let lastAppliedLSN: LSN?
    public let lastRequestSlot: Slot?
    /// Slots that the newest command is behind the given wall-clock slot.
    public let logicalSlotLag: UInt64
    /// Reserved leases whose deadline has passed.
    public let expirationBacklog: UInt32
    public let operationTableUsed: UInt32
    public let operationTableCapacity: UInt32
    public let operationTableUtilizationPercent: UInt8
}
