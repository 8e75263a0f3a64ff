// What each command does (lease-kernel.md 8). Checks come in the specified order; the first that
// fails decides the result code and leaves the state as it was.

extension Kernel {
    /// The number a reservation created by the command at `lsn` gets (lease-kernel.md 6).
    func reservationID(of lsn: LSN) -> ReservationID {
        ReservationID(UInt128(configuration.shardID) << 64 | UInt128(lsn.rawValue))
    }

    mutating func execute(
        _ command: Command, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> CommandOutcome {
        switch command {
        case .createResource(let resource):
            return CommandOutcome(create(resource))
        case .reserve(let resource, let holder, let ttlSlots):
            return try reserve(
                [resource], holder: holder, ttlSlots: ttlSlots, lsn: lsn, requestSlot: requestSlot)
        case .reserveBundle(let resources, let holder, let ttlSlots):
            return try reserve(
                resources, holder: holder, ttlSlots: ttlSlots, lsn: lsn, requestSlot: requestSlot)
        case .confirm(let id, let holder, let epoch):
            return CommandOutcome(try confirm(id, holder: holder, epoch: epoch))
        case .release(let id, let holder, let epoch):
            return CommandOutcome(
                try release(id, holder: holder, epoch: epoch, lsn: lsn, requestSlot: requestSlot))
        case .revoke(let id):
            return CommandOutcome(try revoke(id))
        case .reclaim(let id):
            return CommandOutcome(try reclaim(id, lsn: lsn, requestSlot: requestSlot))
        case .expire(let id, let deadline):
            return CommandOutcome(
                try expire(id, deadline: deadline, lsn: lsn, requestSlot: requestSlot))
        }
    }

    private mutating func create(_ id: ResourceID) -> ResultCode {
        if resources[id] != nil { return .alreadyExists }
        guard resources.count < Int(configuration.maxResources) else { return .resourceTableFull }
        resources[id] = Resource(id: id)
        return .ok
    }

    private mutating func reserve(
        _ members: [ResourceID], holder: HolderID, ttlSlots: UInt64, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> CommandOutcome {
        // Fits: the slot range check of `apply` comes before everything else.
        let deadline = Slot(requestSlot.rawValue &+ ttlSlots)
        if let refusal = refusal(toReserve: members, ttlSlots: ttlSlots, deadline: deadline) {
            return CommandOutcome(refusal)
        }
        let id = reservationID(of: lsn)
        guard reservations[id] == nil else { throw .reservationExists(id) }

        wheel.insert(id, deadline: deadline)
        reservations[id] = Reservation(
            id: id, holder: holder, epoch: LeaseEpoch(1), state: .reserved, createdLSN: lsn,
            deadline: deadline, releasedLSN: nil, retireAfter: nil, members: members)
        memberCount += UInt64(members.count)
        try move(members, to: .reserved, of: id)
        return CommandOutcome(
            .ok, reservationID: id, epoch: LeaseEpoch(1), deadline: deadline)
    }

    private func refusal(
        toReserve members: [ResourceID], ttlSlots: UInt64, deadline: Slot
    ) -> ResultCode? {
        guard !members.isEmpty, members.count <= Int(configuration.maxBundleSize) else {
            return .bundleTooLarge
        }
        guard (1...configuration.maxTTLSlots).contains(ttlSlots) else { return .ttlOutOfRange }
        var seen: Set<ResourceID> = []
        for member in members {
            guard seen.insert(member).inserted else { return .resourceBusy }
            guard let resource = resources[member] else { return .resourceNotFound }
            guard resource.state == .available else { return .resourceBusy }
        }
        // A restored table is within its capacity, so "not equal" is "below".
        guard reservations.count < Int(configuration.maxReservations) else {
            return .reservationTableFull
        }
        guard memberCount + UInt64(members.count) <= configuration.memberTableCapacity else {
            return .reservationMemberTableFull
        }
        guard
            wheel[wheel.bucketNumber(of: deadline)].count
                < Int(configuration.maxExpirationBucketLength)
        else { return .expirationIndexFull }
        return nil
    }

    private mutating func confirm(
        _ id: ReservationID, holder: HolderID, epoch: LeaseEpoch
    ) throws(KernelError) -> ResultCode {
        guard let reservation = reservations[id] else { return .reservationNotFound }
        if let refusal = reservation.refusal(to: holder, epoch: epoch) { return refusal }
        guard reservation.state == .reserved else { return .invalidState }

        wheel.remove(id, deadline: reservation.deadline)
        reservations[id]?.state = .confirmed
        try move(reservation.members, to: .confirmed, of: id)
        return .ok
    }

    private mutating func release(
        _ id: ReservationID, holder: HolderID, epoch: LeaseEpoch, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> ResultCode {
        guard let reservation = reservations[id] else { return .reservationNotFound }
        if let refusal = reservation.refusal(to: holder, epoch: epoch) { return refusal }
        switch reservation.state {
        case .reserved, .confirmed: break
        case .revoking, .released, .expired, .revoked: return .invalidState
        }
        try end(
            reservation, as: .released, epoch: try nextEpoch(of: reservation), lsn: lsn,
            requestSlot: requestSlot)
        return .ok
    }

    private mutating func revoke(_ id: ReservationID) throws(KernelError) -> ResultCode {
        guard let reservation = reservations[id] else { return .reservationNotFound }
        guard reservation.retireAfter == nil else { return .reservationRetired }
        guard reservation.state == .confirmed else { return .invalidState }

        let epoch = try nextEpoch(of: reservation)
        reservations[id]?.state = .revoking
        reservations[id]?.epoch = epoch
        try move(reservation.members, to: .revoking, of: id)
        return .ok
    }

    private mutating func reclaim(
        _ id: ReservationID, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> ResultCode {
        guard let reservation = reservations[id] else { return .reservationNotFound }
        guard reservation.retireAfter == nil else { return .reservationRetired }
        guard reservation.state == .revoking else { return .invalidState }
        try end(
            reservation, as: .revoked, epoch: reservation.epoch, lsn: lsn,
            requestSlot: requestSlot)
        return .ok
    }

    /// The request slot is not compared with the deadline: the command takes effect at any time.
    private mutating func expire(
        _ id: ReservationID, deadline: Slot, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> ResultCode {
        guard let reservation = reservations[id] else { return .reservationNotFound }
        guard reservation.deadline == deadline, reservation.state == .reserved else {
            return .noop
        }
        try end(
            reservation, as: .expired, epoch: try nextEpoch(of: reservation), lsn: lsn,
            requestSlot: requestSlot)
        return .ok
    }

    /// Makes a reservation terminal and frees its members.
    private mutating func end(
        _ reservation: Reservation, as state: ReservationState, epoch: LeaseEpoch, lsn: LSN,
        requestSlot: Slot
    ) throws(KernelError) {
        if reservation.state == .reserved {
            wheel.remove(reservation.id, deadline: reservation.deadline)
        }
        // Fits: the slot range check of `apply` comes before everything else.
        let retireAfter = Slot(
            requestSlot.rawValue &+ configuration.reservationHistoryWindowSlots)
        var ended = reservation
        ended.state = state
        ended.epoch = epoch
        ended.releasedLSN = lsn
        ended.retireAfter = retireAfter
        reservations[reservation.id] = ended
        try move(reservation.members, to: .available, of: nil)
        awaitRetirement(of: reservation.id, after: retireAfter)
    }

    private mutating func move(
        _ members: [ResourceID], to state: ResourceState, of reservation: ReservationID?
    ) throws(KernelError) {
        for member in members {
            guard let version = resources[member]?.version, version < .max else {
                throw .resourceVersionExhausted(member)
            }
            resources[member] = Resource(
                id: member, state: state, currentReservation: reservation, version: version + 1)
        }
    }

    private func nextEpoch(of reservation: Reservation) throws(KernelError) -> LeaseEpoch {
        guard reservation.epoch.rawValue < .max else {
            throw .leaseEpochExhausted(reservation.id)
        }
        return LeaseEpoch(reservation.epoch.rawValue + 1)
    }
}

extension Reservation {
    /// The checks that confirm and release share: holder, epoch, not terminal.
    fileprivate func refusal(to holder: HolderID, epoch: LeaseEpoch) -> ResultCode? {
        if holder != self.holder { return .holderMismatch }
        if epoch != self.epoch { return .staleEpoch }
        if retireAfter != nil { return .reservationRetired }
        return nil
    }
}
