/// One promise of the allocator that a client can observe, and how it is judged. This table is
/// the source of `docs/reference/promises.md`, of the findings and of their explanations.
public struct Promise: Sendable {
    public let number: Int
    public let code: FindingCode
    /// What is promised, in one sentence.
    public let statement: String
    /// The record that breaks it.
    public let evidence: String
    /// What finds it, in `Sources/Toolkit/Checking`.
    public let checker: String
    /// What the record cannot show.
    public let unknowable: String
    /// Where the specification says so.
    public let section: String
    /// What to look at first when it is broken.
    public let advice: String
}

/// The stable name of a broken promise.
public enum FindingCode: String, CaseIterable, Sendable, Hashable {
    case lostWrite = "lost-write"
    case duplicateExecution = "duplicate-execution"
    case conflictAccepted = "conflict-accepted"
    case changedAnswer = "changed-answer"
    case doubleAllocation = "double-allocation"
    case earlyReuse = "early-reuse"
    case staleHolderAccepted = "stale-holder-accepted"
    case wrongHolderAccepted = "wrong-holder-accepted"
    case illegalTransition = "illegal-transition"
    case wrongResult = "wrong-result"
    case falseRefusal = "false-refusal"
    case orderViolation = "order-violation"
    case slotRegression = "slot-regression"
    case unexplainedEffect = "unexplained-effect"
    case failureApplied = "failure-applied"
    case staleRead = "stale-read"
    case wrongRead = "wrong-read"
    case tickResult = "tick-result"
    case unresolvedAmbiguity = "unresolved-ambiguity"
    case brokenRecord = "broken-record"
    case lsnShared = "lsn-shared"
    case impossibleLSN = "impossible-lsn"
    case wrongReservationID = "wrong-reservation-id"
    case wrongDeadline = "wrong-deadline"
    case wrongFirstEpoch = "wrong-first-epoch"
    case falseConflict = "false-conflict"
    case processOrder = "process-order"
    case unprovenResolution = "unproven-resolution"
    case endedLeaseAccepted = "ended-lease-accepted"
    case futureEpochAccepted = "future-epoch-accepted"
    case releaseWhileRevoking = "release-while-revoking"
    case reclaimWithoutRevoke = "reclaim-without-revoke"
    case stolenMember = "stolen-member"
    case partialGrant = "partial-grant"
    case partialRelease = "partial-release"
    case earlyExpiry = "early-expiry"
    case activeLeaseExpired = "active-lease-expired"
    case missedExpiry = "missed-expiry"
    case fenceIgnored = "fence-ignored"
    case fenceRefused = "fence-refused"
    case readWentBack = "read-went-back"
    case epochWentBack = "epoch-went-back"
    case deposedRead = "deposed-read"
    case lostState = "lost-state"
    case inventedState = "invented-state"
    case freedEarly = "freed-early"
    case wrongReadHolder = "wrong-read-holder"
    case wrongReadDeadline = "wrong-read-deadline"
    case wrongReadVersion = "wrong-read-version"
    case wrongReadEpoch = "wrong-read-epoch"
    case wrongReadMembers = "wrong-read-members"
    case finalState = "final-state"
    case recordTime = "record-time"
    case recordPairing = "record-pairing"
    case thinRecord = "thin-record"
}

extension FindingCode {
    /// The promise that a finding of this code breaks.
    public var promise: Promise {
        // Every case has its row; the table's test holds them together.
        Promise.all.first { $0.code == self } ?? Promise.all[0]
    }
}
