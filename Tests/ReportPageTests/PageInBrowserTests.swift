import Checking
import History
import JSONText
import Reporting
import SystemCalls
import TestSupport
import Testing

/// Pages as a browser shows them. One browser at a time: it needs the machine.
@Suite("the report page in Chromium", .serialized)
struct PageInBrowserTests {
    /// Set to keep the pages and pictures in a folder, to look at them.
    static let keepVariable = "REPORT_PICTURES"

    private static func withBrowser(_ body: (Browser, String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let browser = try Browser(in: folder)
            defer { browser.close() }
            try body(browser, folder)
        }
    }

    private static func write(_ page: ReportPage, _ name: String, _ folder: String) throws -> String
    {
        let path = Path.join(folder, name + ".html")
        try FileSystem.write(try page.bytes(), to: path)
        return path
    }

    /// Opens the page in both themes, takes a picture of each, and expects no complaint.
    private static func show(_ path: String, _ name: String, in browser: Browser) throws -> Duration
    {
        var longest = Duration.zero
        var backgrounds: Set<String> = []
        for theme in [Browser.Theme.light, .dark] {
            try browser.use(theme)
            longest = max(longest, try browser.open(path))
            let picture = try browser.screenshot()
            #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]), "\(name)")
            #expect(picture.count > 20_000, "\(name): \(picture.count) bytes")
            backgrounds.insert(
                try browser.evaluate("getComputedStyle(document.body).backgroundColor").string ?? ""
            )
            if let keep = Environment.all[keepVariable] {
                try FileSystem.write(
                    picture, to: Path.join(keep, "\(name)-\(theme.rawValue).png"))
                try FileSystem.write(
                    try FileSystem.read(path, limit: 64 << 20), to: Path.join(keep, "\(name).html"))
            }
        }
        #expect(browser.complaints == [], "\(name)")
        #expect(backgrounds.count == 2, "light and dark look alike: \(backgrounds)")
        return longest
    }

    private static let observations = [
        ReplicaObservation(
            time: RunInstant(1_000_000), replica: ReplicaID(1), role: "primary", view: 1),
        ReplicaObservation(
            time: RunInstant(1_000_000), replica: ReplicaID(2), role: "backup", view: 1),
        ReplicaObservation(time: RunInstant(3_100_000_000), replica: ReplicaID(1), role: "down"),
        ReplicaObservation(
            time: RunInstant(4_000_000_000), replica: ReplicaID(2), role: "primary", view: 2),
    ]

    @Test("a passing run: the verdict comes first, the findings table says none")
    func passing() throws {
        try Self.withBrowser { browser, folder in
            var page = ReportPage(judging: SampleRun.small(isBroken: false).record)
            page.observations = Self.observations
            #expect(page.facts.verdict == .passed, "\(page.facts)")
            let path = try Self.write(page, "passing", folder)
            _ = try Self.show(path, "passing", in: browser)
            let first = try browser.evaluate("document.querySelector('h1').textContent").string
            #expect(first == "✓ Passed")
            let table = try browser.evaluate(
                "document.querySelector('#findings-table tbody').textContent"
            ).string
            #expect(table == "No broken promise.")
            let charts = try browser.evaluate("document.querySelectorAll('.chart canvas').length")
            #expect(charts.integer() == 3)
            #expect(try browser.pdf().starts(with: Array("%PDF".utf8)))
            #expect(browser.complaints == [])
        }
    }

