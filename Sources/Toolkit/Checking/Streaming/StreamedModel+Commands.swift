import BoundedCollections
import History

/// What each command does (lease-kernel.md 8), in the order of the checks there.
extension StreamedModel {
    mutating func execute(
        _ command: borrowing StreamedCommand, slot: Slot, lsn: LSN
    ) -> PlainAnswer {
        switch command.kind {
        case .createResource: create(ResourceID(command.object), lsn: lsn)
        case .reserve: reserve(command, slot: slot, lsn: lsn)
        case .reserveBundle: reserveBundle(command, slot: slot, lsn: lsn)
        case .confirm: confirm(command, lsn: lsn)
        case .release: release(command, slot: slot, lsn: lsn)
        case .revoke: revoke(command.object, lsn: lsn)
        case .reclaim: reclaim(command.object, slot: slot, lsn: lsn)
        case .tickExpirations, .getResource, .getReservation, .committed, .refused, .ticked,
            .readResource, .readLease, .readNotFound, .readRetired, .failed, .ambiguous,
            .faultBegin, .faultEnd, .note:
            .refused(.noop)
        }
    }

    private mutating func create(_ id: ResourceID, lsn: LSN) -> PlainAnswer {
        guard resourcePlaces[id] == nil else { return .refused(.alreadyExists) }
        guard resources.count < Int(limits.maxResources) else {
            return .refused(.resourceTableFull)
        }
        resourcePlaces[id] = Int32(resources.count)
        resources.append(Resource(id: id))
        change(resources.count - 1, to: .available, by: 0, version: 0, lsn: lsn)
        return .ok
    }

    private mutating func reserve(
        _ command: borrowing StreamedCommand, slot: Slot, lsn: LSN
    ) -> PlainAnswer {
        guard limits.maxBundleSize >= 1 else { return .refused(.bundleTooLarge) }
        guard command.number >= 1, command.number <= limits.maxTTL.rawValue else {
            return .refused(.ttlOutOfRange)
        }
        guard let member = resourcePlaces[ResourceID(command.object)] else {
            return .refused(.resourceNotFound)
        }
        guard isAvailable(member) else { return .refused(.resourceBusy) }
        return grant(command, member, [], slot: slot, lsn: lsn)
    }

    private mutating func reserveBundle(
        _ command: borrowing StreamedCommand, slot: Slot, lsn: LSN
    ) -> PlainAnswer {
        guard !command.members.isEmpty, command.members.count <= Int(limits.maxBundleSize) else {
            return .refused(.bundleTooLarge)
        }
        guard command.number >= 1, command.number <= limits.maxTTL.rawValue else {
            return .refused(.ttlOutOfRange)
        }
        var members: [Int32] = []
        for id in command.members {
            guard let member = resourcePlaces[id] else { return .refused(.resourceNotFound) }
            guard isAvailable(member), !members.contains(member) else {
                return .refused(.resourceBusy)
            }
            members.append(member)
        }
        return grant(
            command, members[0], Array(members.dropFirst()), slot: slot, lsn: lsn)
    }

    private func isAvailable(_ resource: Int32) -> Bool {
        resources[Int(resource)].state == ResourceView.State.available.rawValue
    }

