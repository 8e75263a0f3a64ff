import BoundedCollections
import History

/// As much of an allocator as a sample needs, by the rules of lease-kernel.md 7 to 13, with
/// tables that keep up with the writer of the record.
struct SampleAllocator: ~Copyable {
    struct Lease {
        let id: ReservationID
        let holder: HolderID
        var epoch = LeaseEpoch(1)
        let created: LSN
        let deadline: Slot
        var state = LeaseView.State.reserved
        var released: LSN?
        var retireAfter: Slot?
        let members: [ResourceID]
    }

    struct Resource {
        var state = ResourceView.State.available
        var reservation: ReservationID?
        var version: UInt64 = 0
    }

    private let limits: ClusterLimits
    private(set) var lastLSN: UInt64 = 0
    private(set) var lastSlot = Slot(0)
    private var resources: [Resource] = []
    private var leases = IDTable<ReservationID, Lease>()
    private var live: [ReservationID] = []
    private var remembered = IDTable<OperationID, Outcome>()
    private var leaseQueue = RingQueue<(id: ReservationID, after: Slot)>()
    private var operationQueue = RingQueue<(id: OperationID, after: Slot)>()
    private var deadlines = MinHeap<LeaseDeadline>()
    private var watermark: ReservationID?

    init(_ limits: ClusterLimits) { self.limits = limits }

    /// Some lease that was granted not long ago.
    mutating func pick(_ number: Int) -> Lease? {
        while !live.isEmpty {
            let place = number % live.count
            if let lease = leases[live[place]] { return lease }
            live[place] = live[live.count - 1]
            live.removeLast()
        }
        return nil
    }

    private mutating func advance(to slot: Slot) {
        lastLSN += 1
        guard slot > lastSlot else { return }
        lastSlot = slot
        while let (id, after) = leaseQueue.first, after < slot {
            leaseQueue.popFirst()
            leases[id] = nil
            watermark = max(watermark ?? id, id)
        }
        while let (id, after) = operationQueue.first, after < slot {
            operationQueue.popFirst()
            remembered[id] = nil
        }
    }

    mutating func submit(_ operation: Operation, _ id: OperationID, _ slot: Slot) -> Outcome {
        if let known = remembered[id] {
            switch known {
            case .committed(let lsn, let result, _):
                return .committed(lsn, result, fromRetryCache: true)
            case .refused(let lsn, let code, _): return .refused(lsn, code, fromRetryCache: true)
            case .ticked, .read, .failed, .ambiguous: return known
            }
        }
        advance(to: slot)
        let outcome = execute(operation, slot)
        remembered[id] = outcome
        operationQueue.append((id, slot.adding(limits.operationWindow)))
        return outcome
    }

    private mutating func execute(_ operation: Operation, _ slot: Slot) -> Outcome {
        switch operation {
        case .createResource:
            resources.append(Resource())
            return committed()
        case .reserve(let resource, let holder, let ttl):
            return reserve([resource], holder, ttl, slot)
        case .reserveBundle(let members, let holder, let ttl):
            return reserve(members, holder, ttl, slot)
        case .confirm(let id, let holder, let epoch):
            return change(id, holder, epoch, from: [.reserved]) { $0.move(id, to: .confirmed) }
        case .release(let id, let holder, let epoch):
            return change(id, holder, epoch, from: [.reserved, .confirmed]) {
                $0.end(id, as: .released, raisingEpoch: true, slot)
            }
        case .revoke(let id):
            return change(id, nil, nil, from: [.confirmed]) { $0.move(id, to: .revoking) }
        case .reclaim(let id):
            return change(id, nil, nil, from: [.revoking]) {
                $0.end(id, as: .revoked, raisingEpoch: false, slot)
            }
        case .tickExpirations, .getResource, .getReservation: return refused(.noop)
        }
    }

    private func committed(_ result: CommitResult = .empty) -> Outcome {
        .committed(LSN(lastLSN), result, fromRetryCache: false)
    }

    private func refused(_ code: RefusalCode) -> Outcome {
        .refused(LSN(lastLSN), code, fromRetryCache: false)
    }

