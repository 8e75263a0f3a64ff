import BoundedCollections
import History

/// What each command does (lease-kernel.md 8), in the order of the checks there.
extension StreamedModel {
    mutating func execute(
        _ place: Int32, of commands: borrowing CommandTable, slot: Slot, lsn: LSN
    ) -> PlainAnswer {
        switch commands[place].kind {
        case .createResource: create(ResourceID(commands[place].object), lsn: lsn)
        case .reserve: reserve(commands[place], slot: slot, lsn: lsn)
        case .reserveBundle:
            reserveBundle(
                commands[place], commands.members(of: place), slot: slot, lsn: lsn)
        case .confirm: confirm(commands[place], lsn: lsn)
        case .release: release(commands[place], slot: slot, lsn: lsn)
        case .revoke: revoke(commands[place].object, lsn: lsn)
        case .reclaim: reclaim(commands[place].object, slot: slot, lsn: lsn)
        case .tickExpirations, .getResource, .getReservation, .committed, .refused, .ticked,
            .readResource, .readLease, .readNotFound, .readRetired, .failed, .ambiguous,
            .faultBegin, .faultEnd, .note:
            .refused(.noop)
        }
    }

    private mutating func create(_ id: ResourceID, lsn: LSN) -> PlainAnswer {
        guard place(of: id) == nil else { return .refused(.alreadyExists) }
        guard resources.count < Int(limits.maxResources) else {
            return .refused(.resourceTableFull)
        }
        change(add(id), to: .available, by: 0, version: 0, lsn: lsn)
        return .ok
    }

    private mutating func reserve(
        _ command: borrowing StreamedCommand, slot: Slot, lsn: LSN
    ) -> PlainAnswer {
        guard limits.maxBundleSize >= 1 else { return .refused(.bundleTooLarge) }
        guard command.number >= 1, command.number <= limits.maxTTL.rawValue else {
            return .refused(.ttlOutOfRange)
        }
        guard let member = place(of: ResourceID(command.object)) else {
            return .refused(.resourceNotFound)
        }
        guard isAvailable(member) else { return .refused(.resourceBusy) }
        return grant(command, member, [], slot: slot, lsn: lsn)
    }

    private mutating func reserveBundle(
        _ command: borrowing StreamedCommand, _ wanted: [ResourceID], slot: Slot, lsn: LSN
    ) -> PlainAnswer {
        guard !wanted.isEmpty, wanted.count <= Int(limits.maxBundleSize) else {
            return .refused(.bundleTooLarge)
        }
        guard command.number >= 1, command.number <= limits.maxTTL.rawValue else {
            return .refused(.ttlOutOfRange)
        }
        var members: [Int32] = []
        for id in wanted {
            guard let member = place(of: id) else { return .refused(.resourceNotFound) }
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
        let place = newLease(id)
        bucketCounts[bucket] &+= 1
        memberCount += 1 + others.count
        liveLeases += 1
        reservedLeases += 1
        leases[place].holder = command.holder
        leases[place].created = lsn
        leases[place].deadline = deadline
        leases[place].state = LeaseView.State.reserved.rawValue
        leases[place].epoch = 1
        leases[place].member = member
        leases[place].others = bundles.keep(others)
        leases[place].history.changedAt = lsn
        deadlines.insert(LeaseDeadline(deadline: deadline, id: id, place: Int32(place)))
        if deadlines.count > 2 * reservedLeases + 1024 { Self.thin(&deadlines, leases) }
        moveMembers(of: place, to: .reserved, lsn: lsn)
        return .granted(id, until: deadline)
    }

    /// Lets go of the deadlines of leases that ended.
    private static func thin(
        _ deadlines: inout MinHeap<LeaseDeadline>, _ leases: borrowing FlatArray<Lease>
    ) {
        deadlines.keep { entry in
            leases[Int(entry.place)].isReserved && leases[Int(entry.place)].id == entry.id
        }
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
