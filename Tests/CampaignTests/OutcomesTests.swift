import History
import Testing

@testable import Campaign
@testable import Checking

@Suite struct OutcomesTests {
    static func judgement(_ verdict: Judgement.Verdict, _ findings: [Checking.Finding] = [])
        -> Judgement
    {
        Judgement(verdict: verdict, findings: findings, statistics: JudgementStatistics())
    }

    static let lost = Checking.Finding(.lostWrite, stage: .witness, events: [], explanation: "x")
    static let exited = RunResult.Finding(code: "daemon-exited", explanation: "y")

    static func result(
        _ judgement: Judgement?, failure: RunFailure? = nil,
        observed: [RunResult.Finding] = [], interrupted: Bool = false
    ) -> RunResult {
        let options = RunOptions(runID: "r", replicaBinary: "b", seed: 1, toolVersion: "0")
        if interrupted { options.interruption.request() }
        return Outcomes.result(
            options: options, failure: failure, observed: observed, judgement: judgement)
    }

    @Test("the strongest ending wins")
    func strongest() {
        let clean = Self.judgement(.passed)
        let broken = Self.judgement(.blocked, [Self.lost])
        #expect(Self.result(clean).verdict == .passed)
        #expect(Self.result(clean).exitCode == 0)
        #expect(Self.result(broken).verdict == .blocked)
        #expect(Self.result(broken).exitCode == 1)
        // A violation found before an infrastructure failure stays a violation.
        #expect(Self.result(broken, failure: .testbed("z")).verdict == .blocked)
        #expect(Self.result(clean, observed: [Self.exited]).verdict == .blocked)
        #expect(Self.result(nil, failure: .testbed("z"), observed: [Self.exited]).exitCode == 1)
        // Without one, a failure is never a pass.
        #expect(Self.result(clean, failure: .testbed("z")).verdict == .unknown(reason: "z"))
        #expect(Self.result(clean, failure: .testbed("z")).exitCode == 2)
        #expect(Self.result(nil).exitCode == 2)
        #expect(Self.result(Self.judgement(.unknown("thin"))).verdict == .unknown(reason: "thin"))
    }

    @Test("an interrupted run says so in its exit code and keeps its findings")
    func interrupted() {
        let quiet = Self.result(
            Self.judgement(.passed), failure: .interrupted, interrupted: true)
        #expect(quiet.verdict == .interrupted)
        #expect(quiet.exitCode == 130)
        let broken = Self.result(
            Self.judgement(.blocked, [Self.lost]), failure: .interrupted, interrupted: true)
        #expect(broken.verdict == .blocked)
        #expect(broken.findings.map(\.code) == ["lost-write"])
        #expect(broken.exitCode == 130)
    }

    @Test("what does not block is a remark")
    func remarks() {
        let note = Checking.Finding(
            .unresolvedAmbiguity, severity: .note, stage: .scan, events: [], explanation: "n")
        let result = Self.result(Self.judgement(.passed, [note]))
        #expect(result.verdict == .passed)
        #expect(result.remarks == ["unresolved-ambiguity: n"])
    }

    @Test(
        "options that make no sense are refused before anything is made",
        arguments: [
            ("nonsense", "/bin/true", 5, 1.0), ("lease_safety-partition-heal", "/bin/true", 5, 1.0),
            ("reservation_contention-control", "/nonexistent", 5, 1.0),
            ("reservation_contention-control", "/bin/true", 0, 1.0),
            ("reservation_contention-control", "/bin/true", 5, 0.0),
        ])
    func usage(id: String, binary: String, concurrency: Int, rate: Double) {
        let options = RunOptions(
            runID: id, replicaBinary: binary, concurrency: concurrency, rate: rate, seed: 1,
            outputRoot: "/nonexistent/never", toolVersion: "0")
        #expect(throws: Campaign.UsageError.self) {
            _ = try Campaign.run(options) { _ in }
        }
    }

    @Test("the command that reproduces a run survives a shell")
    func quoting() {
        #expect(RunReport.quoted("plain-1.txt") == "plain-1.txt")
        #expect(RunReport.quoted("it's a") == "'it'\\''s a'")
        #expect(RunReport.quoted("") == "''")
    }
}
