public import Checking
public import History
public import Reporting

/// How a run ended and where its evidence lies.
public struct RunResult: Sendable, Equatable {
    /// The endings, strongest first: a violation found stays one whatever failed afterwards.
    public enum Verdict: Sendable, Equatable {
        /// A promise was broken; `findings` says which.
        case blocked
        /// Ended early on request, without a violation seen so far.
        case interrupted
        /// Could not be judged, and why: the testbed failed, a budget ran out, or too little
        /// happened to conclude anything.
        case unknown(reason: String)
        case passed

        public var word: String {
            switch self {
            case .passed: "passed"
            case .blocked: "blocked"
            case .unknown: "unknown"
            case .interrupted: "interrupted"
            }
        }

        /// Why nobody can say, when it is unknown.
        public var reason: String? {
            if case .unknown(let reason) = self { reason } else { nil }
        }
    }

    /// One broken promise in words.
    public struct Finding: Sendable, Equatable {
        /// Stable, for example `duplicate-execution`.
        public var code: String
        /// One paragraph that a person can check by hand.
        public var explanation: String
        /// The events of the operations involved, when the judge found it.
        public var events: [Sequence]
        /// Which stage of the judge decided, when it was the judge.
        public var stage: Checking.Finding.Stage?

        public init(
            code: String, explanation: String, events: [Sequence] = [],
            stage: Checking.Finding.Stage? = nil
        ) {
            self.code = code
            self.explanation = explanation
            self.events = events
            self.stage = stage
        }
    }

    public var runID: String
    public var verdict: Verdict
    /// Whether the run was ended early, also when it is blocked.
    public var wasInterrupted: Bool
    public var findings: [Finding]
    /// Findings of the judge beyond those in `findings`.
    public var unlistedFindings: UInt64
    /// Remarks that do not decide anything, for example that a takeover was not possible.
    public var remarks: [String]
    public var seed: UInt64
    public var operations: UInt64
    public var ambiguous: UInt64
    public var faultsInjected: UInt64
    public var elapsed: Duration
    /// Why this run is no evidence for the release gate; empty when it is.
    public var gateObstacles: [String]
    /// Absent when there is no record.
    public var figures: RunFigures?
    /// Absent when the run ended before there was anything to bundle.
    public var bundlePath: String?
    public var reportPath: String?
    public var historyPath: String?

    public init(runID: String, seed: UInt64, verdict: Verdict) {
        self.runID = runID
        self.seed = seed
        self.verdict = verdict
        wasInterrupted = false
        findings = []
        unlistedFindings = 0
        remarks = []
        operations = 0
        ambiguous = 0
        faultsInjected = 0
        elapsed = .zero
        gateObstacles = []
        figures = nil
        bundlePath = nil
        reportPath = nil
        historyPath = nil
    }

    /// Whether the run is evidence for the release gate: carried out to its end as the matrix demands,
    /// and judged.
    public var countsForGate: Bool {
        guard gateObstacles.isEmpty, !wasInterrupted else { return false }
        return switch verdict {
        case .passed, .blocked: true
        case .unknown, .interrupted: false
        }
    }

    /// 0 passed, 1 blocked, 2 unknown, 130 interrupted. An interrupted run keeps 130 even when it
    /// is blocked: the findings say that, and the caller asked for the end.
    public var exitCode: Int32 {
        if wasInterrupted { return 130 }
        return switch verdict {
        case .passed: 0
        case .blocked: 1
        case .unknown: 2
        case .interrupted: 130
        }
    }
}
