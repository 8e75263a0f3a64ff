import History

/// What reads tell about LSNs that no client was told of: a lease that is shown as expired names
/// the LSN of its expiry, and by its retirement the slot.
///
/// A hint never decides. It only says which explanation to try first, so that the replay of a
/// correct record seldom has to go back; a daemon that shows a wrong LSN gains nothing by it.
struct ReadHints: Sendable {
    private struct Expiry {
        let lsn: LSN
        let retireAfter: Slot?
    }

    private var expired: [ReservationID: Expiry] = [:]
    private var expiryAt: [LSN: ReservationID] = [:]

    init(_ attempts: [Attempt]) {
        for attempt in attempts {
            guard case .read(.lease(let view), _) = attempt.outcome, view.state == .expired,
                let lsn = view.releasedLSN
            else { continue }
            expired[view.reservationID] = Expiry(lsn: lsn, retireAfter: view.retireAfter)
            expiryAt[lsn] = view.reservationID
        }
    }

    enum Rank: Int, Comparable {
        case seenHere
        case open
        case seenElsewhere

        static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
    }

    /// How well the expiry of a lease fits an LSN and the slot after which the lease would be
    /// forgotten, by what reads showed.
    func rank(_ reservation: ReservationID, at lsn: LSN, retireAfter: Slot) -> Rank {
        guard let seen = expired[reservation] else {
            return expiryAt[lsn] == nil ? .open : .seenElsewhere
        }
        return seen.lsn == lsn && seen.retireAfter == retireAfter ? .seenHere : .seenElsewhere
    }
}