    private mutating func reserve(
        _ members: [ResourceID], _ holder: HolderID, _ ttl: SlotCount, _ slot: Slot
    ) -> Outcome {
        for member in members {
            guard member.rawValue <= UInt128(resources.count) else {
                return refused(.resourceNotFound)
            }
            guard resources[Int(member.rawValue) - 1].state == .available else {
                return refused(.resourceBusy)
            }
        }
        let id = ReservationID(UInt128(lastLSN))
        let deadline = slot.adding(ttl)
        leases[id] = Lease(
            id: id, holder: holder, created: LSN(lastLSN), deadline: deadline, members: members)
        live.append(id)
        deadlines.insert(LeaseDeadline(deadline: deadline, id: id.rawValue, place: 0))
        set(members, to: .reserved, by: id)
        return committed(
            CommitResult(reservationID: id, epoch: LeaseEpoch(1), deadline: deadline))
    }

    private mutating func change(
        _ id: ReservationID, _ holder: HolderID?, _ epoch: LeaseEpoch?,
        from states: [LeaseView.State], _ body: (inout SampleAllocator) -> Void
    ) -> Outcome {
        guard let lease = leases[id] else { return refused(.reservationNotFound) }
        if let epoch, epoch != lease.epoch { return refused(.staleEpoch) }
        guard lease.retireAfter == nil else { return refused(.reservationRetired) }
        guard states.contains(lease.state) else { return refused(.invalidState) }
        body(&self)
        return committed()
    }

    private mutating func move(_ id: ReservationID, to state: LeaseView.State) {
        guard var lease = leases[id] else { return }
        lease.state = state
        if state == .revoking { lease.epoch = LeaseEpoch(lease.epoch.rawValue + 1) }
        leases[id] = lease
        set(lease.members, to: state == .revoking ? .revoking : .confirmed, by: id)
    }

    private mutating func end(
        _ id: ReservationID, as state: LeaseView.State, raisingEpoch: Bool, _ slot: Slot
    ) {
        guard var lease = leases[id] else { return }
        lease.state = state
        if raisingEpoch { lease.epoch = LeaseEpoch(lease.epoch.rawValue + 1) }
        lease.released = LSN(lastLSN)
        let retireAfter = slot.adding(limits.reservationHistoryWindow)
        lease.retireAfter = retireAfter
        leases[id] = lease
        leaseQueue.append((id, retireAfter))
        set(lease.members, to: .available, by: nil)
    }

    private mutating func set(
        _ members: [ResourceID], to state: ResourceView.State, by id: ReservationID?
    ) {
        for member in members {
            let place = Int(member.rawValue) - 1
            resources[place].state = state
            resources[place].reservation = id
            resources[place].version += 1
        }
    }

    /// Expires what is due, each lease at an LSN of its own (lease-kernel.md 12).
    mutating func tick(_ slot: Slot) -> Outcome {
        var applied: UInt32 = 0
        while applied < limits.maxExpirationsPerTick, let first = deadlines.first,
            first.deadline <= slot
        {
            deadlines.popFirst()
            let id = ReservationID(first.id)
            guard leases[id]?.state == .reserved else { continue }
            let at = max(slot, lastSlot)
            advance(to: at)
            end(id, as: .expired, raisingEpoch: true, at)
            applied += 1
        }
        return .ticked(applied: applied, lastLSN: applied == 0 ? nil : LSN(lastLSN))
    }

    // MARK: - Reads

    func show(_ id: ResourceID) -> ReadAnswer {
        guard id.rawValue <= UInt128(resources.count) else { return .notFound }
        let resource = resources[Int(id.rawValue) - 1]
        return .resource(
            ResourceView(
                resourceID: id, state: resource.state, currentReservation: resource.reservation,
                version: resource.version))
    }

    func show(_ id: ReservationID, slot: Slot) -> ReadAnswer {
        guard let lease = leases[id] else {
            return id <= watermark ?? ReservationID(0) ? .retired : .notFound
        }
        if let after = lease.retireAfter, slot > after { return .retired }
        return .lease(
            LeaseView(
                reservationID: id, holder: lease.holder, state: lease.state, epoch: lease.epoch,
                createdLSN: lease.created, deadline: lease.deadline,
                releasedLSN: lease.released, retireAfter: lease.retireAfter,
                members: lease.members))
    }
}
