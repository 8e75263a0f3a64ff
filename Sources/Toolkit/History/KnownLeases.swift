/// The leases that a record shows, from grants and from reads, and which of them each tick ended
/// as far as the record tells. The answers of the protocol carry neither the resource of a
/// confirm nor the list of a tick, while text version 1 demands both.
struct KnownLeases {
    struct Lease {
        let reservation: ReservationID
        let members: [ResourceID]
        let holder: HolderID
        let deadline: Slot
        let created: LSN
    }

    private var leases: [ReservationID: Lease] = [:]
    private var expiredBy: [AttemptNumber: [Lease]] = [:]
    /// What changes the set of leases that can expire, at its place in the log.
    private var changes: [(lsn: LSN, change: Change)] = []

    init() {}

    /// Takes one attempt after the other. `finish` once all are taken.
    mutating func take(_ attempt: AttemptSummary) {
        if let lease = Self.lease(shownBy: attempt) { leases[lease.reservation] = lease }
        switch (attempt.outcome, attempt.invocation.operation) {
        case (.committed(let lsn, _, _), .confirm(let reservation, _, _)),
            (.committed(let lsn, _, _), .release(let reservation, _, _)):
            changes.append((lsn, .settled(reservation)))
        case (.ticked(let applied, let lastLSN?), _):
            guard let slot = attempt.invocation.slot else { return }
            changes.append(
                (lastLSN, .ticked(attempt.invocation.attempt, at: slot, count: Int(applied))))
        default: break
        }
    }

    subscript(reservation: ReservationID) -> Lease? { leases[reservation] }

    /// What the tick of this attempt ended.
    func expired(by attempt: AttemptNumber) -> [Lease] { expiredBy[attempt] ?? [] }

    private static func lease(shownBy attempt: AttemptSummary) -> Lease? {
        switch attempt.outcome {
        case .committed(let lsn, let result, _):
            guard let reservation = result.reservationID, let deadline = result.deadline else {
                return nil
            }
            let members: [ResourceID]
            let requester: HolderID
            switch attempt.invocation.operation {
            case .reserve(let resource, let holder, _): (members, requester) = ([resource], holder)
            case .reserveBundle(let resources, let holder, _):
                (members, requester) = (resources, holder)
            case .createResource, .confirm, .release, .revoke, .reclaim, .tickExpirations,
                .getResource, .getReservation:
                return nil
            }
            return Lease(
                reservation: reservation, members: members, holder: requester, deadline: deadline,
                created: lsn)
        case .read(.lease(let view), _):
            guard let deadline = view.deadline else { return nil }
            return Lease(
                reservation: view.reservationID, members: view.members, holder: view.holder,
                deadline: deadline, created: view.createdLSN)
        case .read, .refused, .ticked, .failed, .ambiguous: return nil
        }
    }

    private enum Change {
        case granted(Lease)
        /// Confirmed or released.
        case settled(ReservationID)
        case ticked(AttemptNumber, at: Slot, count: Int)
    }

    /// A tick ends the reserved leases whose deadline has come, by deadline and id, as many as
    /// its answer says (lease-kernel.md 12.1).
    mutating func finish() {
        var changes = leases.values.map { (lsn: $0.created, change: Change.granted($0)) }
        changes += self.changes
        self.changes = []
        changes.sort { $0.lsn < $1.lsn }
        var reserved: [ReservationID: Lease] = [:]
        for (_, change) in changes {
            switch change {
            case .granted(let lease): reserved[lease.reservation] = lease
            case .settled(let reservation): reserved[reservation] = nil
            case .ticked(let attempt, let slot, let count):
                let due = reserved.values.filter { $0.deadline <= slot }
                let ended = due.sorted {
                    ($0.deadline, $0.reservation) < ($1.deadline, $1.reservation)
                }.prefix(count)
                for lease in ended { reserved[lease.reservation] = nil }
                expiredBy[attempt] = Array(ended)
            }
        }
    }
}
