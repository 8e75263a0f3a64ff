import History

extension StreamedModel {
    // MARK: - What commands have in common

    mutating func end(
        _ place: Int, as state: LeaseView.State, raisingEpoch: Bool, slot: Slot, lsn: LSN
    ) {
        save(place, lsn: lsn)
        if leases[place].isReserved { leaveReserved(place, lsn: lsn) }
        leases[place].state = state.rawValue
        if raisingEpoch { leases[place].epoch &+= 1 }
        leases[place].released = lsn
        let retireAfter = slot.adding(limits.reservationHistoryWindow)
        leases[place].retireAfter = retireAfter
        moveMembers(of: place, to: .available, lsn: lsn)
        leaseRetirement.append((Int32(place), retireAfter))
    }

    mutating func leaveReserved(_ place: Int, lsn: LSN) {
        leases[place].leftReserved = lsn
        reservedLeases -= 1
        bucketCounts[bucket(of: leases[place].deadline)] &-= 1
    }

    mutating func moveMembers(
        of place: Int, to state: ResourceView.State, lsn: LSN
    ) {
        let holder = state == .available ? 0 : leases[place].id
        move(Int(leases[place].member), to: state, by: holder, lsn: lsn)
        if leases[place].others >= 0 {
            for other in bundles[leases[place].others] {
                move(Int(other), to: state, by: holder, lsn: lsn)
            }
        }
    }

    private mutating func move(
        _ resource: Int, to state: ResourceView.State, by reservation: UInt128, lsn: LSN
    ) {
        change(
            resource, to: state, by: reservation, version: resources[resource].version &+ 1,
            lsn: lsn)
    }

    mutating func change(
        _ resource: Int, to state: ResourceView.State, by reservation: UInt128, version: UInt64,
        lsn: LSN
    ) {
        past.save(
            PastValue(
                state: resources[resource].state, second: resources[resource].reservation,
                number: resources[resource].version),
            of: &resources[resource].history, changedAt: lsn, needed: needed)
        resources[resource].state = state.rawValue
        resources[resource].reservation = reservation
        resources[resource].version = version
    }

    mutating func save(_ place: Int, lsn: LSN) {
        past.save(
            PastValue(
                state: leases[place].state, second: 0, number: leases[place].epoch,
                released: leases[place].released, retireAfter: leases[place].retireAfter),
            of: &leases[place].history, changedAt: lsn, needed: needed)
    }

    func bucket(of deadline: Slot) -> Int {
        Int(truncatingIfNeeded: deadline.rawValue % UInt64(bucketCounts.count))
    }
}
