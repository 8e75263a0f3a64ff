public import JSONText

/// How one run of a campaign ended, as it stands in the run's `result.json`.
public struct RunOutcome: Hashable, Sendable {
    public enum Verdict: Hashable, Sendable {
        case passed
        case blocked
        case unknown(reason: String)
        case interrupted

        public var word: String {
            switch self {
            case .passed: "passed"
            case .blocked: "blocked"
            case .unknown: "unknown"
            case .interrupted: "interrupted"
            }
        }
    }

    public struct Finding: Hashable, Sendable {
        public var code: String
        public var explanation: String

        public init(code: String, explanation: String) {
            self.code = code
            self.explanation = explanation
        }
    }

    public var verdict: Verdict
    /// Whether the run was ended early, also when it is blocked.
    public var wasInterrupted: Bool
    public var findings: [Finding]
    public var remarks: [String]
    public var operations: UInt64
    public var ambiguous: UInt64
    public var faults: UInt64
    public var elapsedSeconds: Double
    /// Why the run is no evidence for the release gate; empty when it is.
    public var gateObstacles: [String]
    /// Commands that were ambiguous at least once, by what became of them.
    public var ambiguities: [String: UInt64]
    /// Share of the window's time in which writes succeeded, 0 to 1; nil when it cannot be told.
    public var availability: Double?
    /// Seconds from each heal to the next write that succeeded, in the order of the heals.
    public var recoverySeconds: [Double]
    /// Name of the bundle's folder beside `result.json`.
    public var bundle: String?

    public init(_ verdict: Verdict) {
        self.verdict = verdict
        wasInterrupted = verdict == .interrupted
        findings = []
        remarks = []
        operations = 0
        ambiguous = 0
        faults = 0
        elapsedSeconds = 0
        gateObstacles = []
        ambiguities = [:]
        recoverySeconds = []
    }

    /// Whether the run need not be repeated: it was carried out to its end, whatever came out.
    public var isFinished: Bool { !wasInterrupted }

    public var countsForGate: Bool {
        guard gateObstacles.isEmpty, isFinished else { return false }
        return switch verdict {
        case .passed, .blocked: true
        case .unknown, .interrupted: false
        }
    }

    /// The words for what became of ambiguous commands, in the order of tables.
    public static let ambiguityWords = ["took_effect", "by_retry", "refused", "unresolved"]

    public var medianRecovery: Double? {
        let sorted = recoverySeconds.sorted()
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }

    // MARK: - On disk

    public var json: JSONText { .object(members) }

    /// The members of the outcome; whoever knows more about the run adds to them.
    public var members: [JSONText.Member] {
        var reason: String?
        if case .unknown(let text) = verdict { reason = text }
        return [
            .init("verdict", .string(verdict.word)), .init("reason", .optional(reason)),
            .init("interrupted", .bool(wasInterrupted)),
            .init("counts_for_gate", .bool(countsForGate)),
            .init("gate_obstacles", .array(gateObstacles.map(JSONText.string))),
            .init("operations", .number(operations)), .init("ambiguous", .number(ambiguous)),
            .init(
                "ambiguities",
                .object(
                    Self.ambiguityWords.map { .init($0, .number(ambiguities[$0] ?? 0)) })),
            .init("faults_injected", .number(faults)),
            .init("availability", availability.map { .number($0) } ?? .null),
            .init("recovery_secs", .array(recoverySeconds.map { .number($0) })),
            .init("elapsed_secs", .number(elapsedSeconds)),
            .init(
                "findings",
                .array(
                    findings.map { finding in
                        .object([
                            "code": .string(finding.code),
                            "explanation": .string(finding.explanation),
                        ])
                    })),
            .init("remarks", .array(remarks.map(JSONText.string))),
            .init("bundle", .optional(bundle)),
        ]
    }

    /// Nil when the value is no outcome.
    public init?(_ json: JSONText) {
        switch json["verdict"].string {
        case "passed": self.init(.passed)
        case "blocked": self.init(.blocked)
        case "interrupted": self.init(.interrupted)
        case "unknown": self.init(.unknown(reason: json["reason"].string ?? "no reason given"))
        case _: return nil
        }
        wasInterrupted = json["interrupted"].bool ?? wasInterrupted
        operations = json["operations"].integer() ?? 0
        ambiguous = json["ambiguous"].integer() ?? 0
        faults = json["faults_injected"].integer() ?? 0
        elapsedSeconds = json["elapsed_secs"].double ?? 0
        gateObstacles = json["gate_obstacles"].elements.compactMap(\.string)
        for word in Self.ambiguityWords {
            ambiguities[word] = json["ambiguities"][word].integer()
        }
        availability = json["availability"].double
        recoverySeconds = json["recovery_secs"].elements.compactMap(\.double)
        remarks = json["remarks"].elements.compactMap(\.string)
        bundle = json["bundle"].string
        findings = json["findings"].elements.compactMap { finding in
            guard let code = finding["code"].string else { return nil }
            return Finding(code: code, explanation: finding["explanation"].string ?? "")
        }
    }
}
