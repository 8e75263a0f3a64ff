/// Input that no correct caller hands to a kernel, or state that no correct kernel reaches
/// (lease-kernel.md 15). Nothing has been changed when one of these is thrown.
public enum KernelError: Error, Hashable, Sendable {
    case lsnNotIncreasing(last: LSN, found: LSN)
    case slotDecreasing(last: Slot, found: Slot)
    /// The epoch of this reservation cannot grow any more (lease-kernel.md 9).
    case leaseEpochExhausted(ReservationID)
    /// The version of this resource cannot grow any more.
    case resourceVersionExhausted(ResourceID)
    /// The command would create a reservation whose number a hand-made snapshot already used.
    case reservationExists(ReservationID)
    case invariantViolated(InvariantViolation)
}

/// Slot arithmetic that does not fit 64 bits (lease-kernel.md 7 step 1).
public struct SlotOverflow: Error, Hashable, Sendable {
    public enum Kind: UInt8, CaseIterable, Hashable, Sendable {
        case operationWindow = 1
        case deadline
        case reservationHistory
    }

    public let kind: Kind
    public let requestSlot: Slot
    /// What would have been added to the request slot.
    public let delta: UInt64

    public init(kind: Kind, requestSlot: Slot, delta: UInt64) {
        self.kind = kind
        self.requestSlot = requestSlot
        self.delta = delta
    }
}

/// What applying one command yields, beyond the outcome itself.
public struct AppliedCommand: Hashable, Sendable {
    /// The command that was executed: for a retry the original one.
    public let lsn: LSN
    public let outcome: CommandOutcome
    /// The operation table already held the operation: the stored outcome, or a conflict.
    public let isFromRetryTable: Bool

    public init(lsn: LSN, outcome: CommandOutcome, isFromRetryTable: Bool) {
        self.lsn = lsn
        self.outcome = outcome
        self.isFromRetryTable = isFromRetryTable
    }
}
