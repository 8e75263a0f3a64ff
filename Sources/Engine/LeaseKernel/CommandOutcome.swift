/// What applying one command yields (lease-kernel.md 5). Only a successful reserve carries the
/// three optional values.
public struct CommandOutcome: Hashable, Sendable {
    public let code: ResultCode
    public let reservationID: ReservationID?
    public let epoch: LeaseEpoch?
    public let deadline: Slot?

    public init(
        _ code: ResultCode, reservationID: ReservationID? = nil, epoch: LeaseEpoch? = nil,
        deadline: Slot? = nil
    ) {
        self.code = code
        self.reservationID = reservationID
        self.epoch = epoch
        self.deadline = deadline
    }
}
