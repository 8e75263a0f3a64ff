// The invariants of lease-kernel.md 16, checked in their order on the tables of a snapshot.

extension KernelSnapshot {
    /// Throws the first violation. Reads every table once and looks at members by key.
    public func checkInvariants(
        _ configuration: KernelConfiguration
    ) throws(InvariantViolation) {
        let check = InvariantCheck(self)
        try check.wheel(bucketCapacity: Int(configuration.maxExpirationBucketLength))
        for resource in resources { try check.resource(resource) }
        for reservation in reservations { try check.reservation(reservation) }
        for member in members { try check.member(member) }
    }
}

private struct InvariantCheck {
    private let snapshot: KernelSnapshot
    private var resources: [ResourceID: Resource] = [:]
    private var reservations: [ReservationID: KernelSnapshot.ReservationRow] = [:]
    private var members: [KernelSnapshot.MemberKey: ResourceID] = [:]

    init(_ snapshot: KernelSnapshot) {
        self.snapshot = snapshot
        for resource in snapshot.resources { resources[resource.id] = resource }
        for reservation in snapshot.reservations { reservations[reservation.id] = reservation }
        for member in snapshot.members { members[member.key] = member.resource }
    }

    func wheel(bucketCapacity: Int) throws(InvariantViolation) {
        for (number, ids) in snapshot.wheel.buckets.sorted(by: { $0.key < $1.key }) {
            if ids.count > bucketCapacity { throw .expirationBucketOverCapacity }
            for (left, right) in zip(ids, ids.dropFirst()) where left >= right {
                throw .wheelBucketOutOfOrder
            }
            for id in ids {
                guard let reservation = reservations[id] else {
                    throw .wheelReferencesMissingReservation
                }
                if reservation.state != .reserved { throw .wheelReferencesUnreservedReservation }
                if snapshot.wheel.bucketNumber(of: reservation.deadline) != number {
                    throw .wheelDeadlineMismatch
                }
            }
        }
    }

    func resource(_ resource: Resource) throws(InvariantViolation) {
        guard resource.state != .available else {
            if resource.currentReservation != nil { throw .availableResourceHasReservation }
            return
        }
        guard let id = resource.currentReservation else {
            throw .activeResourceMissingReservationID
        }
        guard let reservation = reservations[id] else { throw .activeResourceMissingReservation }
        guard has(member: resource.id, in: reservation) else {
            throw .activeResourceMissingReservationMember
        }
        if reservation.state.resourceState != resource.state {
            throw .resourceReservationStateMismatch
        }
    }

    func reservation(
        _ reservation: KernelSnapshot.ReservationRow
    ) throws(InvariantViolation) {
        if reservation.memberCount == 0 { throw .reservationHasNoMembers }
        if reservation.state.isTerminal {
            if reservation.retireAfter == nil { throw .terminalReservationMissingRetireAfterSlot }
        } else if reservation.retireAfter != nil {
            throw .activeReservationHasRetireAfterSlot
        }
        let scheduled = snapshot.wheel.isScheduled(reservation.id, deadline: reservation.deadline)
        if reservation.state == .reserved {
            if !scheduled { throw .activeReservationNotScheduled }
        } else if scheduled {
            throw .inactiveReservationStillScheduled
        }
        try membersOf(reservation)
    }

    func member(_ member: KernelSnapshot.MemberRow) throws(InvariantViolation) {
        guard let reservation = reservations[member.key.reservation] else {
            throw .orphanedReservationMember
        }
        if member.key.index >= reservation.memberCount { throw .reservationMemberIndexOutOfRange }
    }

    private func membersOf(
        _ reservation: KernelSnapshot.ReservationRow
    ) throws(InvariantViolation) {
        var seen: Set<ResourceID> = []
        for index in 0..<reservation.memberCount {
            guard let member = members[.init(reservation: reservation.id, index: index)] else {
                throw .reservationMissingMember
            }
            if index == 0, member != reservation.anchor { throw .reservationAnchorMismatch }
            guard seen.insert(member).inserted else { throw .reservationDuplicateMemberResource }
            guard let resource = resources[member] else { throw .reservationMissingResource }
            if let expected = reservation.state.resourceState {
                guard resource.state == expected, resource.currentReservation == reservation.id
                else { throw .reservationResourceStateMismatch }
            } else if resource.currentReservation == reservation.id {
                throw .terminalReservationStillActiveOnResource
            }
        }
    }

    /// A missing member record ends the search: no count is believed beyond the records there.
    private func has(
        member resource: ResourceID, in reservation: KernelSnapshot.ReservationRow
    ) -> Bool {
        for index in 0..<reservation.memberCount {
            guard let member = members[.init(reservation: reservation.id, index: index)] else {
                return false
            }
            if member == resource { return true }
        }
        return false
    }
}
