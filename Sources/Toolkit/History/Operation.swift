/// What is asked of the cluster. Two requests with the same operation id are retries of one
/// command exactly if their operations are equal: the slot is not part of that comparison
/// (lease-kernel.md 7), so it stands in `Invocation`.
public enum Operation: Hashable, Sendable {
    case createResource(ResourceID)
    case reserve(ResourceID, HolderID, ttl: SlotCount)
    case reserveBundle([ResourceID], HolderID, ttl: SlotCount)
    case confirm(ReservationID, HolderID, LeaseEpoch)
    case release(ReservationID, HolderID, LeaseEpoch)
    case revoke(ReservationID)
    case reclaim(ReservationID)
    case tickExpirations
    case getResource(ResourceID, requiredLSN: LSN?)
    case getReservation(ReservationID, requiredLSN: LSN?)

    /// The name without its fields; the raw value is the word of text version 1
    /// (validation.md 2.4), to which `create_resource` is our addition.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case createResource = "create_resource"
        case reserve = "reserve"
        case reserveBundle = "reserve_bundle"
        case confirm = "confirm"
        case release = "release"
        case revoke = "revoke"
        case reclaim = "reclaim"
        case tickExpirations = "tick_expirations"
        case getResource = "get_resource"
        case getReservation = "get_reservation"

        /// Whether it can change the state of the cluster.
        public var isMutating: Bool {
            switch self {
            case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
                .tickExpirations:
                true
            case .getResource, .getReservation: false
            }
        }
    }

    public var kind: Kind {
        switch self {
        case .createResource: .createResource
        case .reserve: .reserve
        case .reserveBundle: .reserveBundle
        case .confirm: .confirm
        case .release: .release
        case .revoke: .revoke
        case .reclaim: .reclaim
        case .tickExpirations: .tickExpirations
        case .getResource: .getResource
        case .getReservation: .getReservation
        }
    }

    public var isMutating: Bool { kind.isMutating }
}
