import History

/// Counts what executions show, so that a test can demand that the judge was tried on it.
struct ExecutionSights {
    private(set) var counts: [ExecutionSight: Int] = [:]
    private(set) var refusals: [RefusalCode: Int] = [:]
    private(set) var leaseStates: [LeaseView.State: Int] = [:]
    private(set) var resourceStates: [ResourceView.State: Int] = [:]

    private var deadlines: [ReservationID: Slot] = [:]
    private var members: [ReservationID: [ResourceID]] = [:]
    private var reclaimed: Set<ResourceID> = []

    mutating func see(_ sight: ExecutionSight) { counts[sight, default: 0] += 1 }

    mutating func add(_ other: ExecutionSights) {
        counts.merge(other.counts, uniquingKeysWith: +)
        refusals.merge(other.refusals, uniquingKeysWith: +)
        leaseStates.merge(other.leaseStates, uniquingKeysWith: +)
        resourceStates.merge(other.resourceStates, uniquingKeysWith: +)
    }

    /// What was seen less than `least` times, in words.
    func missing(least: Int) -> [String] {
        // A table of members cannot be full before that of reservations is, no command of a
        // client is idle, and an overflow is answered before anything is logged.
        let unreachable: Set<RefusalCode> = [.reservationMemberTableFull, .noop, .slotOverflow]
        func rare<Key: Hashable>(_ keys: [Key], _ counts: [Key: Int]) -> [String] {
            keys.filter { counts[$0, default: 0] < least }.map {
                "\($0) (\(counts[$0, default: 0]))"
            }
        }
        return rare(ExecutionSight.allCases, counts)
            + rare(RefusalCode.allCases.filter { !unreachable.contains($0) }, refusals)
            + rare(LeaseView.State.allCases, leaseStates)
            + rare(ResourceView.State.allCases, resourceStates)
    }

    /// What a command did at its place in the log.
    mutating func logged(_ operation: History.Operation, slot: Slot, _ outcome: Outcome) {
        switch (operation, outcome) {
        case (.reserve, .committed(_, let result, _)),
            (.reserveBundle, .committed(_, let result, _)):
            if let id = result.reservationID {
                deadlines[id] = result.deadline
                members[id] = operation.members
            }
            if operation.members.count > 1 { see(.bundleGranted) }
            if !reclaimed.isDisjoint(with: operation.members) { see(.grantAfterReclaim) }
        case (.reserveBundle(let members, _, _), .refused(_, .resourceBusy, _))
        where Set(members).count > 1:
            see(.bundleRefusedForOneMember)
        case (.confirm(let id, _, _), .committed):
            if let deadline = deadlines[id], deadline < slot { see(.confirmedAfterDeadline) }
        case (.release, .refused(_, .staleEpoch, _)), (.confirm, .refused(_, .staleEpoch, _)):
            see(.staleHolderRefused)
        case (.reclaim(let id), .committed): reclaimed.formUnion(members[id] ?? [])
        default: break
        }
        if case .refused(_, let code, _) = outcome { refusals[code, default: 0] += 1 }
    }

    /// What a client was told.
    mutating func told(_ outcome: Outcome, of operation: History.Operation) {
        switch outcome {
        case .committed(_, _, fromRetryCache: true): see(.retryAnsweredFromTable)
        case .refused(_, .operationConflict, fromRetryCache: true):
            see(.conflictingRetryRefused)
            refusals[.operationConflict, default: 0] += 1
        case .refused(_, _, fromRetryCache: true): see(.retryAnsweredFromTable)
        case .failed(.fenceNotApplied): see(.fenceNotApplied)
        case .read(let answer, _):
            switch (operation, operation.fence) {
            case (.getResource, nil): see(.unfencedResourceRead)
            case (.getResource, _): see(.fencedResourceRead)
            case (_, nil): see(.unfencedLeaseRead)
            case (_, _): see(.fencedLeaseRead)
            }
            switch (answer, operation) {
            case (.lease(let view), _): leaseStates[view.state, default: 0] += 1
            case (.resource(let view), _): resourceStates[view.state, default: 0] += 1
            case (.retired, _): see(.leaseShownRetired)
            case (.notFound, .getResource): see(.resourceNotFound)
            case (.notFound, _): see(.leaseNotFound)
            }
        case .committed, .refused, .failed, .ticked, .ambiguous: break
        }
    }
}
