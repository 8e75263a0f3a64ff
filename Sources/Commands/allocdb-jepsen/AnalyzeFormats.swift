import Checking
import CommandDescriptions
import Conducting
import History
import JSONText
import Reporting

/// The judgements for programs.
extension AnalyzeResults {
    /// One object in a line for each history.
    var json: String { rows.map { json($0).compact + "\n" }.joined() }

    private func json(_ row: Row) -> JSONText {
        var reason: String?
        if case .unknown(let text) = row.verdict { reason = text }
        return .object([
            "history": .string(row.path), "form": .string(row.form),
            "verdict": .string(row.word), "reason": .optional(reason),
            "limitation": .optional(row.verdict == .passed ? row.history?.limitation : nil),
            "left_out": .array(selection.leftOut.map { .string($0.rawValue) }),
            "counts": .object(
                (row.history?.counts ?? []).map { entry in
                    let name = entry.name.map { $0 == " " ? "_" : $0 }
                    return JSONText.Member(String(name), .number(entry.count))
                }),
            "findings": .array(row.findings.map(Self.json)),
            "notes": .array((row.history?.notes ?? []).map { .string($0) }),
        ])
    }

    private static func json(_ finding: JudgedHistory.Finding) -> JSONText {
        .object([
            "code": .string(finding.code.rawValue),
            "promise": .number(finding.code.promise.number),
            "severity": .string(finding.severity.words), "stage": .string(finding.stage.rawValue),
            "events": .array(finding.events.map { .number($0.rawValue) }),
            "operations": .array(
                finding.operations.map { place in
                    .object([
                        "line": .optional(place.line), "event": .optional(place.sequence),
                        "words": .optional(place.words),
                    ])
                }),
            "explanation": .string(finding.explanation),
        ])
    }

    /// Blocked is a failure, unknown an error.
    var junit: String {
        JUnitReport(
            suite: "analyze",
            cases: rows.map { row in
                let result: JUnitReport.Case.Result =
                    switch row.verdict {
                    case .passed: .passed
                    case .blocked:
                        .failed(
                            row.findings.map { finding in
                                .init(type: finding.code.rawValue, text: Self.words(of: finding))
                            })
                    case .unknown(let reason): .error(reason: reason)
                    }
                let facts = (row.history?.counts ?? []).map { "\($0.count) \($0.name)" }
                let more = [row.history?.limitation].compactMap { $0 } + (row.history?.notes ?? [])
                return JUnitReport.Case(
                    name: row.path, result: result,
                    output: (facts + more).joined(separator: ", "))
            }
        ).xml
    }

    private static func words(of finding: JudgedHistory.Finding) -> String {
        let places = finding.operations.map { place in
            "\n- \(place.description)" + (place.words.map { ": \($0)" } ?? "")
        }
        return "promise \(finding.code.promise.number), \(finding.severity.words), decided by "
            + "\(finding.stage.rawValue): \(finding.explanation)\(places.joined())"
    }

    // MARK: - SARIF

    /// SARIF 2.1.0: the promises are the rules, the findings the results.
    var sarif: JSONText {
        .object([
            "$schema": .string("https://json.schemastore.org/sarif-2.1.0.json"),
            "version": .string("2.1.0"),
            "runs": .array([
                .object([
                    "tool": .object([
                        "driver": .object([
                            "name": .string("allocdb-jepsen"),
                            "version": .string(PackageVersion.text),
                            "rules": .array(Promise.all.map(Self.rule)),
                        ])
                    ]),
                    "invocations": .array([
                        .object([
                            "executionSuccessful": .bool(true),
                            "exitCode": .number(exitCode.rawValue),
                            "toolExecutionNotifications": .array(
                                rows.compactMap(Self.notification)),
                        ])
                    ]),
                    "artifacts": .array(
                        rows.map { .object(["location": .object(["uri": .string($0.path)])]) }),
                    "results": .array(
                        rows.flatMap { row in row.findings.map { Self.result($0, in: row) } }),
                ])
            ]),
        ])
    }

    private static func rule(_ promise: Promise) -> JSONText {
        func text(_ words: String) -> JSONText { .object(["text": .string(words)]) }
        return .object([
            "id": .string(promise.code.rawValue), "shortDescription": text(promise.statement),
            "fullDescription": text(promise.evidence), "help": text(promise.advice),
            "properties": .object([
                "promise": .number(promise.number), "specification": .string(promise.section),
            ]),
        ])
    }

    /// That a history is unknown, and why: no result says so.
    private static func notification(_ row: Row) -> JSONText? {
        guard case .unknown(let reason) = row.verdict else { return nil }
        return .object([
            "level": .string("error"),
            "message": .object(["text": .string("\(row.path): unknown: \(reason)")]),
        ])
    }

    private static func result(_ finding: JudgedHistory.Finding, in row: Row) -> JSONText {
        let level =
            switch finding.severity {
            case .blocks: "error"
            case .suspicious: "warning"
            case .note: "note"
            }
        let places = finding.operations.map { location($0, in: row) }
        let whole = JSONText.object([
            "physicalLocation": .object([
                "artifactLocation": .object(["uri": .string(row.path)])
            ])
        ])
        return .object([
            "ruleId": .string(finding.code.rawValue),
            "ruleIndex": .number(finding.code.promise.number - 1),
            "level": .string(level),
            "message": .object(["text": .string(finding.explanation)]),
            // The first is where a viewer goes; the others are the way there.
            "locations": .array([places.last ?? whole]),
            "relatedLocations": .array(places),
            "properties": .object([
                "severity": .string(finding.severity.words),
                "stage": .string(finding.stage.rawValue),
            ]),
        ])
    }

    private static func location(_ place: FindingPlace, in row: Row) -> JSONText {
        var members: [JSONText.Member] = [
            .init("artifactLocation", .object(["uri": .string(row.path)]))
        ]
        if let line = place.line {
            members.append(.init("region", .object(["startLine": .number(line)])))
        }
        return .object([
            "physicalLocation": .object(members),
            "message": .object([
                "text": .string(place.description + (place.words.map { ": \($0)" } ?? ""))
            ]),
        ])
    }
}
