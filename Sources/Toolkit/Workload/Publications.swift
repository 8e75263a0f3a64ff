public import History
import Synchronization

/// What the clients of a run were told last, for each other: a reader demands at once what a
/// writer has just been answered, and a contender knows when somebody else's lease is due.
///
/// Only answers of the log stand here, so whatever is published was committed before it can be
/// asked for.
public final class Publications: Sendable {
    public struct Entry: Sendable, Hashable {
        public var lsn: LSN
        public var resource: ResourceID?
        public var reservation: ReservationID?
        public var deadline: Slot?
    }

    static let most = 32
    private let entries = Mutex<[Entry]>([])

    public init() {}

    /// Takes note of an answer, if it is one that others can ask about.
    func take(_ operation: Operation, _ outcome: Outcome) {
        guard case .committed(let lsn, let result, _) = outcome else { return }
        let entry: Entry
        switch operation {
        case .reserve(let resource, _, _):
            entry = Entry(
                lsn: lsn, resource: resource, reservation: result.reservationID,
                deadline: result.deadline)
        case .reserveBundle(let resources, _, _):
            entry = Entry(
                lsn: lsn, resource: resources.last, reservation: result.reservationID,
                deadline: result.deadline)
        case .confirm(let reservation, _, _), .release(let reservation, _, _),
            .revoke(let reservation), .reclaim(let reservation):
            entry = Entry(lsn: lsn, reservation: reservation)
        case .createResource, .tickExpirations, .getResource, .getReservation: return
        }
        entries.withLock { entries in
            entries.append(entry)
            if entries.count > Self.most { entries.removeFirst() }
        }
    }

    /// One of the last two: the answer may be on its way to its client still.
    func latest(_ pick: UInt64) -> Entry? {
        entries.withLock { entries in
            guard !entries.isEmpty else { return nil }
            return entries[entries.count - 1 - Int(pick % UInt64(min(2, entries.count)))]
        }
    }

    /// A granted lease whose deadline is the slot that is current or the one before.
    func due(at slot: Slot) -> Entry? {
        entries.withLock { entries in
            entries.last { entry in
                guard let deadline = entry.deadline else { return false }
                return deadline <= slot && slot.rawValue <= deadline.rawValue + 1
            }
        }
    }
}
