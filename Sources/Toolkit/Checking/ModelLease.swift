import History

/// One lease as the contract says it must be (lease-kernel.md 4.2).
struct ModelLease: Hashable, Sendable {
    let id: ReservationID
    let members: [ResourceID]
    let holder: HolderID
    let createdLSN: LSN
    let deadline: Slot
    var state: LeaseView.State
    var epoch: LeaseEpoch
    var releasedLSN: LSN?
    var retireAfter: Slot?
    /// When it was confirmed or ended: from then on an expiry of it changes nothing.
    var leftReservedAt: LSN?

    /// What a replica must show of it (wire-api.md 3.4).
    var view: LeaseView {
        LeaseView(
            reservationID: id, holder: holder, state: state, epoch: epoch, createdLSN: createdLSN,
            deadline: deadline, releasedLSN: releasedLSN, retireAfter: retireAfter,
            members: members)
    }
}

/// One resource as the contract says it must be (lease-kernel.md 4.1).
struct ModelResource: Hashable, Sendable {
    var state: ResourceView.State
    var reservation: ReservationID?
    var version: UInt64
}

/// What the contract says a command must be answered.
enum ModelAnswer: Hashable, Sendable {
    case ok(CommitResult)
    case refused(RefusalCode)

    /// The words of a finding.
    var description: String {
        switch self {
        case .ok(let result):
            if let id = result.reservationID { "ok with reservation \(id)" } else { "ok" }
        case .refused(let code): code.name
        }
    }
}
