/// What a client may ask of the allocator, and the one command the engine issues itself
/// (lease-kernel.md 8).
public enum Command: Hashable, Sendable {
    case createResource(ResourceID)
    case reserve(ResourceID, holder: HolderID, ttlSlots: UInt64)
    case reserveBundle([ResourceID], holder: HolderID, ttlSlots: UInt64)
    case confirm(ReservationID, holder: HolderID, epoch: LeaseEpoch)
    case release(ReservationID, holder: HolderID, epoch: LeaseEpoch)
    /// Internal: frees a reserved lease whose deadline has passed (lease-kernel.md 8.8).
    case expire(ReservationID, deadline: Slot)
    case revoke(ReservationID)
    case reclaim(ReservationID)
}

/// A command with the identity that makes its retries recognisable (wire-api.md 4).
public struct ClientCommand: Hashable, Sendable {
    public let operationID: OperationID
    public let clientID: ClientID
    public let command: Command

    public init(operationID: OperationID, clientID: ClientID, command: Command) {
        self.operationID = operationID
        self.clientID = clientID
        self.command = command
    }
}
