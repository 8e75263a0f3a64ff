import History

/// A record that shows nothing proves nothing.
enum Coverage {
    /// How often the record shows what its workload exists for; empty when nothing is demanded.
    static func sights(in history: RunRecord, _ attempts: [Attempt]) -> [CoverageSight: Int] {
        guard let demands = CoverageDemands.of(workload: history.header.workload) else {
            return [:]
        }
        let faults = FaultBands(history.events)
        let seen = CoverageCount(attempts, faults).counts
        let wanted = demands.always + (faults.isEmpty ? [] : demands.underFaults)
        return Dictionary(uniqueKeysWithValues: wanted.map { ($0, seen[$0, default: 0]) })
    }

    /// Promise 55: a record that shows too little passes nothing.
    static func check(_ statistics: JudgementStatistics, workload: String) -> [Finding] {
        guard let shortcoming = shortcoming(of: statistics, workload: workload) else { return [] }
        return [
            Finding(
                .thinRecord, severity: .suspicious, stage: .scan, events: [],
                explanation: shortcoming)
        ]
    }

    /// Why the record is too thin to pass, or nil when it is not.
    static func shortcoming(
        of statistics: JudgementStatistics, workload: String
    ) -> String? {
        if statistics.attempts == 0 { return "the record holds no operation" }
        if statistics.committed == 0 { return "no write was committed" }
        if statistics.reads == 0 { return "no read was answered" }
        let missing = CoverageSight.allCases.filter { statistics.sights[$0] == 0 }
        guard !missing.isEmpty else { return nil }
        return "coverage too thin for \(workload); the record does not hold "
            + missing.map(\.words).joined(separator: ", nor ")
    }
}

/// When something was done to the cluster.
struct FaultBands {
    private var bands: [ClosedRange<RunInstant>] = []
    private(set) var firstEnd: RunInstant?

    init(_ events: [HistoryEvent]) {
        var open: [FaultID: RunInstant] = [:]
        for event in events {
            guard case .fault(let fault) = event.content else { continue }
            switch fault.phase {
            case .begin: open[fault.id] = event.time
            case .end:
                guard let start = open.removeValue(forKey: fault.id) else { continue }
                bands.append(start...max(start, event.time))
                firstEnd = firstEnd ?? event.time
            }
        }
        bands += open.values.map { $0...RunInstant(.max) }
        bands.sort { $0.lowerBound < $1.lowerBound }
    }

    var isEmpty: Bool { bands.isEmpty }

    /// Whether a fault was active at some moment of the span.
    func overlap(_ start: RunInstant, _ end: RunInstant?) -> Bool {
        bands.contains { $0.lowerBound <= end ?? RunInstant(.max) && start <= $0.upperBound }
    }
}

/// Counts what an attempt can show by itself, and grants after deadlines.
struct CoverageCount {
    private(set) var counts: [CoverageSight: Int] = [:]
    private let faults: FaultBands
    private var doubtful: Set<OperationID> = []
    private var resolved: Set<OperationID> = []
    private var grants: [Grant] = []
    private var endedEarly: Set<ReservationID> = []

    private struct Grant {
        let lsn: LSN
        let reservation: ReservationID
        let members: [ResourceID]
        let slot: Slot
        let deadline: Slot
    }

    init(_ attempts: [Attempt], _ faults: FaultBands) {
        self.faults = faults
        for attempt in attempts { take(attempt) }
        counts[.resolvedAmbiguity] = doubtful.intersection(resolved).count
        countGrantsAfterDeadlines()
    }

    private mutating func saw(_ sight: CoverageSight) { counts[sight, default: 0] += 1 }

