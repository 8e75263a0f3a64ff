import History

/// The allocator's contract as a state machine, written from lease-kernel.md 4 to 12 and from
/// nothing else: it shares no line with the engine that it judges.
///
/// It is a value: a copy is an independent alternative of what the log may have held.
struct AllocationModel: Sendable {
    let limits: ClusterLimits
    private(set) var resources: [ResourceID: ModelResource] = [:]
    private(set) var leases: [ReservationID: ModelLease] = [:]
    private(set) var remembered: [OperationID: RememberedOperation] = [:]
    /// The largest reservation id that retirement ever removed (lease-kernel.md 11).
    private(set) var highestRetired: ReservationID?
    private(set) var lastSlot: Slot?
    private(set) var lastLSN: LSN?

    /// What the last application changed, for whoever keeps the time line of every object.
    private(set) var changes: [ModelChange] = []

    private var memberCount = 0
    /// Reserved leases per bucket of the expiration index, by deadline modulo its length.
    private var bucketCounts: [UInt64: Int] = [:]
    private var leaseRetirement = RetirementOrder<ReservationID>()
    private var operationRetirement = RetirementOrder<OperationID>()

    struct RememberedOperation: Hashable, Sendable {
        let operation: Operation
        let answer: ModelAnswer
        let lsn: LSN
        let retireAfter: Slot
    }

    init(limits: ClusterLimits) {
        self.limits = limits
    }

    /// A client's command at its place in the log (lease-kernel.md 7). The caller has checked
    /// that neither the LSN nor the slot goes back.
    mutating func apply(
        _ operation: Operation, id: OperationID, slot: Slot, lsn: LSN
    ) -> ModelAnswer {
        advance(to: slot, lsn: lsn)
        if let record = remembered[id] {
            if slot <= record.retireAfter {
                return record.operation == operation ? record.answer : .refused(.operationConflict)
            }
            remembered[id] = nil
        }
        guard remembered.count < Int(limits.maxOperations) else {
            return .refused(.operationTableFull)
        }
        let answer = execute(operation, slot: slot, lsn: lsn)
        let retireAfter = slot.adding(limits.operationWindow)
        remembered[id] = RememberedOperation(
            operation: operation, answer: answer, lsn: lsn, retireAfter: retireAfter)
        operationRetirement.push(id, after: retireAfter)
        return answer
    }

    /// The internal command that frees a reserved lease (lease-kernel.md 8.8). Anything else
    /// about the reservation makes it a no-op that still takes its place in the log.
    mutating func applyExpiry(of id: ReservationID?, slot: Slot, lsn: LSN) {
        advance(to: slot, lsn: lsn)
        guard let id, let lease = leases[id], lease.state == .reserved else { return }
        end(lease, as: .expired, raisingEpoch: true, slot: slot, lsn: lsn)
    }

    /// What no correct allocator does: ends a lease as expired that is not due, or that is no
    /// longer reserved. Only to find out whether a record makes sense if one did.
    mutating func applyForcedExpiry(of id: ReservationID, slot: Slot, lsn: LSN) {
        advance(to: slot, lsn: lsn)
        guard let lease = leases[id], lease.retireAfter == nil else { return }
        end(lease, as: .expired, raisingEpoch: true, slot: slot, lsn: lsn)
    }

    /// Commands that an extract of the record leaves out.
    mutating func pass(_ stretch: RecordExtract.LeftOut) {
        let slot = max(stretch.slot ?? Slot(0), lastSlot ?? Slot(0))
        advance(to: slot, lsn: stretch.last)
        for change in stretch.changes {
            guard var resource = resources[change.resource] else { continue }
            resource.version &+= change.count
            set(change.resource, to: resource, lsn: stretch.last)
        }
    }

    /// Leases that hold their resources, in the order of their ids.
    var liveLeases: [ModelLease] {
        leases.values.filter { $0.retireAfter == nil }.sorted { $0.id < $1.id }
    }

    /// Reserved leases that are due at `slot`, in the order in which a tick takes them
    /// (lease-kernel.md 12.1).
    func dueLeases(at slot: Slot) -> [ModelLease] {
        leases.values
            .filter { $0.state == .reserved && $0.deadline <= slot }
            .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
    }

    /// After which slot a lease that ends at `slot` is forgotten.
    func retireAfter(endingAt slot: Slot) -> Slot {
        slot.adding(limits.reservationHistoryWindow)
    }

    /// Whether a lease that is due at `slot` stopped being reserved behind `lsn`.
    func hasEndedReservation(dueAt slot: Slot, after lsn: LSN) -> Bool {
        leases.values.contains {
            $0.deadline <= slot && $0.state != .reserved && $0.leftReservedAt ?? LSN(0) > lsn
        }
    }

