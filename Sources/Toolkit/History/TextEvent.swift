/// One event of history text version 1 (validation.md 2.3): a request and what became of it, in
/// one line. It has completions only, so nothing in it tells what overlapped in time.
public struct TextEvent: Hashable, Sendable {
    public var sequence: UInt64
    /// Free text without white space; may be empty.
    public var process: String
    public var timeMillis: UInt128
    public var operation: TextOperation
    public var outcome: TextOutcome

    public init(
        sequence: UInt64, process: String, timeMillis: UInt128, operation: TextOperation,
        outcome: TextOutcome
    ) {
        self.sequence = sequence
        self.process = process
        self.timeMillis = timeMillis
        self.operation = operation
        self.outcome = outcome
    }
}

/// What was asked. Any field may stand with any kind: the format does not check the combination.
public struct TextOperation: Hashable, Sendable {
    /// The operation kinds of validation.md 2.4; creation of resources is never recorded.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case reserve = "reserve"
        case reserveBundle = "reserve_bundle"
        case confirm = "confirm"
        case release = "release"
        case revoke = "revoke"
        case reclaim = "reclaim"
        case tickExpirations = "tick_expirations"
        case getResource = "get_resource"
        case getReservation = "get_reservation"

        public var isMutating: Bool {
            switch self {
            case .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
                .tickExpirations:
                true
            case .getResource, .getReservation: false
            }
        }
    }

    public var kind: Kind
    public var operationID: OperationID?
    public var resourceID: ResourceID?
    public var resourceIDs: [ResourceID]
    public var reservationID: ReservationID?
    public var holderID: HolderID?
    public var leaseEpoch: LeaseEpoch?
    public var requiredLSN: LSN?
    public var requestSlot: Slot?
    public var ttl: SlotCount?

    public init(
        _ kind: Kind, operationID: OperationID? = nil, resourceID: ResourceID? = nil,
        resourceIDs: [ResourceID] = [], reservationID: ReservationID? = nil,
        holderID: HolderID? = nil, leaseEpoch: LeaseEpoch? = nil, requiredLSN: LSN? = nil,
        requestSlot: Slot? = nil, ttl: SlotCount? = nil
    ) {
        self.kind = kind
        self.operationID = operationID
        self.resourceID = resourceID
        self.resourceIDs = resourceIDs
        self.reservationID = reservationID
        self.holderID = holderID
        self.leaseEpoch = leaseEpoch
        self.requiredLSN = requiredLSN
        self.requestSlot = requestSlot
        self.ttl = ttl
    }
}

/// What became of it (validation.md 2.5). Any outcome may stand on any operation.
public enum TextOutcome: Hashable, Sendable {
    case committedWrite(LSN, TextWriteResult)
    case readOK(TextRead)
    case definiteFailure(FailureReason)
    case ambiguous(AmbiguityReason)

    public enum FailureReason: String, Hashable, Sendable, CaseIterable {
        case busy = "busy"
        case conflict = "conflict"
        case staleEpoch = "stale_epoch"
        case notFound = "not_found"
        case retired = "retired"
        case fenceNotApplied = "fence_not_applied"
        case notPrimary = "not_primary"
        case engineHalted = "engine_halted"
        case invalidRequest = "invalid_request"
    }

    public enum AmbiguityReason: String, Hashable, Sendable, CaseIterable {
        case timeout = "timeout"
        case transportLoss = "transport_loss"
        case indefiniteWrite = "indefinite_write"
    }
}

/// The result of a committed write. The resource of the first three has no token of its own: it
/// is the operation's `resource_id`.
public enum TextWriteResult: Hashable, Sendable {
    case reserved(ResourceID, HolderID, ReservationID, LeaseEpoch, expiresAt: Slot)
    case confirmed(ResourceID, HolderID, ReservationID, LeaseEpoch)
    case released(ResourceID, HolderID, ReservationID, releasedLSN: LSN?)
    case revoked(ReservationID)
    case reclaimed(ReservationID)
    case tickExpired([Expired])

    /// The word of the `write_result` token.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case reserved = "reserved"
        case confirmed = "confirmed"
        case released = "released"
        case revoked = "revoked"
        case reclaimed = "reclaimed"
        case tickExpired = "tick_expired"
    }

    /// One entry of `expired`: a resource that a tick freed.
    public struct Expired: Hashable, Sendable {
        public var resourceID: ResourceID
        public var holderID: HolderID
        public var reservationID: ReservationID
        public var releasedLSN: LSN?

        public init(
            _ resourceID: ResourceID, _ holderID: HolderID, _ reservationID: ReservationID,
            releasedLSN: LSN?
        ) {
            self.resourceID = resourceID
            self.holderID = holderID
            self.reservationID = reservationID
            self.releasedLSN = releasedLSN
        }
    }
}

/// A read that was answered. Target and state are not compared with each other when read.
public struct TextRead: Hashable, Sendable {
    public enum Target: String, Hashable, Sendable, CaseIterable {
        case resource = "resource"
        case reservation = "reservation"
    }

    public enum State: Hashable, Sendable {
        case resourceAvailable
        case resourceReserved(HolderID, ReservationID, deadline: Slot)
        case resourceConfirmed(HolderID, ReservationID)
        case reservationNotFound
        case reservationRetired
        case reservationActive(ResourceID, HolderID, deadline: Slot, confirmed: Bool)
        case reservationReleased(ResourceID, HolderID, releasedLSN: LSN?)
    }

    public var target: Target
    public var servedBy: ReplicaID
    public var servedRole: ReplicaRole
    public var observedLSN: LSN?
    public var state: State

    public init(
        target: Target, servedBy: ReplicaID, servedRole: ReplicaRole, observedLSN: LSN?,
        state: State
    ) {
        self.target = target
        self.servedBy = servedBy
        self.servedRole = servedRole
        self.observedLSN = observedLSN
        self.state = state
    }
}
