public import Checking
public import History
public import JSONText

extension ReportFacts {
    /// The facts as they stand in a `manifest.json`; nil when it does not say of which run it is
    /// and how that ended. What else it lacks is left out of the page.
    public init?(manifest: JSONText) {
        guard let runID = manifest["run_id"].string,
            let verdict = manifest["verdict"].string.flatMap(Verdict.init(rawValue:))
        else { return nil }
        self.init(runID: runID, verdict: verdict, reason: manifest["reason"].string)
        wasInterrupted = manifest["interrupted"].bool ?? false
        findings = manifest["findings"].elements.compactMap(Self.finding)
        unlistedFindings = manifest["unlisted_findings"].integer() ?? 0
        remarks = manifest["remarks"].elements.compactMap(\.string)
        if case .object = manifest["statistics"] {
            statistics = StatisticField.statistics(manifest["statistics"])
        }
        gateObstacles = manifest["gate_obstacles"].elements.compactMap(\.string)
        reproduction = manifest["reproduce"].string
        circumstances = Self.circumstances(of: manifest)
    }

    /// The conclusions as they stand in a manifest.
    public var conclusions: [JSONText.Member] {
        [
            .init("verdict", .string(verdict.rawValue)), .init("reason", .optional(reason)),
            .init("interrupted", .bool(wasInterrupted)),
            .init(
                "findings",
                .array(
                    findings.map {
                        Self.json(
                            code: $0.code, explanation: $0.explanation, events: $0.events,
                            severity: $0.severity, stage: $0.stage)
                    })),
            .init("unlisted_findings", .number(unlistedFindings)),
            .init("remarks", .array(remarks.map(JSONText.string))),
            .init("statistics", statistics.map(StatisticField.json) ?? .null),
        ]
    }

    /// A finding as it stands in a manifest.
    public static func json(
        code: String, explanation: String, events: [Sequence],
        severity: Checking.Finding.Severity = .blocks, stage: Checking.Finding.Stage? = nil
    ) -> JSONText {
        .object([
            "code": .string(code), "explanation": .string(explanation),
            "events": .array(events.map { .number($0.rawValue) }),
            "severity": .string(severity.words), "stage": .optional(stage?.rawValue),
        ])
    }

    /// The judge's statistics as they stand in a manifest.
    public static func json(_ statistics: JudgementStatistics) -> JSONText {
        StatisticField.json(statistics)
    }

    private static func finding(_ json: JSONText) -> Finding? {
        guard let code = json["code"].string, let explanation = json["explanation"].string else {
            return nil
        }
        let events = json["events"].elements.compactMap { $0.integer(UInt64.self) }
        let severity = Checking.Finding.Severity.allCases.first {
            $0.words == json["severity"].string
        }
        return Finding(
            code: code, explanation: explanation, events: events.map { Sequence($0) },
            severity: severity ?? .blocks,
            stage: json["stage"].string.flatMap(Checking.Finding.Stage.init(rawValue:)))
    }

    /// Members of a manifest that are shown as they are, by their names.
    private static let shown: [(name: String, words: String)] = [
        ("workload", "workload"), ("nemesis", "nemesis"), ("testbed", "testbed"),
        ("seed", "seed"), ("concurrency", "clients"), ("rate", "operations per second wanted"),
        ("window_seconds", "fault window, seconds"), ("tool_version", "tool version"),
        ("archived_from", "archived from"), ("command_line", "command line"),
    ]

    private static func circumstances(of manifest: JSONText) -> [Circumstance] {
        var circumstances = shown.compactMap { member in
            words(manifest[member.name]).map { Circumstance(member.words, $0) }
        }
        for (part, title) in [("replica_binary", "daemon"), ("host", "host")] {
            guard case .object(let members) = manifest[part] else { continue }
            circumstances += members.compactMap { member in
                words(member.value).map {
                    let name = member.name.map { $0 == "_" ? " " : String($0) }.joined()
                    return Circumstance("\(title), \(name)", $0)
                }
            }
        }
        return circumstances
    }

    private static func words(_ value: JSONText) -> String? {
        switch value {
        case .string(let text): text
        case .digits(let digits): digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
        case .bool(let truth): truth ? "yes" : "no"
        case .array(let values): values.compactMap(\.string).joined(separator: " ")
        case .null, .object: nil
        }
    }
}
