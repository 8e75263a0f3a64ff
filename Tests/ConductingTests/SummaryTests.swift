import Conducting
import JSONText
import Matrix
import SystemCalls
import Terminal
import TestSupport
import Testing

@Suite("the summary of a campaign")
struct SummaryTests {
    static let terminal = Terminal(isInteractive: false, hasColour: false, width: 100)

    static func outcome(_ verdict: RunOutcome.Verdict, finding: String? = nil) -> RunOutcome {
        var outcome = RunOutcome(verdict)
        outcome.operations = 2457
        outcome.faults = 3
        outcome.elapsedSeconds = 7.5
        outcome.ambiguities = ["took_effect": 3, "unresolved": 1]
        outcome.availability = 0.9956
        outcome.recoverySeconds = [0.21, 1.47, 0.35]
        outcome.gateObstacles = ["its window is short"]
        outcome.bundle = "bundle-1"
        outcome.findings =
            finding.map {
                [.init(code: "lost-write", explanation: $0)]
            } ?? []
        return outcome
    }

    static func summary(
        _ outcomes: [RunOutcome?], interrupted: Bool = false
    ) -> CampaignSummary {
        let requests = LaneScheduleTests.requests(
            outcomes.indices.map { RunMatrix.all[$0].id })
        let plan = CampaignPlan(
            name: "some", seed: 7, lanes: 2, replicaBinary: "/bin/daemon", requests: requests)
        let rows = zip(requests, outcomes).map { request, outcome in
            CampaignSummary.Row(
                request: request, outcome: outcome,
                attempt: outcome == nil ? nil : "runs/\(request.folderName)/attempt-1",
                report: "report.md")
        }
        return CampaignSummary(
            plan, rows: rows, wasInterrupted: interrupted, toolVersion: "test")
    }

    static let hostile = "a <b> & \"c\" | `d` [e](f) \u{1}\nsecond *line*"

    static let whole = summary([
        outcome(.passed), outcome(.blocked, finding: hostile),
        outcome(.unknown(reason: "too little")), outcome(.interrupted), nil,
    ])

    static let verdicts: [(outcomes: [RunOutcome?], interrupted: Bool, exit: Int32)] = [
        ([outcome(.passed)], false, 0),
        ([outcome(.passed), outcome(.unknown(reason: ""))], false, 2),
        ([outcome(.unknown(reason: "")), outcome(.blocked)], false, 1),
        ([outcome(.passed), nil], false, 2),
        ([outcome(.blocked)], true, 130),
    ]

    @Test("the worst decides the exit status, and what was not carried out has not passed")
    func exitCodes() {
        for row in Self.verdicts {
            #expect(Self.summary(row.outcomes, interrupted: row.interrupted).exitCode == row.exit)
        }
    }

    @Test("only all fifteen runs with their full windows open the gate")
    func gate() {
        var counting = Self.outcome(.passed)
        counting.gateObstacles = []
        let fifteen = [RunOutcome?](repeating: counting, count: 15)
        #expect(Self.summary(fifteen).gateObstacles.isEmpty)
        #expect(Self.summary(fifteen).gateWords.hasPrefix("This is evidence"))
        for worse in [Self.outcome(.passed), nil, Self.outcome(.blocked)] {
            var outcomes = fifteen
            outcomes[4] = worse
            #expect(Self.summary(outcomes).gateObstacles.count == 1)
        }
        let one = Self.summary([counting]).gateObstacles
        #expect(one == ["14 of 15 runs are not part of the campaign"])
    }

    @Test("people, GitHub and build servers read it", arguments: ["txt", "md", "xml", "json"])
    func forms(_ form: String) throws {
        let text =
            switch form {
            case "txt": Self.whole.text(on: Self.terminal, folder: "artifacts/campaign-some-1")
            case "md": Self.whole.markdown
            case "xml": Self.whole.junit
            case _: Self.whole.json.indented
            }
        try Snapshot.expect(text, matches: "summary.\(form)")
    }

    @Test("the XML is XML, and the JSON is JSON, whatever a finding says")
    func wellFormed() throws {
        _ = try JSONText(parsing: Self.whole.json.indented)
        guard Shell.has("python3") else { return }
        try withTemporaryFolder { folder in
            let path = "\(folder)/junit.xml"
            try FileSystem.write(Array(Self.whole.junit.utf8), to: path)
            let script =
                "import sys, xml.dom.minidom as m; d = m.parse(sys.argv[1]); "
                + "print(len(d.getElementsByTagName('testcase')))"
            let result = Shell.run("python3 -c \"\(script)\" '\(path)'")
            #expect(result == Shell.Result(output: "5\n", status: 0))
        }
    }
}