    @Test("a blocked run: its operations stand in order, in words and on a line of time")
    func blocked() throws {
        try Self.withBrowser { browser, folder in
            var page = ReportPage(judging: SampleRun.small(isBroken: true).record)
            page.observations = Self.observations
            page.schedule = "version=1 seed=7\n"
            #expect(page.facts.verdict == .blocked, "\(page.facts)")
            let path = try Self.write(page, "blocked", folder)
            _ = try Self.show(path, "blocked", in: browser)
            let row = try browser.evaluate(
                "document.querySelector('#findings-table tbody tr').textContent"
            ).string
            #expect(row?.hasPrefix("double-allocation") == true, "\(row ?? "no row")")
            let finding = "document.querySelector('#finding-1')"
            let letters = try browser.evaluate(
                "[...\(finding).querySelectorAll('tbody .op')].map(o => o.textContent).join(' ')"
            ).string
            // Retries share their command's letter.
            #expect(letters == "A B B" || letters == "A B", "\(letters ?? "")")
            #expect(
                try browser.evaluate("\(finding).querySelectorAll('tr.fault').length").integer()
                    == 2)
            #expect(
                try browser.evaluate("\(finding).querySelectorAll('.bar.involved').length")
                    .integer(Int.self) ?? 0 >= 2)
            try Self.checkKeyboard(browser)
            #expect(browser.complaints == [])
        }
    }

    private static func checkKeyboard(_ browser: Browser) throws {
        try browser.press("Tab")
        let focused = "document.activeElement"
        #expect(try browser.evaluate("\(focused).className").string == "skip")
        var reached: Set<String> = []
        for _ in 0..<40 {
            try browser.press("Tab")
            reached.insert(try browser.evaluate("\(focused).id").string ?? "")
        }
        for id in ["operations", "zoom-in", "latency-chart", "split", "throughput-chart"] {
            #expect(reached.contains(id), "\(id) is not among \(reached)")
        }
        let range = "document.getElementById('range').textContent"
        let whole = try browser.evaluate(range)
        try browser.evaluate("document.getElementById('latency-chart').focus()")
        try browser.press("+", text: "+")
        #expect(try browser.evaluate(range) != whole)
        try browser.press("0", text: "0")
        #expect(try browser.evaluate(range) == whole)
        try browser.evaluate("document.querySelector('button[data-outcome=refused]').click()")
        #expect(
            try browser.evaluate(
                "document.querySelector('button[data-outcome=refused]')"
                    + ".getAttribute('aria-pressed')"
            ).string == "false")
    }

    @Test("a run of 200,000 operations: a small file that is soon usable")
    func long() throws {
        try Self.withBrowser { browser, folder in
            let run = SampleRun.long(attempts: 200_000)
            var facts = ReportFacts(runID: run.header.runID, verdict: .blocked)
            facts.findings = [
                .init(
                    code: "lost-write", explanation: "A sample of a finding.",
                    events: [Sequence(2), Sequence(300_000)])
            ]
            let began = Instant.now
            let path = try Self.write(ReportPage(facts: facts, record: run.record), "long", folder)
            let written = Instant.now - began
            let bytes = try FileSystem.facts(path)?.size ?? 0
            let ready = try Self.show(path, "long", in: browser)
            let drawn = try browser.evaluate("document.documentElement.dataset.drawnMillis").string
            print(
                "200,000 operations: \(bytes) bytes written in \(written), ready after \(ready), "
                    + "of which the script took \(drawn ?? "?") ms")
            #expect(bytes < 15_000_000)
            // Two seconds on an idle machine; this one may be busy.
            #expect(ready < .seconds(20))
        }
    }

    @Test("what was recorded stays text: nothing of it runs, nothing of it becomes markup")
    func hostile() throws {
        let payload =
            "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
            + "<!--<script> ' \" & ]]> \u{202E}\u{0}\u{2028}"
        try Self.withBrowser { browser, folder in
            var run = SampleRun.small(isBroken: false)
            run.header.runID = payload
            run.header.workload = payload
            run.fault(payload, detail: payload, lasting: .seconds(1))
            run.add(.note(payload))
            var facts = ReportFacts(runID: payload, verdict: .unknown, reason: payload)
            facts.findings = [.init(code: payload, explanation: payload, events: [Sequence(3)])]
            facts.remarks = [payload]
            facts.reproduction = payload
            facts.circumstances = [.init(payload, payload)]
            var page = ReportPage(facts: facts, record: run.record)
            page.schedule = payload
            page.observations = [
                ReplicaObservation(time: RunInstant(1), replica: ReplicaID(1), role: payload)
            ]
            let path = try Self.write(page, "hostile", folder)
            _ = try browser.open(path)
            #expect(browser.complaints == [])
            #expect(try browser.evaluate("document.title").string?.hasPrefix("</script>") == true)
            #expect(try browser.evaluate("document.images.length").integer() == 0)
            #expect(try browser.evaluate("document.scripts.length").integer() == 3)
            #expect(
                try browser.evaluate("document.getElementById('command').textContent").string?
                    .hasPrefix("</script><script>") == true)
            // Even what stood in the page as markup could not run.
            try browser.evaluate(
                "{const s = document.createElement('script'); s.textContent = "
                    + "'document.title = \"owned\"'; document.body.append(s);}")
            #expect(try browser.evaluate("document.title").string != "owned")
            #expect(browser.complaints.count { $0.contains("Content Security Policy") } > 0)
        }
    }
}
