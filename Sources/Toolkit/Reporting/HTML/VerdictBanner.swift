import Checking
import History

/// The first thing on the page: how the run ended, in a word and a sentence, and its figures.
struct VerdictBanner {
    let facts: ReportFacts
    let hasRecord: Bool
    let activity: RunActivity

    func write(to html: inout HTMLText) {
        html.element("header", ["class": "verdict"]) { html in
            html.element("div", ["class": "banner \(facts.verdict.rawValue)"]) { html in
                html.element("div", ["class": "run"], facts.runID)
                html.element("h1", ["id": "verdict"], "\(mark) \(word)")
                html.element("p", ["class": "sentence"], sentence)
                if !facts.gateObstacles.isEmpty {
                    html.element(
                        "p", ["class": "gate"],
                        "Does not count for the release gate: "
                            + facts.gateObstacles.joined(separator: "; "))
                }
            }
            writeFigures(to: &html)
        }
    }

    private var mark: String {
        switch facts.verdict {
        case .passed: "✓"
        case .blocked: "✗"
        case .interrupted, .unknown: "?"
        }
    }

    private var word: String {
        switch facts.verdict {
        case .passed: "Passed"
        case .blocked: "Blocked"
        case .interrupted: "Interrupted"
        case .unknown: "Unknown"
        }
    }

    private var sentence: String {
        switch facts.verdict {
        case .passed:
            return "This record shows no broken promise, and enough happened for that to mean "
                + "something. It does not show that the cluster is correct."
        case .blocked:
            return blocked + (facts.wasInterrupted ? " The run was ended early on request." : "")
        case .interrupted:
            return "The run was ended early on request. Up to then no promise was seen broken; "
                + "that is not a pass."
        case .unknown:
            return "Nobody can say: \(facts.reason ?? "no reason is recorded")"
        }
    }

    private var blocked: String {
        let codes = facts.findings.filter { $0.severity == .blocks }.map(\.code)
        guard let first = codes.first else { return "A promise was broken." }
        let statement = FindingCode(rawValue: first)?.promise.statement
        let broken = statement.map { "A promise was broken: \u{201C}\($0)\u{201D}" }
        var kinds: [(code: String, count: Int)] = []
        for code in codes where !kinds.contains(where: { $0.code == code }) {
            kinds.append((code, codes.count { $0 == code }))
        }
        // A hyphen at which no line breaks.
        let list = kinds.map { kind in
            let code = kind.code.split(separator: "-").joined(separator: "\u{2011}")
            return kind.count == 1 ? code : "\(code) (\(kind.count) times)"
        }
        let more = facts.unlistedFindings == 0 ? "" : ", and \(facts.unlistedFindings) more"
        return (broken ?? "Something happened that must not.")
            + " Found: \(list.joined(separator: ", "))\(more)."
    }

    /// A number that only a record can tell is left out when there is none.
    private func writeFigures(to html: inout HTMLText) {
        html.element("dl", ["class": "figures"]) { html in
            if hasRecord { writeAttempts(to: &html) }
            if let statistics = facts.statistics {
                figure(
                    "Committed", PageWords.count(statistics.committed),
                    "\(PageWords.counted(statistics.reads, "read")) answered", to: &html)
                figure(
                    "Ambiguous attempts", PageWords.count(statistics.ambiguousAttempts),
                    statistics.ambiguousAttempts == 0
                        ? nil
                        : "commands: \(PageWords.count(statistics.resolvedAmbiguities)) resolved, "
                            + "\(PageWords.count(statistics.unresolvedAmbiguities)) not", to: &html)
            }
            if hasRecord {
                figure("Faults", PageWords.count(activity.faults.count), nil, to: &html)
            }
            let all = UInt64(facts.findings.count) + facts.unlistedFindings
            figure(
                "Findings", PageWords.count(all),
                facts.unlistedFindings == 0 ? nil : "\(facts.findings.count) listed", to: &html)
        }
    }

    private func writeAttempts(to html: inout HTMLText) {
        figure("Duration", PageWords.duration(nanoseconds: activity.end.rawValue), nil, to: &html)
        let open = activity.attempts.count { $0.endedAt == nil }
        figure(
            "Attempts", PageWords.count(activity.attempts.count),
            open == 0 ? nil : "\(PageWords.count(open)) never ended", to: &html)
    }

    private func figure(
        _ name: String, _ value: String, _ more: String?, to html: inout HTMLText
    ) {
        html.element("div") { html in
            html.element("dt", name)
            html.element("dd") { html in
                html.write(value)
                if let more { html.element("span", ["class": "more"], more) }
            }
        }
    }
}
