public import History

/// Something in a record that the allocator's contract does not allow, or that keeps the judge
/// from judging.
public struct Finding: Hashable, Sendable {
    /// What follows from a finding.
    public enum Severity: Int, Hashable, Sendable, Comparable, CaseIterable {
        /// Worth knowing; decides nothing.
        case note
        /// Something is not as it should be, but whether a promise is broken cannot be said: the
        /// record passes nothing.
        case suspicious
        /// A promise is broken.
        case blocks

        public static func < (left: Severity, right: Severity) -> Bool {
            left.rawValue < right.rawValue
        }

        /// How it is called wherever findings are shown.
        public var words: String {
            switch self {
            case .note: "note"
            case .suspicious: "suspicious"
            case .blocks: "blocks release"
            }
        }
    }

    /// Which stage decided; the plainest that can tell does (docs/reference/promises.md).
    public enum Stage: String, Hashable, Sendable, CaseIterable {
        /// The operations named contradict each other by themselves.
        case scan
        /// The replay of the log contradicts the answer, and there was only one way to replay it.
        case witness
        /// There were several ways to explain the LSNs that nobody was told of; all were tried,
        /// and none fits.
        case search
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
    var unsure: Finding {
        Finding(
            code, severity: .suspicious, stage: stage, events: events, explanation: explanation)
    }

    /// The same finding, decided by having tried every explanation of the log.
    var bySearch: Finding {
        guard stage == .witness else { return self }
        return Finding(
            code, severity: severity, stage: .search, events: events, explanation: explanation)
    }
}
