import Checking
import History

/// The broken promises: a table of all, then each with its operations in words and on a line.
struct FindingsSection {
    let verdict: ReportFacts.Verdict
    let findings: [ReportFacts.Finding]
    let unlisted: UInt64
    let activity: RunActivity
    let replicas: [(replica: ReplicaID, spans: [RoleSpan])]

    /// Operations of one finding that are listed at most.
    static let mostSteps = 40
    /// Faults between them that are listed at most.
    static let mostFaults = 12

    /// The findings of one kind, with their numbers on the page.
    private struct Kind {
        let code: String
        var members: [(number: Int, finding: ReportFacts.Finding)]

        var promise: Promise? { FindingCode(rawValue: code)?.promise }
    }

    private var kinds: [Kind] {
        var kinds: [Kind] = []
        for (offset, finding) in findings.enumerated() {
            if let index = kinds.firstIndex(where: { $0.code == finding.code }) {
                kinds[index].members.append((offset + 1, finding))
            } else {
                kinds.append(Kind(code: finding.code, members: [(offset + 1, finding)]))
            }
        }
        return kinds
    }

    func write(to html: inout HTMLText) {
        html.element("section", ["class": "card", "id": "findings"]) { html in
            html.element("h2", "Findings")
            html.element("p", ["class": "lead"], lead)
            writeTable(to: &html)
            if unlisted > 0 {
                html.element(
                    "p", ["class": "lead"],
                    "\(PageWords.counted(unlisted, "further finding")) "
                        + "\(unlisted == 1 ? "is" : "are") not listed here; `analyze` on the record "
                        + "shows all.")
            }
            for kind in kinds {
                guard let first = kind.members.first else { continue }
                write(first.finding, number: first.number, isOpen: true, to: &html)
                let others = kind.members.dropFirst()
                guard !others.isEmpty else { continue }
                html.element("details", ["class": "more"]) { html in
                    html.element("summary", "\(others.count) more of \(kind.code)")
                    for other in others {
                        write(other.finding, number: other.number, isOpen: false, to: &html)
                    }
                }
            }
        }
    }

    private var lead: String {
        findings.isEmpty
            ? "A finding is a broken promise with the operations that cannot all have happened, or "
                + "something that keeps the judge from judging. "
                + none
            : "Each finding names operations that cannot all have happened if the promise were "
                + "kept. The first is the place to begin; later ones of the same kind are often "
                + "its consequences, and stand folded below it."
    }

    /// Only a run that passed was looked at to its end.
    private var none: String {
        verdict == .passed
            ? "This record shows none."
            : "None was found, and nothing follows from that: the run could not be judged to its "
                + "end."
    }

    private func writeTable(to html: inout HTMLText) {
        html.element("div", ["class": "scroll"]) { html in
            html.element("table", ["id": "findings-table"]) { html in
                html.element("thead") { html in
                    html.element("tr") { html in
                        for name in ["Finding", "Broken promise", "First seen"] {
                            html.element("th", ["scope": "col"], name)
                        }
                        html.element("th", ["scope": "col", "class": "number"], "Times")
                    }
                }
                html.element("tbody") { html in
                    if findings.isEmpty {
                        html.element("tr") { html in
                            html.element(
                                "td", ["colspan": "4", "class": "none"],
                                verdict == .passed ? "No broken promise." : "None was found.")
                        }
                    }
                    for kind in kinds { writeRow(kind, to: &html) }
                }
            }
        }
    }

    private func writeRow(_ kind: Kind, to html: inout HTMLText) {
        html.element("tr") { html in
            html.element("th", ["scope": "row"]) { html in
                html.element(
                    "a",
                    ["href": "#finding-\(kind.members[0].number)", "class": "code-name"],
                    kind.code)
            }
            html.element("td", Self.statement(of: kind.promise))
            html.element(
                "td", ["class": "time"],
                when(activity.attempts(of: kind.members[0].finding.events)))
            html.element("td", ["class": "number"], "\(kind.members.count)")
        }
    }