    private mutating func take(_ attempt: Attempt) {
        let operation = attempt.invocation.operation
        switch attempt.outcome {
        case .committed(let lsn, let result, let isRemembered):
            if isRemembered { saw(.rememberedAnswer) }
            if let id = attempt.invocation.operationID { resolved.insert(id) }
            committed(attempt, operation, lsn, result)
        case .refused(_, let code, let isRemembered):
            if isRemembered, code != .operationConflict { saw(.rememberedAnswer) }
            if let id = attempt.invocation.operationID { resolved.insert(id) }
            refused(operation, code)
        case .ticked(let applied, _):
            if applied > 0 { saw(.expiry) }
        case .read: read(attempt, operation)
        case .failed(.notPrimary):
            if !operation.isMutating { saw(.refusedRead) }
        case .failed: break
        case .ambiguous:
            guard operation.isMutating else { return }
            if let id = attempt.invocation.operationID { doubtful.insert(id) }
            // One is enough; comparing with every fault takes time.
            if counts[.ambiguityUnderFault] == nil,
                faults.overlap(attempt.invokedAt, attempt.completedAt)
            {
                saw(.ambiguityUnderFault)
            }
        }
    }

    private mutating func committed(
        _ attempt: Attempt, _ operation: Operation, _ lsn: LSN, _ result: CommitResult
    ) {
        switch operation {
        case .reserve(let resource, _, _): granted([resource], attempt, lsn, result)
        case .reserveBundle(let members, _, _):
            if members.count > 1 { saw(.wideGrant) }
            granted(members, attempt, lsn, result)
        case .confirm(let reservation, _, _), .release(let reservation, _, _):
            endedEarly.insert(reservation)
        case .revoke: saw(.revoke)
        case .reclaim: saw(.reclaim)
        case .createResource, .tickExpirations, .getResource, .getReservation: break
        }
    }

    private mutating func granted(
        _ members: [ResourceID], _ attempt: Attempt, _ lsn: LSN, _ result: CommitResult
    ) {
        guard let reservation = result.reservationID, let deadline = result.deadline,
            let slot = attempt.invocation.slot
        else { return }
        grants.append(
            Grant(
                lsn: lsn, reservation: reservation, members: members, slot: slot,
                deadline: deadline))
    }

    private mutating func refused(_ operation: Operation, _ code: RefusalCode) {
        switch code {
        case .operationConflict: saw(.conflictRefusal)
        case .resourceBusy:
            saw(.busyRefusal)
            if case .reserveBundle(let members, _, _) = operation, members.count > 1,
                Set(members).count == members.count
            {
                saw(.wideRefusal)
            }
        case .staleEpoch, .reservationRetired, .reservationNotFound:
            if code == .staleEpoch { saw(.staleHolderRefusal) }
            if case .confirm = operation { saw(.lateConfirm) }
        case .noop, .alreadyExists, .resourceTableFull, .resourceNotFound, .bundleTooLarge,
            .ttlOutOfRange, .reservationTableFull, .reservationMemberTableFull,
            .expirationIndexFull, .operationTableFull, .invalidState, .holderMismatch,
            .slotOverflow:
            break
        }
    }

    private mutating func read(_ attempt: Attempt, _ operation: Operation) {
        switch operation {
        case .getResource(_, let fence), .getReservation(_, let fence):
            guard fence != nil else { return saw(.plainRead) }
            saw(.fencedRead)
            if let end = faults.firstEnd, attempt.invokedAt >= end { saw(.fencedReadAfterFault) }
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations:
            break
        }
    }

    /// A grant of a resource whose last known lease was neither confirmed nor released, at or
    /// after that lease's deadline: only an expiry can have freed it.
    private mutating func countGrantsAfterDeadlines() {
        var last: [ResourceID: Grant] = [:]
        for grant in grants.sorted(by: { $0.lsn < $1.lsn }) {
            let isAfterDeadline = grant.members.contains { member in
                guard let before = last[member], before.reservation != grant.reservation else {
                    return false
                }
                return before.deadline <= grant.slot && !endedEarly.contains(before.reservation)
            }
            if isAfterDeadline { saw(.grantAfterDeadline) }
            for member in grant.members { last[member] = grant }
        }
    }
}
