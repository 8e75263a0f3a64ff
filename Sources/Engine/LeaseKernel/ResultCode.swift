/// The deterministic answer of the state machine to an applied command (lease-kernel.md 10).
///
/// The raw value is the number in snapshots; the client protocol's number is one higher.
public enum ResultCode: UInt8, CaseIterable, Sendable {
    case ok = 0
    case noop
    case alreadyExists
    case resourceTableFull
    case resourceNotFound
    case resourceBusy
    case bundleTooLarge
    case ttlOutOfRange
    case reservationTableFull
    case reservationMemberTableFull
    case reservationNotFound
    case reservationRetired
    case expirationIndexFull
    case operationTableFull
    case operationConflict
    case invalidState
    case holderMismatch
    case staleEpoch
    case slotOverflow

    /// The number the client protocol uses (1 to 19).
    public var wireValue: UInt8 { rawValue + 1 }

    public init?(wireValue: UInt8) {
        guard wireValue > 0 else { return nil }
        self.init(rawValue: wireValue - 1)
    }
}
