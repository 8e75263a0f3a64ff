import History

/// Who holds what, replayed in ascending LSN (validation.md 4.6). Of two records at one LSN the
/// later line counts.
struct ReferenceOwnership {
    /// What replaying needs of a committed record.
    private enum Effect {
        case reserve(ReservationID, [ResourceID], deadline: Slot)
        case confirm(ReservationID)
        case end(ReservationID)
        case tick(at: Slot, [TextWriteResult.Expired])
        /// Revoked, or a tick without a slot: changes nothing, but hides an earlier record.
        case nothing
    }

    private struct Record {
        let lsn: LSN
        let id: OperationID
        let effect: Effect
    }

    private var records: [Record] = []
    private var isAscending = true

    mutating func add(
        _ id: OperationID, _ operation: TextOperation, _ lsn: LSN, _ result: TextWriteResult
    ) {
        if let last = records.last?.lsn {
            if last == lsn { records.removeLast() }
            if last > lsn { isAscending = false }
        }
        records.append(Record(lsn: lsn, id: id, effect: Self.effect(of: operation, result)))
    }

    private static func effect(
        of operation: TextOperation, _ result: TextWriteResult
    ) -> Effect {
        switch result {
        case .reserved(let resource, _, let reservation, _, let deadline):
            let members = operation.resourceIDs.isEmpty ? [resource] : operation.resourceIDs
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
        var state = State()
        for record in records {
            switch record.effect {
            case .reserve(let reservation, let members, let deadline):
                state.reserve(reservation, members, deadline, by: record.id)
            case .confirm(let reservation): state.confirm(reservation, by: record.id)
            case .end(let reservation): state.end(reservation)
            case .tick(let slot, let entries): state.tick(slot, entries)
            case .nothing: break
            }
        }
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

        var owners: [ResourceID: Owner] = [:]
        var members: [ReservationID: [ResourceID]] = [:]
        var blockers: [ReferenceBlocker] = []

        mutating func reserve(
            _ reservation: ReservationID, _ resources: [ResourceID], _ deadline: Slot,
            by id: OperationID
        ) {
            let owner = Owner(id: id, reservation: reservation, deadline: deadline)
            for resource in resources {
                if let existing = owners.updateValue(owner, forKey: resource) {
                    blockers.append(
                        .doubleAllocation(resource, existing: existing.id, conflicting: id))
                }
            }
            members[reservation] = resources
        }

        mutating func confirm(_ reservation: ReservationID, by id: OperationID) {
            for resource in members[reservation] ?? [] {
                guard let owner = owners[resource], owner.reservation != reservation else {
                    continue
                }
                blockers.append(
                    .doubleAllocation(resource, existing: owner.id, conflicting: id))
            }
        }

        mutating func end(_ reservation: ReservationID) {
            guard let freed = members.removeValue(forKey: reservation) else { return }
            for resource in freed where owners[resource]?.reservation == reservation {
                owners[resource] = nil
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
