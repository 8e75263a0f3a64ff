import History

/// Counts what the record shows beside broken promises, as `CoverageCount` does.
struct StreamedSights: ~Copyable {
    private var counts = FlatArray(repeating: 0, count: CoverageSight.allCases.count)
    private var openFaults: [UInt64: RunInstant] = [:]
    private var closedFaults: [ClosedRange<RunInstant>] = []
    private var firstEnd: RunInstant?
    private var latestFencedRead = RunInstant(0)
    private var latestDoubt: RunInstant?

    private static let places = Dictionary(
        uniqueKeysWithValues: CoverageSight.allCases.enumerated().map { ($1, $0) })

    private static func place(_ sight: CoverageSight) -> Int { places[sight] ?? 0 }

    private let busyRefusal = place(.busyRefusal)
    private let rememberedAnswer = place(.rememberedAnswer)
    private let conflictRefusal = place(.conflictRefusal)
    private let ambiguityUnderFault = place(.ambiguityUnderFault)
    private let fencedRead = place(.fencedRead)
    private let plainRead = place(.plainRead)
    private let refusedRead = place(.refusedRead)
    private let fencedReadAfterFault = place(.fencedReadAfterFault)
    private let expiry = place(.expiry)
    private let lateConfirm = place(.lateConfirm)
    private let grantAfterDeadline = place(.grantAfterDeadline)
    private let wideGrant = place(.wideGrant)
    private let wideRefusal = place(.wideRefusal)
    private let revoke = place(.revoke)
    private let reclaim = place(.reclaim)
    private let staleHolderRefusal = place(.staleHolderRefusal)

    mutating func grantedAfterDeadline() { counts[grantAfterDeadline] &+= 1 }

    mutating func ticked(_ applied: UInt64) { if applied > 0 { counts[expiry] &+= 1 } }

    mutating func readWasRefused() { counts[refusedRead] &+= 1 }

    // MARK: - Faults

    mutating func faultBegan(_ id: UInt64, at time: RunInstant) {
        openFaults[id] = time
        // What ended at the same moment overlaps with it.
        if latestDoubt == time { counts[ambiguityUnderFault] = 1 }
    }

    mutating func faultEnded(_ id: UInt64, at time: RunInstant) throws(Declined) {
        guard let start = openFaults.removeValue(forKey: id) else { return }
        closedFaults.append(start...max(start, time))
        if firstEnd == nil {
            firstEnd = time
            // A read of the same moment was counted without knowing of this end.
            if latestFencedRead >= time, time.rawValue > 0 { throw .outOfSight }
        }
    }

    // MARK: - Answers

    mutating func read(_ request: OpenAttempts.Attempt, hasFence: Bool) {
        guard hasFence else {
            counts[plainRead] &+= 1
            return
        }
        counts[fencedRead] &+= 1
        latestFencedRead = max(latestFencedRead, request.invokedAt)
        if let firstEnd, request.invokedAt >= firstEnd { counts[fencedReadAfterFault] &+= 1 }
    }

    /// An answer to a command that was executed.
    mutating func committed(
        _ place: Int32, of commands: borrowing CommandTable, isRemembered: Bool
    ) {
        if isRemembered { counts[rememberedAnswer] &+= 1 }
        switch commands[place].kind {
        case .reserveBundle:
            if commands.members(of: place).count > 1 { counts[wideGrant] &+= 1 }
        case .revoke: counts[revoke] &+= 1
        case .reclaim: counts[reclaim] &+= 1
        default: break
        }
    }

    mutating func refused(
        _ place: Int32, of commands: borrowing CommandTable, _ code: UInt8, isRemembered: Bool
    ) {
        let isConflict = code == RefusalCode.operationConflict.rawValue
        if isRemembered, !isConflict { counts[rememberedAnswer] &+= 1 }
        if isConflict { counts[conflictRefusal] &+= 1 }
        if code == RefusalCode.resourceBusy.rawValue {
            counts[busyRefusal] &+= 1
            if commands[place].kind == .reserveBundle {
                let members = commands.members(of: place)
                if members.count > 1, Set(members).count == members.count {
                    counts[wideRefusal] &+= 1
                }
            }
        }
        let isStale = code == RefusalCode.staleEpoch.rawValue
        if isStale { counts[staleHolderRefusal] &+= 1 }
        let isLate =
            isStale || code == RefusalCode.reservationRetired.rawValue
            || code == RefusalCode.reservationNotFound.rawValue
        if isLate, commands[place].kind == .confirm { counts[lateConfirm] &+= 1 }
    }

    /// A command or tick of which nobody said what became of it.
    mutating func ambiguous(sentAt: RunInstant, until end: RunInstant?) {
        guard counts[ambiguityUnderFault] == 0 else { return }
        latestDoubt = end
        let end = end ?? RunInstant(.max)
        let isUnderFault =
            openFaults.values.contains { $0 <= end }
            || closedFaults.contains { $0.lowerBound <= end && sentAt <= $0.upperBound }
        if isUnderFault { counts[ambiguityUnderFault] = 1 }
    }

    /// What the workload demands; empty when it demands nothing.
    func sights(workload: String, resolvedIDs: Int) -> [CoverageSight: Int] {
        guard let demands = CoverageDemands.of(workload: workload) else { return [:] }
        let hasFaults = !closedFaults.isEmpty || !openFaults.isEmpty
        let wanted = demands.always + (hasFaults ? demands.underFaults : [])
        return Dictionary(
            uniqueKeysWithValues: wanted.map { sight in
                (sight, sight == .resolvedAmbiguity ? resolvedIDs : counts[Self.place(sight)])
            })
    }
}
