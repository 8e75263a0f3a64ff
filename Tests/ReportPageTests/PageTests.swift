import Checking
import History
import JSONText
import PageAssets
import SystemCalls
import TestSupport
import Testing

@testable import Reporting

@Suite("the report page")
struct PageTests {
    @Test("equal inputs give equal bytes, also after a way through the manifest")
    func deterministic() throws {
        let record = SampleRun.small(isBroken: true).record
        let page = ReportPage(judging: record)
        #expect(try page.bytes() == ReportPage(judging: record).bytes())
        let members = [JSONText.Member("run_id", .string(page.facts.runID))]
        let manifest = JSONText.object(members + page.facts.conclusions)
        let again = try #require(ReportFacts(manifest: try JSONText(parsing: manifest.indented)))
        #expect(again.findings == page.facts.findings)
        #expect(again.statistics == page.facts.statistics)
        #expect(again.verdict == .blocked)
    }

    @Test("a bundle's page is written again as it was, and a changed one is noticed")
    func rewritten() throws {
        try withTemporaryFolder { root in
            let record = Path.join(root, "history.record")
            let header = SampleRun.small(isBroken: true).header
            let recorder = try Recorder(creating: record, header: header)
            let number = try recorder.invoke(
                .createResource(ResourceID(1)), id: OperationID(1), slot: Slot(1),
                endpoint: ReplicaID(1), by: ProcessID(1))
            try recorder.complete(
                number, .committed(LSN(1), .empty, fromRetryCache: false), by: ProcessID(1))
            try recorder.finish()
            var writer = try BundleWriter(outputRoot: root, runID: header.runID)
            try writer.add("history.record", copyOf: record)
            let facts = ReportPage(judging: try RunRecord(contentsOf: record)).facts
            let members: [JSONText.Member] =
                [.init("run_id", .string(header.runID)), .init("seed", .number(7))]
                + facts.conclusions
            let known = try #require(ReportFacts(manifest: .object(members)))
            try writer.add(
                ReportPage(facts: known, record: try RunRecord(contentsOf: record)))
            try writer.finish(members)
            let folder = writer.folder
            let path = Path.join(folder, ReportPage.fileName)
            let first = try FileSystem.read(path, limit: 1 << 24)
            let manifest = try FileSystem.read(Path.join(folder, "manifest.json"), limit: 1 << 20)

            try BundleReport.write(try BundleReport.page(of: folder), into: folder)
            #expect(try FileSystem.read(path, limit: 1 << 24) == first)
            #expect(
                try FileSystem.read(Path.join(folder, "manifest.json"), limit: 1 << 20) == manifest)

            try FileSystem.write(Array("another".utf8), to: path)
            #expect(BundleVerification.problems(of: folder).count == 1)
            var page = try BundleReport.page(of: folder)
            page.facts.remarks.append("written by another version")
            try BundleReport.write(page, into: folder)
            #expect(BundleVerification.problems(of: folder) == [])
        }
    }

    @Test("a bundle that was never completed is judged, and says so; a folder without one is none")
    func incomplete() throws {
        try withTemporaryFolder { root in
            #expect(throws: BundleReport.Failure.self) { try BundleReport.page(of: root) }
            let recorder = try Recorder(
                creating: Path.join(root, "history.record"),
                header: SampleRun.small(isBroken: true).header)
            try recorder.flush()
            let page = try BundleReport.page(of: root)
            #expect(page.facts.verdict == .unknown)
            #expect(page.facts.remarks.contains { $0.contains("never completed") })
        }
    }

    @Test("what cannot be read is a page that says unknown, and why")
    func unreadable() throws {
        let page = ReportPage(judging: "/nonexistent/history.record")
        #expect(page.facts.verdict == .unknown)
        let text = String(decoding: try page.bytes(), as: UTF8.self)
        #expect(text.contains("? Unknown"))
        #expect(text.contains("No such file"))
        // Nothing may look as if it had been looked at.
        #expect(!text.contains("No broken promise."))
        #expect(!text.contains("This record shows none"))
        #expect(!text.contains("<dt>Attempts</dt>"))
        #expect(text.contains("There is no record"))
    }

    @Test("observations are read back as they were written; other lines are errors")
    func observations() throws {
        let observations = [
            ReplicaObservation(
                time: RunInstant(1), replica: ReplicaID(1), role: "primary", view: 3,
                commitLSN: LSN(9)),
            ReplicaObservation(time: RunInstant(2), replica: ReplicaID(2), role: "down"),
        ]
        let text = ReplicaObservations.text(observations)
        #expect(try ReplicaObservations.parse(text) == observations)
        for bad in [
            "", "version=2\n", text + "x\n",
            text + "time_nanos=1 replica=1 role= view=1 "
                + "commit_lsn=none\n",
            text + "time_nanos=-1 replica=1 role=a view=1 commit_lsn=1\n",
        ] {
            #expect(throws: ReplicaObservations.Malformed.self, "\(bad)") {
                try ReplicaObservations.parse(bad)
            }
        }
        let spans = RoleSpan.spans(of: observations, until: RunInstant(10))
        #expect(spans.map(\.replica) == [ReplicaID(1), ReplicaID(2)])
        #expect(spans[0].spans.map(\.label) == ["primary, view 3"])
    }

    @Test("quantiles are those of all, points keep what must not be missed")
    func sampling() throws {
        #expect(TimeSlices.quantile([], percent: 50) == nil)
        let hundred = (1...100).map { UInt32($0) }
        #expect(TimeSlices.quantile(hundred, percent: 50) == 50)
        #expect(TimeSlices.quantile(hundred, percent: 99) == 99)
        #expect(TimeSlices.quantile(hundred, percent: 100) == 100)
        #expect(TimeSlices.quantile([7], percent: 50) == 7)

        let activity = RunActivity(SampleRun.long(attempts: 40_000).record)
        let slices = TimeSlices(activity)
        #expect(slices.count <= TimeSlices.most + 1)
        let counted = slices.groups[0].counts.flatMap { $0 }.reduce(0, +)
        #expect(counted == 40_000)
        let points = LatencyPoints(activity, slices)
        #expect(points.all == 40_000)
        #expect(points.chosen.count < 2 * LatencyPoints.budget)
        #expect(points.chosen == points.chosen.sorted())
        let chosen = Set(points.chosen)
        let slowest = try #require(
            activity.attempts.indices.max {
                (activity.attempts[$0].latency ?? 0) < (activity.attempts[$1].latency ?? 0)
            })
        #expect(chosen.contains(slowest))
        for index in activity.attempts.indices where activity.attempts[index].look == .ambiguous {
            #expect(chosen.contains(index))
        }
        #expect(points.rule.contains("Of 40000 attempts"))
    }

    @Test("a broken scale shows every interval, in order, inside its room")
    func scale() {
        let millisecond: UInt64 = 1_000_000
        let intervals = [
            3 * millisecond...4 * millisecond, 5 * millisecond...6 * millisecond,
            60_000 * millisecond...60_001 * millisecond,
        ]
        let scale = BrokenTimeScale(
            showing: intervals, within: 61_000 * millisecond, from: 100, to: 1000)
        #expect(scale.segments.count == 2)
        #expect(scale.segments.first?.left == 100)
        #expect(abs((scale.segments.last?.right ?? 0) - 1000) < 0.001)
        var last = 0.0
        for interval in intervals {
            let pieces = scale.pieces(from: interval.lowerBound, to: interval.upperBound)
            #expect(pieces.count == 1)
            #expect(pieces[0].left > last)
            last = pieces[0].right
        }
        for segment in scale.segments {
            let (times, step) = scale.ticks(of: segment)
            #expect((1...12).contains(times.count), "\(times)")
            #expect(Set(times.map { BrokenTimeScale.label($0, step: step) }).count == times.count)
        }
    }

    @Test("numbers read well")
    func words() {
        #expect(PageWords.count(1_234_567) == "1\u{2009}234\u{2009}567")
        #expect(PageWords.count(999) == "999")
        #expect(PageWords.duration(nanoseconds: 950_000) == "950 µs")
        #expect(PageWords.duration(nanoseconds: 12_340_000) == "12.34 ms")
        #expect(PageWords.duration(nanoseconds: 340_000_000) == "340 ms")
        #expect(PageWords.duration(nanoseconds: 1_800_000_000) == "1.80 s")
        #expect(PageWords.time(RunInstant(1_845_216_000)) == "1.8452 s")
        #expect(
            PageWords.wallClock(nanoseconds: 1_764_000_000_123_456_789) == "2025-11-24T16:00:00Z")
    }

    /// The digests in Sources/CLibraries/CPageAssets/vendor/README.md.
    @Test("the plotting library is that of the wheel")
    func vendored() throws {
        let digests: [(PageAsset, String)] = [
            (.plotScript, "655bc8aa33781e8721c5af6b59f1699c03c9bda951aa74a6ab518ac20cc4326d"),
            (.plotStyle, "3f121cd4a997b634e07a887658850018e475c26f0bddd874109a8d382c19de87"),
        ]
        for (asset, digest) in digests {
            #expect(try BundleDigest.of(asset.bytes) == digest, "\(asset)")
        }
        #expect(PageAsset.plotLicence.text.hasPrefix("The MIT License"))
        #expect(PageAsset.allCases.allSatisfy { !$0.bytes.isEmpty })
    }
}
