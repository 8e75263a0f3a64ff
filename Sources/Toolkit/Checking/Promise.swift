/// One promise of the allocator that a client can observe, and how it is judged. This table is
/// the source of `docs/reference/promises.md`, of the findings and of their explanations.
public struct Promise: Sendable {
    public let number: Int
    public let code: FindingCode
    /// What is promised, in one sentence.
    public let statement: String
    /// The record that breaks it.
    public let evidence: String
    /// What the record cannot show.
    public let unknowable: String
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
}

extension FindingCode {
    /// The promise that a finding of this code breaks.
    public var promise: Promise {
        // Every case has its row; the table's test holds them together.
        Promise.all.first { $0.code == self } ?? Promise.all[0]
    }
}
