public import History

/// Something in a record that the allocator's contract does not allow, or that keeps the judge
/// from judging.
public struct Finding: Hashable, Sendable {
    public enum Severity: Int, Hashable, Sendable, Comparable {
        /// Worth knowing; decides nothing.
        case note
        /// The record cannot be judged in this point.
        case undecided
        /// A promise is broken.
        case blocks

        public static func < (left: Severity, right: Severity) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// Which stage decided (checking-notes: linear scans, then witness replay).
    public enum Stage: String, Hashable, Sendable {
        case scan
        case witness
    }

    public let code: FindingCode
    public let severity: Severity
    public let stage: Stage
    /// The operations involved, in the order of the explanation, by the sequence of their events
    /// in the record.
    public let events: [Sequence]
    /// One paragraph that a person can verify by hand.
    public let explanation: String

    public init(
        _ code: FindingCode, severity: Severity = .blocks, stage: Stage, events: [Sequence],
        explanation: String
    ) {
        self.code = code
        self.severity = severity
        self.stage = stage
        self.events = events
        self.explanation = explanation
    }

    /// The same finding where the judge could not look far enough to be sure.
    var undecided: Finding {
        Finding(
            code, severity: .undecided, stage: stage, events: events, explanation: explanation)
    }
}
