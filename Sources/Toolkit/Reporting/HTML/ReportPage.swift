import Checking
public import Digests
public import History
import JSONText
import PageAssets

/// The report of one run as a page of HTML that needs nothing but itself: no network, no other
/// file. The first thing on it is the verdict. Equal inputs give equal bytes.
///
/// Everything that was recorded is shown as text, and only the page's own scripts may run: their
/// digests stand in its content security policy.
public struct ReportPage: Sendable {
    public static let fileName = "report.html"

    public var facts: ReportFacts
    /// Nil when there is none, or only a text of version 1, which tells no times of sending.
    public var record: RunRecord?
    public var observations: [ReplicaObservation]
    /// The schedule of faults as it was planned.
    public var schedule: String?

    public init(
        facts: ReportFacts, record: RunRecord?, observations: [ReplicaObservation] = [],
        schedule: String? = nil
    ) {
        self.facts = facts
        self.record = record
        self.observations = observations
        self.schedule = schedule
    }

    /// The page's bytes, in UTF-8. Throws when there is no SHA-256 for its policy.
    public func bytes() throws(SHA256.Unavailable) -> [UInt8] {
        Array(try text().utf8)
    }

    func text() throws(SHA256.Unavailable) -> String {
        let activity = RunActivity(record)
        let slices = TimeSlices(activity)
        let points = LatencyPoints(activity, slices)
        let replicas = RoleSpan.spans(of: observations, until: activity.end)
        let data = ChartData(
            activity: activity, slices: slices, points: points, replicas: replicas)
        let policy = try ContentPolicy.text()
        var html = HTMLText()
        html.markup("<!DOCTYPE html>\n")
        html.element("html", ["lang": "en"]) { html in
            writeHead(policy, to: &html)
            html.element("body") { html in
                html.element("a", ["class": "skip", "href": "#findings"], "To the findings")
                VerdictBanner(facts: facts, hasRecord: record != nil, activity: activity).write(
                    to: &html)
                writeNavigation(hasCharts: !activity.attempts.isEmpty, to: &html)
                html.element("main") { html in
                    FindingsSection(
                        verdict: facts.verdict, findings: facts.findings,
                        unlisted: facts.unlistedFindings,
                        activity: activity, replicas: replicas
                    ).write(to: &html)
                    writeRemarks(to: &html)
                    if !activity.attempts.isEmpty {
                        ChartsSection(
                            slices: slices, points: points, hasReplicas: !replicas.isEmpty
                        ).write(to: &html)
                        writeOutcomes(slices, to: &html)
                        AmbiguitySection(activity).write(to: &html)
                    }
                    FaultsSection(
                        hasRecord: record != nil, activity: activity, schedule: schedule
                    ).write(to: &html)
                    writeAgain(to: &html)
                }
                writeFooter(to: &html)
                html.element("script", ["type": "application/json", "id": "report-data"]) {
                    $0.data(data.json.compact)
                }
                html.element("script") { $0.asset(.plotScript) }
                html.element("script") { $0.asset(.pageScript) }
            }
        }
        html.markup("\n")
        return html.text
    }

    private func writeHead(_ policy: String, to html: inout HTMLText) {
        html.element("head") { html in
            html.open("meta", ["charset": "utf-8"])
            html.open("meta", ["http-equiv": "Content-Security-Policy", "content": policy])
            html.open(
                "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
            html.open("meta", ["name": "color-scheme", "content": "light dark"])
            html.element("title", "\(facts.runID): \(facts.verdict.rawValue)")
            html.element("style") { $0.asset(.plotStyle) }
            html.element("style") { $0.asset(.pageStyle) }
        }
    }

    private func writeNavigation(hasCharts: Bool, to html: inout HTMLText) {
        let charts = [("time", "Over time"), ("outcome", "Outcomes"), ("ambiguity", "Ambiguity")]
        let places =
            [("findings", "Findings")] + (hasCharts ? charts : [])
            + [("faults", "Faults"), ("again", "Run it again")]
        html.element("nav", ["class": "sections", "aria-label": "Sections"]) { html in
            html.element("ul") { html in
                for (id, words) in places {
                    html.element("li") { $0.element("a", ["href": "#\(id)"], words) }
                }
            }
        }
    }

    private func writeRemarks(to html: inout HTMLText) {
        guard !facts.remarks.isEmpty else { return }
        html.element("section", ["class": "card", "id": "remarks"]) { html in
            html.element("h2", "Remarks")
            html.element("p", ["class": "lead"], "What decides nothing but should be known.")
            html.element("ul", ["class": "remarks"]) { html in
                for remark in facts.remarks { html.element("li", remark) }
            }
        }
    }

    private func writeOutcomes(_ slices: TimeSlices, to html: inout HTMLText) {
        html.element("section", ["class": "card", "id": "outcome"]) { html in
            html.element("h2", "Outcomes")
            OutcomeTable(slices: slices).write(to: &html)
            guard let statistics = facts.statistics else { return }
            html.element("h4", "What the judge made of it")
            html.element("dl", ["class": "numbers"]) { html in
                for field in StatisticField.all {
                    html.element("div") { html in
                        html.element("dt", field.words)
                        html.element("dd", PageWords.count(statistics[keyPath: field.path]))
                    }
                }
            }
            guard !statistics.sights.isEmpty else { return }
            html.element("h4", "What the record shows of what the workload exists for")
            html.element("dl", ["class": "numbers"]) { html in
                for sight in CoverageSight.allCases {
                    guard let count = statistics.sights[sight] else { continue }
                    html.element("div") { html in
                        html.element("dt", sight.words)
                        html.element("dd", PageWords.count(count))
                    }
                }
            }
        }
    }

    private func writeAgain(to html: inout HTMLText) {
        html.element("section", ["class": "card", "id": "again"]) { html in
            html.element("h2", "Run it again")
            if let command = facts.reproduction {
                html.element(
                    "p", ["class": "lead"],
                    "The seed fixes what each client intends and which faults are planned; what "
                        + "happens also depends on timing.")
                html.element("pre", ["id": "command"], command)
                html.element("button", ["type": "button", "data-copy": "command"], "Copy")
            }
            html.element("h4", "Circumstances")
            html.element("dl", ["class": "facts"]) { html in
                if let header = record?.header {
                    html.element("dt", "started")
                    html.element("dd", PageWords.wallClock(nanoseconds: header.startedAt))
                }
                for circumstance in facts.circumstances {
                    html.element("dt", circumstance.name)
                    html.element("dd", circumstance.value)
                }
            }
        }
    }

    private func writeFooter(to html: inout HTMLText) {
        html.element("footer") { html in
            html.element(
                "p",
                "Written by allocdb-jepsen from the record beside this page. Blocked means broken; "
                    + "passed means that this record shows no broken promise; unknown is neither. "
                    + "Charts by uPlot.")
            html.element("details", ["class": "more"]) { html in
                html.element("summary", "Licence of uPlot")
                html.element("pre") { html in html.write(PageAsset.plotLicence.text) }
            }
        }
    }
}