    /// Whether a command with that id and slot is answered from memory and executes nothing.
    func remembers(_ id: OperationID, at slot: Slot) -> Bool {
        remembered[id].map { slot <= $0.retireAfter } ?? false
    }

    /// Whether new operations are refused, without being remembered, for want of a place.
    var mayRefuseUnremembered: Bool { remembered.count >= Int(limits.maxOperations) }

    // MARK: - Commands

    private mutating func execute(_ operation: Operation, slot: Slot, lsn: LSN) -> ModelAnswer {
        switch operation {
        case .createResource(let id): create(id, lsn: lsn)
        case .reserve(let resource, let holder, let ttl):
            reserve([resource], holder: holder, ttl: ttl, slot: slot, lsn: lsn)
        case .reserveBundle(let members, let holder, let ttl):
            reserve(members, holder: holder, ttl: ttl, slot: slot, lsn: lsn)
        case .confirm(let id, let holder, let epoch):
            confirm(id, holder: holder, epoch: epoch, lsn: lsn)
        case .release(let id, let holder, let epoch):
            release(id, holder: holder, epoch: epoch, slot: slot, lsn: lsn)
        case .revoke(let id): revoke(id, lsn: lsn)
        case .reclaim(let id): reclaim(id, slot: slot, lsn: lsn)
        // Ticks and reads are never log entries of their own; the replay does not bring them here.
        case .tickExpirations, .getResource, .getReservation: .refused(.noop)
        }
    }

    private mutating func create(_ id: ResourceID, lsn: LSN) -> ModelAnswer {
        guard resources[id] == nil else { return .refused(.alreadyExists) }
        guard resources.count < Int(limits.maxResources) else {
            return .refused(.resourceTableFull)
        }
        set(id, to: ModelResource(state: .available, reservation: nil, version: 0), lsn: lsn)
        return .ok(.empty)
    }

    private mutating func reserve(
        _ members: [ResourceID], holder: HolderID, ttl: SlotCount, slot: Slot, lsn: LSN
    ) -> ModelAnswer {
        guard !members.isEmpty, members.count <= Int(limits.maxBundleSize) else {
            return .refused(.bundleTooLarge)
        }
        guard ttl.rawValue >= 1, ttl <= limits.maxTTL else { return .refused(.ttlOutOfRange) }
        var seen: Set<ResourceID> = []
        for member in members {
            guard seen.insert(member).inserted else { return .refused(.resourceBusy) }
            guard let resource = resources[member] else { return .refused(.resourceNotFound) }
            guard resource.state == .available else { return .refused(.resourceBusy) }
        }
        guard leases.count < Int(limits.maxReservations) else {
            return .refused(.reservationTableFull)
        }
        let memberCapacity = Int(limits.maxReservations) * Int(limits.maxBundleSize)
        guard memberCount + members.count <= memberCapacity else {
            return .refused(.reservationMemberTableFull)
        }
        let deadline = slot.adding(ttl)
        guard bucketCounts[bucket(of: deadline), default: 0] < Int(limits.maxExpirationBucketLength)
        else { return .refused(.expirationIndexFull) }

        let id = ReservationID(UInt128(limits.shardID) << 64 | UInt128(lsn.rawValue))
        let lease = ModelLease(
            id: id, members: members, holder: holder, createdLSN: lsn, deadline: deadline,
            state: .reserved, epoch: LeaseEpoch(1), releasedLSN: nil, retireAfter: nil)
        memberCount += members.count
        bucketCounts[bucket(of: deadline), default: 0] += 1
        set(lease, lsn: lsn)
        move(lease, membersTo: .reserved, lsn: lsn)
        return .ok(
            CommitResult(reservationID: id, epoch: LeaseEpoch(1), deadline: deadline))
    }

    private mutating func confirm(
        _ id: ReservationID, holder: HolderID, epoch: LeaseEpoch, lsn: LSN
    ) -> ModelAnswer {
        guard var lease = leases[id] else { return .refused(.reservationNotFound) }
        guard lease.holder == holder else { return .refused(.holderMismatch) }
        guard lease.epoch == epoch else { return .refused(.staleEpoch) }
        guard lease.retireAfter == nil else { return .refused(.reservationRetired) }
        guard lease.state == .reserved else { return .refused(.invalidState) }
        leaveBucket(lease)
        lease.leftReservedAt = lsn
        lease.state = .confirmed
        set(lease, lsn: lsn)
        move(lease, membersTo: .confirmed, lsn: lsn)
        return .ok(.empty)
    }

