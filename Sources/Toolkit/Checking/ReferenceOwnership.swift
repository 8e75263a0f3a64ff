import History

/// Who holds what, replayed in ascending LSN (validation.md 4.6). Of two records at one LSN the
/// later line counts.
///
/// Lines mostly stand in the order of their LSNs. Whoever can read a text a second time has them
/// replayed while they come, in memory for the live leases only; if the order turns out to be
/// another, nothing is concluded, and the text is read again with all records kept.
struct ReferenceOwnership {
    /// What replaying needs of a committed record.
    private enum Effect {
        case reserve(ReservationID, Members, deadline: Slot)
        case confirm(ReservationID)
        case end(ReservationID)
        case tick(at: Slot, [TextWriteResult.Expired])
        /// Revoked, or a tick without a slot: changes nothing, but hides an earlier record.
        case nothing
    }

    /// The member list of a reservation; the most common one, a single resource, needs no
    /// memory of its own.
    private enum Members {
        case one(ResourceID)
        case list([ResourceID])

        func visit(_ body: (ResourceID) -> Void) {
            switch self {
            case .one(let resource): body(resource)
            case .list(let resources): resources.forEach(body)
            }
        }
    }

    private struct Record {
        let lsn: LSN
        let id: OperationID
        let effect: Effect
    }

    private let keepsRecords: Bool
    /// All records, or the last one alone, which a later line may replace.
    private var records: [Record] = []
    private var isAscending = true
    private var state = State()

    init(keepsRecords: Bool) { self.keepsRecords = keepsRecords }

    /// Whether the order of lines made a second reading necessary.
    var needsRecords: Bool { !keepsRecords && !isAscending }

    mutating func add(
        _ id: OperationID, _ operation: TextOperation, _ lsn: LSN, _ result: TextWriteResult
    ) {
        if let last = records.last?.lsn {
            if last == lsn { records.removeLast() }
            if last > lsn { isAscending = false }
            if !keepsRecords {
                for record in records { state.apply(record) }
                records.removeAll(keepingCapacity: true)
            }
        }
        records.append(Record(lsn: lsn, id: id, effect: Self.effect(of: operation, result)))
    }

    private static func effect(
        of operation: TextOperation, _ result: TextWriteResult
    ) -> Effect {
        switch result {
        case .reserved(let resource, _, let reservation, _, let deadline):
            let members: Members =
                operation.resourceIDs.isEmpty ? .one(resource) : .list(operation.resourceIDs)
            return .reserve(reservation, members, deadline: deadline)
        case .confirmed(_, _, let reservation, _): return .confirm(reservation)
        case .released(_, _, let reservation, _), .reclaimed(let reservation):
            return .end(reservation)
        case .revoked: return .nothing
        case .tickExpired(let entries):
            guard let slot = operation.requestSlot else { return .nothing }
            return .tick(at: slot, entries)
        }
    }

    /// The blockers in ascending LSN.
    consuming func replay() -> [ReferenceBlocker] {
        if !isAscending { sort() }
        for record in records { state.apply(record) }
        return state.blockers
    }

    /// Ascending LSN, the last of equals only.
    private mutating func sort() {
        let order = records.indices.sorted { left, right in
            records[left].lsn == records[right].lsn
                ? left < right : records[left].lsn < records[right].lsn
        }
        var sorted: [Record] = []
        sorted.reserveCapacity(records.count)
        for index in order {
            if sorted.last?.lsn == records[index].lsn { sorted.removeLast() }
            sorted.append(records[index])
        }
        records = sorted
    }

    private struct State {
        struct Owner {
            let id: OperationID
            let reservation: ReservationID
            let deadline: Slot
        }

        var owners = IDTable<ResourceID, Owner>()
        var members = IDTable<ReservationID, Members>()
        var blockers: [ReferenceBlocker] = []

        mutating func apply(_ record: Record) {
            switch record.effect {
            case .reserve(let reservation, let members, let deadline):
                reserve(reservation, members, deadline, by: record.id)
            case .confirm(let reservation): confirm(reservation, by: record.id)
            case .end(let reservation): end(reservation)
            case .tick(let slot, let entries): tick(slot, entries)
            case .nothing: break
            }
        }

        mutating func reserve(
            _ reservation: ReservationID, _ resources: Members, _ deadline: Slot,
            by id: OperationID
        ) {
            let owner = Owner(id: id, reservation: reservation, deadline: deadline)
            resources.visit { resource in
                if let existing = owners.replace(owner, for: resource) {
                    blockers.append(
                        .doubleAllocation(resource, existing: existing.id, conflicting: id))
                }
            }
            members[reservation] = resources
        }

        mutating func confirm(_ reservation: ReservationID, by id: OperationID) {
            members[reservation]?.visit { resource in
                guard let owner = owners[resource], owner.reservation != reservation else {
                    return
                }
                blockers.append(
                    .doubleAllocation(resource, existing: owner.id, conflicting: id))
            }
        }

        mutating func end(_ reservation: ReservationID) {
            members.take(reservation)?.visit { resource in
                if owners[resource]?.reservation == reservation { owners[resource] = nil }
            }
        }

        mutating func tick(_ slot: Slot, _ entries: [TextWriteResult.Expired]) {
            for entry in entries {
                guard let owner = owners[entry.resourceID],
                    owner.reservation == entry.reservationID
                else { continue }
                if slot < owner.deadline {
                    blockers.append(
                        .earlyExpirationRelease(
                            entry.resourceID, entry.reservationID, deadline: owner.deadline,
                            released: slot))
                }
                end(entry.reservationID)
            }
        }
    }
}
