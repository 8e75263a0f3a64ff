/// What the judge says of one record.
public struct Judgement: Hashable, Sendable {
    public enum Verdict: Hashable, Sendable {
        case passed
        /// A promise is broken: at least one finding blocks.
        case blocked
        /// Nobody can say; the reason is for people.
        case unknown(String)
    }

    public let verdict: Verdict
    /// The earliest and most telling first; consequences of a finding are not repeated.
    public let findings: [Finding]
    public let statistics: JudgementStatistics
    /// Promises that the record was not judged by.
    public var leftOut: [FindingCode] = []
}

/// How much there was to judge, and how the judge explained it.
public struct JudgementStatistics: Hashable, Sendable {
    public var events = 0
    public var attempts = 0
    /// Commands with an operation id, retries folded.
    public var logicalCommands = 0
    public var committed = 0
    public var refused = 0
    public var reads = 0
    public var definiteFailures = 0
    public var ambiguousAttempts = 0
    /// Commands with an ambiguous attempt whose outcome became known.
    public var resolvedAmbiguities = 0
    public var unresolvedAmbiguities = 0
    /// LSNs that no client was told of, explained by an expiry that was due.
    public var inferredExpiries = 0
    /// LSNs that no client was told of, explained by a command whose outcome nobody knows.
    public var inferredCommands = 0
    /// What the workload of the record exists for, and how often the record shows it.
    public var sights: [CoverageSight: Int] = [:]
    /// The largest LSN in the record, 0 when there is none.
    public var lastLSN: UInt64 = 0

    public init() {}
}
