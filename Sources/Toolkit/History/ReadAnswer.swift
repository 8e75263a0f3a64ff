/// What a read said about the thing that was asked for.
public enum ReadAnswer: Hashable, Sendable {
    case resource(ResourceView)
    case lease(LeaseView)
    /// No such resource or reservation.
    case notFound
    /// The reservation once existed, or may have (lease-kernel.md 13).
    case retired
}

/// What the client learned about where a read was served. The answers of the protocol carry
/// neither, so an honest record mostly says unknown (nil).
public struct ServingFacts: Hashable, Sendable {
    public let role: ReplicaRole?
    public let observedLSN: LSN?

    public init(role: ReplicaRole? = nil, observedLSN: LSN? = nil) {
        self.role = role
        self.observedLSN = observedLSN
    }

    public static let unknown = ServingFacts()
}

/// The roles of a replica, with the words of validation.md 2.5.
public enum ReplicaRole: String, Hashable, Sendable, CaseIterable {
    case primary = "primary"
    case backup = "backup"
    case viewUncertain = "view_uncertain"
    case recovering = "recovering"
    case faulted = "faulted"
}

/// A resource as a replica shows it (wire-api.md 3.3).
public struct ResourceView: Hashable, Sendable {
    /// The raw value is the client protocol's number.
    public enum State: UInt8, Hashable, Sendable, CaseIterable {
        case available = 1
        case reserved
        case confirmed
        case revoking
    }

    public let resourceID: ResourceID
    public let state: State
    public let currentReservation: ReservationID?
    /// Grows by one with each change of this resource's state; 0 at creation.
    public let version: UInt64

    public init(
        resourceID: ResourceID, state: State, currentReservation: ReservationID?, version: UInt64
    ) {
        self.resourceID = resourceID
        self.state = state
        self.currentReservation = currentReservation
        self.version = version
    }
}

/// A reservation as a replica shows it (wire-api.md 3.4).
public struct LeaseView: Hashable, Sendable {
    /// The raw value is the client protocol's number. What the protocol calls active is the
    /// kernel's confirmed.
    public enum State: UInt8, Hashable, Sendable, CaseIterable {
        case reserved = 1
        case confirmed
        case released
        case expired
        case revoking
        case revoked

        /// Whether the lease is over and its resources are free.
        public var isTerminal: Bool {
            switch self {
            case .reserved, .confirmed, .revoking: false
            case .released, .expired, .revoked: true
            }
        }
    }

    public let reservationID: ReservationID
    public let holder: HolderID
    public let state: State
    public let epoch: LeaseEpoch
    public let createdLSN: LSN
    public let deadline: Slot?
    public let releasedLSN: LSN?
    public let retireAfter: Slot?
    /// In the order of the command that made the reservation.
    public let members: [ResourceID]

    public init(
        reservationID: ReservationID, holder: HolderID, state: State, epoch: LeaseEpoch,
        createdLSN: LSN, deadline: Slot?, releasedLSN: LSN?, retireAfter: Slot?,
        members: [ResourceID]
    ) {
        self.reservationID = reservationID
        self.holder = holder
        self.state = state
        self.epoch = epoch
        self.createdLSN = createdLSN
        self.deadline = deadline
        self.releasedLSN = releasedLSN
        self.retireAfter = retireAfter
        self.members = members
    }
}
