public import LeaseKernel

/// What a client asks of a replica: one per connection (wire-api.md 2).
public enum ClientRequest: Hashable, Sendable {
    /// `payload` is one encoded `ClientCommand`; this codec does not look inside, because a bad
    /// payload is a rejected submit and no bad request.
    case submit(slot: Slot, payload: [UInt8])
    case getResource(ResourceID, requiredLSN: LSN?)
    case getLease(ReservationID, requiredLSN: LSN?, currentSlot: Slot)
    case getMetrics(currentSlot: Slot)
    case tickExpirations(currentSlot: Slot)

    /// Largest request a replica reads, in bytes; exactly this size is accepted (wire-api.md 7.2).
    public static let maximumByteCount = 1_048_576
}