    private mutating func grant(
        _ command: borrowing StreamedCommand, _ member: Int32, _ others: [Int32], slot: Slot,
        lsn: LSN
    ) -> PlainAnswer {
        guard liveLeases < Int(limits.maxReservations) else {
            return .refused(.reservationTableFull)
        }
        let capacity = Int(limits.maxReservations) * Int(limits.maxBundleSize)
        guard memberCount + 1 + others.count <= capacity else {
            return .refused(.reservationMemberTableFull)
        }
        let deadline = slot.adding(SlotCount(command.number))
        let bucket = bucket(of: deadline)
        guard bucketCounts[bucket] < limits.maxExpirationBucketLength else {
            return .refused(.expirationIndexFull)
        }
        let id = UInt128(limits.shardID) << 64 | UInt128(lsn.rawValue)
        let place = newLease()
        bucketCounts[bucket] &+= 1
        memberCount += 1 + others.count
        liveLeases += 1
        reservedLeases += 1
        leases[place].id = id
        leases[place].holder = command.holder
        leases[place].created = lsn
        leases[place].deadline = deadline
        leases[place].state = LeaseView.State.reserved.rawValue
        leases[place].epoch = 1
        leases[place].member = member
        leases[place].others = others
        leases[place].history.changedAt = lsn
        leasePlaces[ReservationID(id)] = Int32(place)
        deadlines.insert(LeaseDeadline(deadline: deadline, id: id, place: Int32(place)))
        if deadlines.count > 2 * reservedLeases + 1024 {
            let leases = leases
            deadlines.keep { leases[Int($0.place)].isReserved && leases[Int($0.place)].id == $0.id }
        }
        moveMembers(of: place, to: .reserved, lsn: lsn)
        return .granted(id, until: deadline)
    }

    private mutating func newLease() -> Int {
        if let place = freeLeases.popLast() {
            leases[Int(place)] = Lease()
            return Int(place)
        }
        leases.append(Lease())
        return leases.count - 1
    }

    private mutating func confirm(
        _ command: borrowing StreamedCommand, lsn: LSN
    ) -> PlainAnswer {
        guard let place = liveLease(command.object) else { return .refused(.reservationNotFound) }
        guard leases[place].holder == command.holder else { return .refused(.holderMismatch) }
        guard leases[place].epoch == command.number else { return .refused(.staleEpoch) }
        guard leases[place].retireAfter == nil else { return .refused(.reservationRetired) }
        guard leases[place].isReserved else { return .refused(.invalidState) }
        save(place, lsn: lsn)
        leaveReserved(place, lsn: lsn)
        leases[place].state = LeaseView.State.confirmed.rawValue
        moveMembers(of: place, to: .confirmed, lsn: lsn)
        return .ok
    }

    private mutating func release(
        _ command: borrowing StreamedCommand, slot: Slot, lsn: LSN
    ) -> PlainAnswer {
        guard let place = liveLease(command.object) else { return .refused(.reservationNotFound) }
        guard leases[place].holder == command.holder else { return .refused(.holderMismatch) }
        guard leases[place].epoch == command.number else { return .refused(.staleEpoch) }
        guard leases[place].retireAfter == nil else { return .refused(.reservationRetired) }
        guard
            leases[place].isReserved
                || leases[place].state == LeaseView.State.confirmed.rawValue
        else { return .refused(.invalidState) }
        end(place, as: .released, raisingEpoch: true, slot: slot, lsn: lsn)
        return .ok
    }

    private mutating func revoke(_ id: UInt128, lsn: LSN) -> PlainAnswer {
        guard let place = liveLease(id) else { return .refused(.reservationNotFound) }
        guard leases[place].retireAfter == nil else { return .refused(.reservationRetired) }
        guard leases[place].state == LeaseView.State.confirmed.rawValue else {
            return .refused(.invalidState)
        }
        save(place, lsn: lsn)
        leases[place].state = LeaseView.State.revoking.rawValue
        leases[place].epoch &+= 1
        moveMembers(of: place, to: .revoking, lsn: lsn)
        return .ok
    }

    private mutating func reclaim(_ id: UInt128, slot: Slot, lsn: LSN) -> PlainAnswer {
        guard let place = liveLease(id) else { return .refused(.reservationNotFound) }
        guard leases[place].retireAfter == nil else { return .refused(.reservationRetired) }
        guard leases[place].state == LeaseView.State.revoking.rawValue else {
            return .refused(.invalidState)
        }
        end(place, as: .revoked, raisingEpoch: false, slot: slot, lsn: lsn)
        return .ok
    }
}
