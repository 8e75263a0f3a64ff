import History

/// Who holds what, replayed in ascending LSN (validation.md 4.6). Of two records at one LSN the
/// later line counts.
///
/// Lines mostly stand in the order of their LSNs. Whoever can read a text a second time has them
/// replayed while they come, in memory for the live leases only; if the order turns out to be
/// another, nothing is concluded, and the text is read again with all records kept.
struct ReferenceOwnership: ~Copyable {
    /// What replaying needs of a committed record. Lists stand in the state.
    struct Record {
        enum Effect: UInt8 {
            case reserve, confirm, end, tick
            /// Revoked, or a tick without a slot: changes nothing, but hides an earlier record.
            case nothing
        }

        let lsn: LSN
        let id: OperationID
        var effect = Effect.nothing
        /// The deadline of a grant, or the slot of a tick.
        var slot = Slot(0)
        var reservation = ReservationID(0)
        /// The member of a grant without a member list.
        var resource = ResourceID(0)
        /// The number of the list of members, or of the entries of a tick.
        var list: Int32 = -1
    }

    private let keepsRecords: Bool
    /// All records, or the last one alone, which a later line may replace.
    private var records = FlatArray<Record>()
    private var isAscending = true
    private var state = ReferenceOwners()

    init(keepsRecords: Bool) { self.keepsRecords = keepsRecords }

    /// Whether the order of lines made a second reading necessary.
    var needsRecords: Bool { !keepsRecords && !isAscending }

    /// In ascending LSN, behind `replay`.
    var blockers: [ReferenceBlocker] { state.blockers }

    /// Takes a committed write that has an operation id.
    mutating func add(_ event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk) {
        if !records.isEmpty {
            let last = records[records.count &- 1].lsn
            if last == event.lsn, let replaced = records.popLast() { state.forget(replaced) }
            if last > event.lsn { isAscending = false }
            if !keepsRecords { applyAll() }
        }
        records.append(record(event, chunk))
    }

    private mutating func record(
        _ event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk
    ) -> Record {
        var record = Record(lsn: event.lsn, id: event.operationID)
        record.reservation = event.committedReservation
        switch event.outcome {
        case .reserved:
            record.effect = .reserve
            record.slot = event.deadline
            record.resource = event.resource
            if event.membersCount > 0 {
                record.list = state.lists.keep(Array(chunk.members(of: event)))
            }
        case .confirmed: record.effect = .confirm
        case .released, .reclaimed: record.effect = .end
        case .revoked, .readOK, .definiteFailure, .ambiguous: break
        case .tickExpired:
            guard event.has(.slot) else { break }
            record.effect = .tick
            record.slot = event.slot
            record.list = state.expired.keep(Array(chunk.expired(of: event)))
        }
        return record
    }

    /// Replays what was not replayed yet.
    mutating func replay() {
        if !isAscending { sort() }
        applyAll()
    }

    private mutating func applyAll() {
        for place in 0..<records.count { state.apply(records[place]) }
        records.removeAll()
    }

    /// Ascending LSN, the last of equals only.
    private mutating func sort() {
        let order = (0..<records.count).sorted { left, right in
            records[left].lsn == records[right].lsn
                ? left < right : records[left].lsn < records[right].lsn
        }
        var sorted = FlatArray<Record>()
        for place in order {
            if !sorted.isEmpty, sorted[sorted.count - 1].lsn == records[place].lsn {
                _ = sorted.popLast()
            }
            sorted.append(records[place])
        }
        records = sorted
    }
}

/// The owners of the resources up to an LSN, and what was wrong up to there.
struct ReferenceOwners: ~Copyable {
    struct Owner {
        let id: OperationID
        let reservation: ReservationID
        let deadline: Slot
    }

    /// The members of a reservation: one, or those in a list.
    struct Members {
        let resource: ResourceID
        let list: Int32
    }

    var lists = ListPool<ResourceID>()
    var expired = ListPool<TextWriteResult.Expired>()
    private var owners = IDTable<ResourceID, Owner>()
    private var members = IDTable<ReservationID, Members>()
    private(set) var blockers: [ReferenceBlocker] = []

    mutating func apply(_ record: ReferenceOwnership.Record) {
        switch record.effect {
        case .reserve: reserve(record)
        case .confirm: confirm(record.reservation, by: record.id)
        case .end: end(record.reservation)
        case .tick:
            tick(record.slot, expired[record.list])
            expired.letGo(record.list)
        case .nothing: break
        }
    }

    /// A record is not replayed.
    mutating func forget(_ record: ReferenceOwnership.Record) {
        if record.effect == .tick { expired.letGo(record.list) } else { lists.letGo(record.list) }
    }

    private mutating func reserve(_ record: ReferenceOwnership.Record) {
        let owner = Owner(
            id: record.id, reservation: record.reservation, deadline: record.slot)
        if record.list < 0 {
            take(record.resource, by: owner)
        } else {
            for resource in lists[record.list] { take(resource, by: owner) }
        }
        let new = Members(resource: record.resource, list: record.list)
        if let old = members.replace(new, for: record.reservation) { lists.letGo(old.list) }
    }

    private mutating func take(_ resource: ResourceID, by owner: Owner) {
        guard let existing = owners.replace(owner, for: resource) else { return }
        blockers.append(
            .doubleAllocation(resource, existing: existing.id, conflicting: owner.id))
    }

    private mutating func confirm(_ reservation: ReservationID, by id: OperationID) {
        guard let held = members[reservation] else { return }
        for resource in held.list < 0 ? [held.resource] : lists[held.list] {
            guard let owner = owners[resource], owner.reservation != reservation else { continue }
            blockers.append(.doubleAllocation(resource, existing: owner.id, conflicting: id))
        }
    }

    private mutating func end(_ reservation: ReservationID) {
        guard let held = members.take(reservation) else { return }
        if held.list < 0 {
            free(held.resource, of: reservation)
        } else {
            for resource in lists[held.list] { free(resource, of: reservation) }
            lists.letGo(held.list)
        }
    }

    private mutating func free(_ resource: ResourceID, of reservation: ReservationID) {
        owners.remove(resource) { $0.reservation == reservation }
    }

    private mutating func tick(_ slot: Slot, _ entries: [TextWriteResult.Expired]) {
        for entry in entries {
            guard let owner = owners[entry.resourceID], owner.reservation == entry.reservationID
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