    private mutating func release(
        _ id: ReservationID, holder: HolderID, epoch: LeaseEpoch, slot: Slot, lsn: LSN
    ) -> ModelAnswer {
        guard let lease = leases[id] else { return .refused(.reservationNotFound) }
        guard lease.holder == holder else { return .refused(.holderMismatch) }
        guard lease.epoch == epoch else { return .refused(.staleEpoch) }
        guard lease.retireAfter == nil else { return .refused(.reservationRetired) }
        guard lease.state == .reserved || lease.state == .confirmed else {
            return .refused(.invalidState)
        }
        end(lease, as: .released, raisingEpoch: true, slot: slot, lsn: lsn)
        return .ok(.empty)
    }

    private mutating func revoke(_ id: ReservationID, lsn: LSN) -> ModelAnswer {
        guard var lease = leases[id] else { return .refused(.reservationNotFound) }
        guard lease.retireAfter == nil else { return .refused(.reservationRetired) }
        guard lease.state == .confirmed else { return .refused(.invalidState) }
        lease.state = .revoking
        lease.epoch = LeaseEpoch(lease.epoch.rawValue + 1)
        set(lease, lsn: lsn)
        move(lease, membersTo: .revoking, lsn: lsn)
        return .ok(.empty)
    }

    private mutating func reclaim(_ id: ReservationID, slot: Slot, lsn: LSN) -> ModelAnswer {
        guard let lease = leases[id] else { return .refused(.reservationNotFound) }
        guard lease.retireAfter == nil else { return .refused(.reservationRetired) }
        guard lease.state == .revoking else { return .refused(.invalidState) }
        end(lease, as: .revoked, raisingEpoch: false, slot: slot, lsn: lsn)
        return .ok(.empty)
    }

    // MARK: - What commands have in common

    private mutating func end(
        _ lease: ModelLease, as state: LeaseView.State, raisingEpoch: Bool, slot: Slot, lsn: LSN
    ) {
        var lease = lease
        if lease.state == .reserved {
            leaveBucket(lease)
            lease.leftReservedAt = lsn
        }
        lease.state = state
        if raisingEpoch { lease.epoch = LeaseEpoch(lease.epoch.rawValue + 1) }
        lease.releasedLSN = lsn
        let retireAfter = self.retireAfter(endingAt: slot)
        lease.retireAfter = retireAfter
        set(lease, lsn: lsn)
        move(lease, membersTo: .available, lsn: lsn)
        leaseRetirement.push(lease.id, after: retireAfter)
    }

    private mutating func move(
        _ lease: ModelLease, membersTo state: ResourceView.State, lsn: LSN
    ) {
        for member in lease.members {
            let version = (resources[member]?.version ?? 0) + 1
            let reservation = state == .available ? nil : lease.id
            set(
                member, to: ModelResource(state: state, reservation: reservation, version: version),
                lsn: lsn)
        }
    }

    /// Every logged command moves the watermarks and retires what is past its window
    /// (lease-kernel.md 7 steps 3 and 4).
    private mutating func advance(to slot: Slot, lsn: LSN) {
        changes.removeAll(keepingCapacity: true)
        lastSlot = slot
        lastLSN = lsn
        for id in leaseRetirement.popAll(before: slot) {
            guard let lease = leases.removeValue(forKey: id) else { continue }
            memberCount -= lease.members.count
            highestRetired = max(highestRetired ?? id, id)
            changes.append(.retired(id, lsn))
        }
        for id in operationRetirement.popAll(before: slot) {
            if let record = remembered[id], record.retireAfter < slot { remembered[id] = nil }
        }
    }

    private mutating func set(_ id: ResourceID, to resource: ModelResource, lsn: LSN) {
        resources[id] = resource
        changes.append(.resource(id, resource, lsn))
    }

    private mutating func set(_ lease: ModelLease, lsn: LSN) {
        leases[lease.id] = lease
        changes.append(.lease(lease, lsn))
    }

    private func bucket(of deadline: Slot) -> UInt64 {
        deadline.rawValue % (limits.maxTTL.rawValue + 1)
    }

    private mutating func leaveBucket(_ lease: ModelLease) {
        bucketCounts[bucket(of: lease.deadline), default: 1] -= 1
    }
}

/// One object's new value, from one place in the log on.
enum ModelChange: Sendable {
    case resource(ResourceID, ModelResource, LSN)
    case lease(ModelLease, LSN)
    case retired(ReservationID, LSN)
}

extension ClusterLimits {
    /// For how many slots a command is remembered (lease-kernel.md 3).
    var operationWindow: SlotCount {
        let (sum, overflow) = maxTTL.rawValue.addingReportingOverflow(clientRetryWindow.rawValue)
        return SlotCount(overflow ? .max : sum)
    }
}

extension Slot {
    /// A later slot; it stops at the largest one, which no legal request reaches.
    func adding(_ count: SlotCount) -> Slot {
        let (sum, overflow) = rawValue.addingReportingOverflow(count.rawValue)
        return overflow ? Slot(.max) : Slot(sum)
    }
}
