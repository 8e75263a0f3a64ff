public import Checking
public import History

/// What is known of a run besides its record: how it ended, and how to repeat it. It stands in
/// `manifest.json`, so a report can be written again from its bundle alone.
public struct ReportFacts: Hashable, Sendable {
    /// The word in the manifest; the meaning is that of a run's verdict.
    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        case passed
        case blocked
        case interrupted
        case unknown
    }

    /// One broken promise, or something suspicious.
    public struct Finding: Hashable, Sendable {
        public var code: String
        public var explanation: String
        /// The events of the operations involved; empty when the finding is not about operations.
        public var events: [Sequence]
        public var severity: Checking.Finding.Severity
        /// Which stage of the judge decided, when it was the judge.
        public var stage: Checking.Finding.Stage?
        /// The lines of the events in the file, where it has lines.
        public var lines: [Int]

        public init(
            code: String, explanation: String, events: [Sequence] = [],
            severity: Checking.Finding.Severity = .blocks, stage: Checking.Finding.Stage? = nil,
            lines: [Int] = []
        ) {
            self.code = code
            self.explanation = explanation
            self.events = events
            self.severity = severity
            self.stage = stage
            self.lines = lines
        }
    }

    /// A named fact of the run's circumstances, to be shown as it is.
    public struct Circumstance: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var runID: String
    public var verdict: Verdict
    /// Why nobody can say, when the verdict is unknown.
    public var reason: String?
    /// Whether the run was ended early, also when it is blocked.
    public var wasInterrupted = false
    public var findings: [Finding] = []
    /// Findings of the judge beyond those that are listed.
    public var unlistedFindings: UInt64 = 0
    public var remarks: [String] = []
    public var statistics: JudgementStatistics?
    /// Why the run is no evidence for the release gate, if it is not.
    public var gateObstacles: [String] = []
    /// The command that repeats the run.
    public var reproduction: String?
    public var circumstances: [Circumstance] = []

    public init(runID: String, verdict: Verdict, reason: String? = nil) {
        self.runID = runID
        self.verdict = verdict
        self.reason = reason
    }

    /// Findings that a page shows with their operations. One lost suffix of a log can make
    /// hundreds.
    public static let mostFindings = 20

    /// What a judgement alone tells, for a record that is judged without its run.
    public init(_ judgement: Judgement, of header: RunHeader, isComplete: Bool) {
        self.init(runID: header.runID, verdict: .passed)
        switch judgement.verdict {
        case .passed: break
        case .blocked: verdict = .blocked
        case .unknown(let reason):
            verdict = .unknown
            self.reason = reason
        }
        statistics = judgement.statistics
        for finding in judgement.findings {
            guard findings.count < Self.mostFindings else {
                unlistedFindings += 1
                continue
            }
            findings.append(
                Finding(
                    code: finding.code.rawValue, explanation: finding.explanation,
                    events: finding.events, severity: finding.severity, stage: finding.stage))
        }
        if !judgement.leftOut.isEmpty {
            let names = judgement.leftOut.map(\.rawValue).joined(separator: ", ")
            remarks.append("On request these promises were not looked at: \(names).")
        }
        if !isComplete {
            remarks.append(
                "The record was cut off: it ends without the mark of a finished recording. What "
                    + "was asked and not answered in it counts as ambiguous.")
        }
        circumstances = Self.circumstances(of: header)
    }

    /// What a text of version 1 tells.
    public init(_ file: TextHistoryFile, runID: String) {
        self.init(runID: runID, verdict: .passed)
        switch file.verdict {
        case .passed: break
        case .blocked: verdict = .blocked
        case .unknown(let reason):
            verdict = .unknown
            self.reason = reason
        }
        findings = file.findings.prefix(Self.mostFindings).map { finding in
            Finding(
                code: finding.code.rawValue, explanation: finding.explanation,
                severity: finding.severity, stage: finding.stage, lines: finding.lines)
        }
        unlistedFindings = UInt64(file.findings.count - findings.count)
        remarks = [Self.textRemark]
    }

    /// What is known of a history without a record: a text, or something that cannot be read.
    init(_ history: JudgedHistory, runID: String) {
        self.init(runID: runID, verdict: .passed)
        switch history.verdict {
        case .passed: break
        case .blocked: verdict = .blocked
        case .unknown(let reason):
            verdict = .unknown
            self.reason = reason
        }
        findings = history.findings.prefix(Self.mostFindings).map { finding in
            Finding(
                code: finding.code.rawValue, explanation: finding.explanation,
                severity: finding.severity, stage: finding.stage,
                lines: finding.operations.compactMap(\.line))
        }
        unlistedFindings = UInt64(history.findings.count - findings.count)
        remarks = history.notes
    }

    /// What nobody may conclude from a text of version 1.
    public static let textRemark =
        "Text version 1 tells what was answered, not when it was asked: looked at was what the "
        + "reference analysis looks at, and no more is concluded. The order of events in time, "
        + "the contents of reads and the results of commands were not checked."

    /// What the record itself says of its run.
    static func circumstances(of header: RunHeader) -> [Circumstance] {
        [
            Circumstance("workload", header.workload), Circumstance("nemesis", header.nemesis),
            Circumstance("testbed", header.testbed), Circumstance("seed", "\(header.seed)"),
            Circumstance("clients", "\(header.concurrency)"),
            Circumstance("tool version", header.toolVersion),
        ]
    }
}
