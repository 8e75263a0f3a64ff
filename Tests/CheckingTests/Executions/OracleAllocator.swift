import History
import LeaseKernel

/// The engine's kernel, spoken to in the history's words: the oracle that correct executions
/// come from. Tests may compare the two; the judge itself never sees the kernel.
struct OracleAllocator {
    private(set) var kernel: Kernel
    private(set) var lsn: UInt64 = 0
    let limits: ClusterLimits

    init(limits: ClusterLimits) throws {
        self.limits = limits
        kernel = try Kernel(
            configuration: KernelConfiguration(
                shardID: limits.shardID, maxResources: limits.maxResources,
                maxReservations: limits.maxReservations, maxBundleSize: limits.maxBundleSize,
                maxOperations: limits.maxOperations, maxTTLSlots: limits.maxTTL.rawValue,
                maxClientRetryWindowSlots: limits.clientRetryWindow.rawValue,
                reservationHistoryWindowSlots: limits.reservationHistoryWindow.rawValue,
                maxExpirationBucketLength: limits.maxExpirationBucketLength))
    }

    /// The same allocator with another state, reached at `lsn`.
    func resumed(_ kernel: Kernel, at lsn: UInt64) -> OracleAllocator {
        var copy = self
        copy.kernel = kernel
        copy.lsn = lsn
        return copy
    }

    mutating func submit(
        _ operation: History.Operation, id: History.OperationID, slot: History.Slot
    ) throws -> Outcome {
        let command = ClientCommand(
            operationID: LeaseKernel.OperationID(id.rawValue), clientID: ClientID(1),
            command: Self.command(operation))
        let requestSlot = LeaseKernel.Slot(slot.rawValue)
        if let known = kernel.answerFromRetryTable(to: command, at: requestSlot) {
            return Self.outcome(known, fromRetryCache: true)
        }
        if let last = kernel.lastRequestSlot, requestSlot < last { return .failed(.slotOverflow) }
        lsn += 1
        let applied = try kernel.apply(
            command, lsn: LeaseKernel.LSN(lsn), requestSlot: requestSlot)
        return Self.outcome(applied, fromRetryCache: false)
    }

    /// The leases that a tick at that slot would expire, in its order.
    func dueLeases(at slot: History.Slot) -> [DueReservation] {
        kernel.dueReservations(
            at: LeaseKernel.Slot(slot.rawValue), limit: limits.maxExpirationsPerTick)
    }

    /// Expires one lease that a tick chose; idle, and false, where it has ended since.
    mutating func expire(_ lease: DueReservation, at slot: History.Slot) throws -> Bool {
        lsn += 1
        let applied = try kernel.applyInternal(
            lease.command, lsn: LeaseKernel.LSN(lsn),
            requestSlot: kernel.tickRequestSlot(at: LeaseKernel.Slot(slot.rawValue)))
        return applied.outcome.code == .ok
    }

    func read(_ operation: History.Operation, slot: History.Slot) -> Outcome {
        if let fence = operation.fence, fence.rawValue > lsn {
            return .failed(.fenceNotApplied(lastApplied: lsn == 0 ? nil : History.LSN(lsn)))
        }
        switch operation {
        case .getResource(let id, _):
            guard let found = kernel.resource(LeaseKernel.ResourceID(id.rawValue)) else {
                return .read(.notFound, .unknown)
            }
            return .read(.resource(Self.view(found)), .unknown)
        case .getReservation(let id, _):
            let answer = kernel.reservation(
                LeaseKernel.ReservationID(id.rawValue), at: LeaseKernel.Slot(slot.rawValue))
            return switch answer {
            case .found(let lease): .read(.lease(Self.view(lease)), .unknown)
            case .notFound: .read(.notFound, .unknown)
            case .retired: .read(.retired, .unknown)
            }
        default: return .failed(.invalidRequest)
        }
    }

    // MARK: - Translation

    private static func command(_ operation: History.Operation) -> Command {
        switch operation {
        case .createResource(let id): .createResource(.init(id.rawValue))
        case .reserve(let id, let holder, let ttl):
            .reserve(.init(id.rawValue), holder: .init(holder.rawValue), ttlSlots: ttl.rawValue)
        case .reserveBundle(let ids, let holder, let ttl):
            .reserveBundle(
                ids.map { .init($0.rawValue) }, holder: .init(holder.rawValue),
                ttlSlots: ttl.rawValue)
        case .confirm(let id, let holder, let epoch):
            .confirm(
                .init(id.rawValue), holder: .init(holder.rawValue), epoch: .init(epoch.rawValue))
        case .release(let id, let holder, let epoch):
            .release(
                .init(id.rawValue), holder: .init(holder.rawValue), epoch: .init(epoch.rawValue))
        case .revoke(let id), .getReservation(let id, _): .revoke(.init(id.rawValue))
        case .reclaim(let id): .reclaim(.init(id.rawValue))
        case .tickExpirations, .getResource: .createResource(.init(0))
        }
    }

    private static func outcome(_ applied: AppliedCommand, fromRetryCache: Bool) -> Outcome {
        let lsn = History.LSN(applied.lsn.rawValue)
        guard let refusal = RefusalCode(rawValue: applied.outcome.code.wireValue) else {
            return .committed(
                lsn,
                CommitResult(
                    reservationID: applied.outcome.reservationID.map { .init($0.rawValue) },
                    epoch: applied.outcome.epoch.map { .init($0.rawValue) },
                    deadline: applied.outcome.deadline.map { .init($0.rawValue) }),
                fromRetryCache: fromRetryCache)
        }
        return .refused(lsn, refusal, fromRetryCache: fromRetryCache)
    }

    private static func view(_ resource: Resource) -> ResourceView {
        let state: ResourceView.State =
            switch resource.state {
            case .available: .available
            case .reserved: .reserved
            case .confirmed: .confirmed
            case .revoking: .revoking
            }
        return ResourceView(
            resourceID: .init(resource.id.rawValue), state: state,
            currentReservation: resource.currentReservation.map { .init($0.rawValue) },
            version: resource.version)
    }

    private static func view(_ lease: Reservation) -> LeaseView {
        let state: LeaseView.State =
            switch lease.state {
            case .reserved: .reserved
            case .confirmed: .confirmed
            case .revoking: .revoking
            case .released: .released
            case .expired: .expired
            case .revoked: .revoked
            }
        return LeaseView(
            reservationID: .init(lease.id.rawValue), holder: .init(lease.holder.rawValue),
            state: state, epoch: .init(lease.epoch.rawValue),
            createdLSN: .init(lease.createdLSN.rawValue),
            deadline: .init(lease.deadline.rawValue),
            releasedLSN: lease.releasedLSN.map { .init($0.rawValue) },
            retireAfter: lease.retireAfter.map { .init($0.rawValue) },
            members: lease.members.map { .init($0.rawValue) })
    }
}