    /// What the testbed itself sees is about the daemons.
    private static func statement(of promise: Promise?) -> String {
        promise?.statement ?? "A daemon serves until somebody stops it."
    }

    /// The first and the last moment of the attempts.
    private func when(_ involved: [Int]) -> String {
        let attempts = involved.map { activity.attempts[$0] }
        guard let from = attempts.map(\.sentAt).min(),
            let to = attempts.map({ $0.endedAt ?? $0.sentAt }).max()
        else { return "–" }
        return "\(PageWords.time(from)) to \(PageWords.time(to))"
    }

    private static func promise(of finding: ReportFacts.Finding) -> Promise? {
        FindingCode(rawValue: finding.code)?.promise
    }

    /// As much of an explanation as tells it from its neighbours.
    private static func beginning(of explanation: String) -> String {
        let line = explanation.prefix { $0 != "\n" }
        guard line.count > 200 else { return String(line) }
        // Not in the middle of a number: it might be one that stands for a letter.
        return String(line.prefix(200).reversed().drop { $0 != " " }.reversed())
            + "…"
    }

    // MARK: - One finding

    private func write(
        _ finding: ReportFacts.Finding, number: Int, isOpen: Bool, to html: inout HTMLText
    ) {
        let involved = activity.attempts(of: finding.events)
        let letters = OperationLetters(involved, of: activity)
        let id = "finding-\(number)"
        let attributes: HTMLText.Attributes =
            isOpen
            ? ["class": "finding", "id": id, "open": ""] : ["class": "finding", "id": id]
        html.element("details", attributes) { html in
            html.element("summary") { html in
                html.write("\(number). ")
                html.element("span", ["class": "code-name"], finding.code)
                html.write(" ")
                html.element("span", ["class": "promise"]) { html in
                    if isOpen, let promise = Self.promise(of: finding) {
                        html.write(
                            (finding.severity == .blocks ? "– breaks" : "– about")
                                + " promise \(promise.number): \(promise.statement)")
                    } else {
                        letters.write(Self.beginning(of: finding.explanation), to: &html)
                    }
                }
            }
            html.element("div", ["class": "body"]) { html in
                html.element("p", ["class": "explanation"]) { html in
                    letters.write(finding.explanation, to: &html)
                }
                html.element("p", ["class": "lead"], Self.standing(of: finding))
                if let promise = Self.promise(of: finding) {
                    html.element("p", ["class": "advice"], promise.advice)
                }
                if !involved.isEmpty {
                    let steps = FindingSteps(activity, involved, letters)
                    steps.write(to: &html)
                    writeTimeline(involved, letters, to: &html)
                }
            }
        }
    }

    /// What follows from it, who decided, and where it stands in the file.
    private static func standing(of finding: ReportFacts.Finding) -> String {
        var parts = [finding.severity.words]
        if let promise = promise(of: finding) { parts.append("promise \(promise.number)") }
        if let stage = finding.stage { parts.append("decided by \(stage.rawValue)") }
        let events = finding.events.prefix(mostSteps).map(\.description).joined(separator: ", ")
        if !events.isEmpty { parts.append("events \(events)") }
        let lines = finding.lines.prefix(mostSteps).map(String.init).joined(separator: ", ")
        if !lines.isEmpty { parts.append("lines \(lines)") }
        return parts.joined(separator: "; ")
    }

    private func writeTimeline(
        _ involved: [Int], _ letters: OperationLetters, to html: inout HTMLText
    ) {
        let drawn = Array(involved.prefix(Self.mostSteps))
        let timeline = ResourceTimeline(activity, replicas, drawn, letters)
        html.element("h4", "On the line of time, by resource")
        Legend.writeTimeline(hasRoles: !replicas.isEmpty, to: &html)
        timeline.write(to: &html)
        if timeline.omitted > 0 {
            html.element(
                "p", ["class": "lead"],
                "\(PageWords.counted(timeline.omitted, "further attempt")) on these resources "
                    + "found no room in the picture.")
        }
    }
}
