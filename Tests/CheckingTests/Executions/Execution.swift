import History

/// A record with the truth behind it: what took effect, in the order of the log.
struct Execution {
    /// What stands at one LSN.
    enum Effect: Hashable {
        case command(AttemptNumber)
        /// Idle where the lease had ended after the tick chose it.
        case expiry(ReservationID, tick: AttemptNumber, isIdle: Bool)
    }

    let record: RunRecord
    /// The effect at LSN 1 comes first.
    let log: [Effect]
    /// What the record alone does not tell.
    let sights: ExecutionSights
}

/// What executions must show for the judge to have been tried on it.
enum ExecutionSight: String, CaseIterable {
    case overlappingRequests
    case retryAnsweredFromTable
    case retryExecutedAgainAfterWindow
    case conflictingRetryRefused
    case ambiguousCommandExecuted
    case ambiguousCommandNotExecuted
    case effectAfterTimeout
    case ambiguousExecutedTwice
    case askedAgainTooLate
    case expiry
    case idleExpiry
    case commandBetweenExpiries
    case lostTickThatExpired
    case tickLimited
    case bundleGranted
    case bundleRefusedForOneMember
    case confirmedAfterDeadline
    case staleHolderRefused
    case grantAfterReclaim
    case fencedResourceRead
    case fencedLeaseRead
    case unfencedResourceRead
    case unfencedLeaseRead
    case fenceNotApplied
    case failedThenExecuted
    case leaseShownRetired
    case leaseNotFound
    case resourceNotFound
}
