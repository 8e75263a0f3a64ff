/// Why a snapshot cannot become a kernel (durability.md 5.3); the first check that fails decides.
public enum RestoreError: Error, Hashable, Sendable {
    case configuration(ConfigurationError)
    /// The wheel has not the length that the configuration asks for.
    case invalidLayout
    case inconsistentWatermarks(lastAppliedLSN: LSN?, lastRequestSlot: Slot?)
    case resourceTableOverCapacity(count: Int, capacity: UInt64)
    case reservationTableOverCapacity(count: Int, capacity: UInt64)
    case reservationMemberTableOverCapacity(count: Int, capacity: UInt64)
    case operationTableOverCapacity(count: Int, capacity: UInt64)
    case duplicateResource(ResourceID)
    case duplicateReservation(ReservationID)
    case duplicateReservationMember(ReservationID, index: UInt32)
    case duplicateOperation(OperationID)
    case invariant(InvariantViolation)
}

extension Kernel {
    /// The state as sorted tables. Taking the snapshot of a restored kernel gives the same
    /// bytes again.
    public func snapshot() -> KernelSnapshot {
        let sorted = reservations.values.sorted { $0.id < $1.id }
        return KernelSnapshot(
            lastAppliedLSN: lastAppliedLSN,
            lastRequestSlot: lastRequestSlot,
            maxRetiredReservation: maxRetiredReservation,
            resources: resources.values.sorted { $0.id < $1.id },
            reservations: sorted.map(KernelSnapshot.ReservationRow.init),
            members: sorted.flatMap(KernelSnapshot.MemberRow.rows),
            operations: operations.values.sorted { $0.id < $1.id },
            wheel: wheel)
    }

    /// Checks everything there is to check about a snapshot and continues from it. Tables need
    /// not be sorted. The retire queues are built anew (lease-kernel.md 11).
    public init(
        restoring snapshot: KernelSnapshot, configuration: KernelConfiguration,
        checking: InvariantChecking = .onRestore
    ) throws(RestoreError) {
        do {
            try self.init(configuration: configuration, checking: checking)
        } catch {
            throw .configuration(error)
        }
        try snapshot.checkBounds(configuration)
        try snapshot.checkForDuplicates()
        let sorted = snapshot.sorted()
        do {
            try sorted.checkInvariants(configuration)
        } catch {
            throw .invariant(error)
        }

        lastAppliedLSN = sorted.lastAppliedLSN
        lastRequestSlot = sorted.lastRequestSlot
        maxRetiredReservation = sorted.maxRetiredReservation
        wheel = sorted.wheel
        memberCount = UInt64(sorted.members.count)
        for resource in sorted.resources { resources[resource.id] = resource }
        for operation in sorted.operations { operations[operation.id] = operation }
        // The invariants make the members of each reservation one run of rows, in its order.
        var members = sorted.members[...]
        for row in sorted.reservations {
            let own = members.prefix(Int(row.memberCount))
            members = members.dropFirst(own.count)
            reservations[row.id] = Reservation(row, members: own.map(\.resource))
        }
        rebuildQueues()
    }
}

extension KernelSnapshot {
    fileprivate func checkBounds(_ configuration: KernelConfiguration) throws(RestoreError) {
        if wheel.length != configuration.wheelLength { throw .invalidLayout }
        if (lastAppliedLSN == nil) != (lastRequestSlot == nil) {
            throw .inconsistentWatermarks(
                lastAppliedLSN: lastAppliedLSN, lastRequestSlot: lastRequestSlot)
        }
        let maxResources = UInt64(configuration.maxResources)
        if UInt64(resources.count) > maxResources {
            throw .resourceTableOverCapacity(count: resources.count, capacity: maxResources)
        }
        let maxReservations = UInt64(configuration.maxReservations)
        if UInt64(reservations.count) > maxReservations {
            throw .reservationTableOverCapacity(
                count: reservations.count, capacity: maxReservations)
        }
        let maxMembers = configuration.memberTableCapacity
        if UInt64(members.count) > maxMembers {
            throw .reservationMemberTableOverCapacity(count: members.count, capacity: maxMembers)
        }
        let maxOperations = UInt64(configuration.maxOperations)
        if UInt64(operations.count) > maxOperations {
            throw .operationTableOverCapacity(count: operations.count, capacity: maxOperations)
        }
    }

    fileprivate func checkForDuplicates() throws(RestoreError) {
        if let id = firstRepeated(resources.lazy.map(\.id)) { throw .duplicateResource(id) }
        if let id = firstRepeated(reservations.lazy.map(\.id)) {
            throw .duplicateReservation(id)
        }
        if let key = firstRepeated(members.lazy.map(\.key)) {
            throw .duplicateReservationMember(key.reservation, index: key.index)
        }
        if let id = firstRepeated(operations.lazy.map(\.id)) { throw .duplicateOperation(id) }
    }

    fileprivate func sorted() -> KernelSnapshot {
        var copy = self
        copy.resources.sort { $0.id < $1.id }
        copy.reservations.sort { $0.id < $1.id }
        copy.members.sort { $0.key < $1.key }
        copy.operations.sort { $0.id < $1.id }
        return copy
    }
}

private func firstRepeated<Key: Hashable>(_ keys: some Sequence<Key>) -> Key? {
    var seen: Set<Key> = []
    for key in keys where !seen.insert(key).inserted { return key }
    return nil
}

extension KernelSnapshot.ReservationRow {
    fileprivate init(_ reservation: Reservation) {
        self.init(
            id: reservation.id,
            // A kernel holds no reservation without members: reserve refuses an empty list and
            // restoring refuses a member count of zero.
            anchor: reservation.members.first ?? ResourceID(0),
            holder: reservation.holder, epoch: reservation.epoch, state: reservation.state,
            createdLSN: reservation.createdLSN, deadline: reservation.deadline,
            releasedLSN: reservation.releasedLSN, retireAfter: reservation.retireAfter,
            memberCount: UInt32(truncatingIfNeeded: reservation.members.count))
    }
}

extension KernelSnapshot.MemberRow {
    fileprivate static func rows(of reservation: Reservation) -> [Self] {
        reservation.members.enumerated().map { index, resource in
            Self(
                key: .init(
                    reservation: reservation.id, index: UInt32(truncatingIfNeeded: index)),
                resource: resource)
        }
    }
}

extension Reservation {
    fileprivate init(_ row: KernelSnapshot.ReservationRow, members: [ResourceID]) {
        self.init(
            id: row.id, holder: row.holder, epoch: row.epoch, state: row.state,
            createdLSN: row.createdLSN, deadline: row.deadline, releasedLSN: row.releasedLSN,
            retireAfter: row.retireAfter, members: members)
    }
}
