import LeaseKernel

/// Ways to change a state that no command has.
extension Kernel {
    /// Changes the tables; false, and no change, where the outcome is no state at all.
    mutating func edit(_ change: (inout KernelSnapshot) -> Void) -> Bool {
        var tables = snapshot()
        change(&tables)
        guard let changed = try? Kernel(restoring: tables, configuration: configuration) else {
            return false
        }
        self = changed
        return true
    }

    /// Changes the row of one lease.
    mutating func editLease(
        _ id: ReservationID, _ change: (inout KernelSnapshot.ReservationRow) -> Void
    ) -> Bool {
        edit { tables in
            for index in tables.reservations.indices where tables.reservations[index].id == id {
                change(&tables.reservations[index])
            }
        }
    }

    /// Counts as applied up to `lsn`; false, and no change, where that cannot be.
    mutating func stamp(_ lsn: LSN, _ slot: Slot) -> Bool {
        edit { tables in
            tables.lastAppliedLSN = lsn
            tables.lastRequestSlot = slot
        }
    }

    /// Applies one more command at the position of `entry`, where only one belongs.
    mutating func slip(in command: Command, beside entry: PreparedEntry) {
        let before = LSN(entry.lsn.rawValue - 1)
        let slot = max(lastRequestSlot ?? entry.requestSlot, entry.requestSlot)
        guard stamp(before, slot) else { return }
        _ = try? applyInternal(command, lsn: entry.lsn, requestSlot: slot)
    }

    /// As before the command at `lsn`, so that another one can have the position.
    mutating func makeRoom(at lsn: LSN, _ slot: Slot) {
        _ = stamp(LSN(lsn.rawValue - 1), slot)
    }
}

extension KernelSnapshot {
    /// Makes a lease reserved again, whatever it was: with its members, on the wheel.
    mutating func reserveAgain(_ id: ReservationID) {
        guard let row = reservations.firstIndex(where: { $0.id == id }) else { return }
        reservations[row].state = .reserved
        reservations[row].releasedLSN = nil
        reservations[row].retireAfter = nil
        let bucket = wheel.bucketNumber(of: reservations[row].deadline)
        if !wheel[bucket].contains(id) { wheel[bucket] = (wheel[bucket] + [id]).sorted() }
        let own = Set(members.filter { $0.key.reservation == id }.map(\.resource))
        for index in resources.indices where own.contains(resources[index].id) {
            resources[index].state = .reserved
            resources[index].currentReservation = id
            resources[index].version += 1
        }
    }
}
