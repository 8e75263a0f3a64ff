import Checking

/// Findings that are one break seen from different places: what an operator breaks may come to
/// light at the answer it changed or at the first later one that does not fit.
extension Set<FindingCode> {
    func or(_ others: Set<FindingCode>) -> Set<FindingCode> { union(others) }

    static let grantValues: Self = [
        .wrongResult, .wrongReservationID, .wrongDeadline, .wrongFirstEpoch,
    ]
    static let retries: Self = [
        .duplicateExecution, .conflictAccepted, .changedAnswer, .falseConflict,
    ]
    /// A command was accepted that a lease does not allow.
    static let holding: Self = [
        .staleHolderAccepted, .wrongHolderAccepted, .illegalTransition, .endedLeaseAccepted,
        .futureEpochAccepted, .releaseWhileRevoking, .reclaimWithoutRevoke,
    ]
    /// A resource was given out that was not free.
    static let allocation: Self = [
        .doubleAllocation, .earlyReuse, .stolenMember, .illegalTransition,
    ]
    static let falseRefusals: Self = [.falseRefusal, .lostWrite, .partialRelease, .partialGrant]
    /// Something stands in the log that nobody asked for.
    static let effects: Self = [
        .unexplainedEffect, .failureApplied, .earlyExpiry, .activeLeaseExpired, .freedEarly,
        .impossibleLSN, .tickResult, .lostState, .inventedState,
    ]
    static let reads: Self = [
        .staleRead, .wrongRead, .readWentBack, .epochWentBack, .deposedRead, .lostState,
        .inventedState, .freedEarly, .wrongReadHolder, .wrongReadDeadline, .wrongReadVersion,
        .wrongReadEpoch, .wrongReadMembers, .finalState, .partialGrant, .partialRelease,
        .missedExpiry, .earlyExpiry, .activeLeaseExpired, .fenceIgnored,
    ]
    static let fences: Self = [.staleRead, .fenceIgnored, .fenceRefused]
    static let places: Self = [
        .orderViolation, .processOrder, .lsnShared, .lostWrite, .impossibleLSN, .slotRegression,
    ]
    static let records: Self = [.brokenRecord, .recordTime, .recordPairing, .processOrder]
    static let ambiguity: Self = [.unresolvedAmbiguity, .unprovenResolution]
}
