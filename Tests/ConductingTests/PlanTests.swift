import Conducting
import JSONText
import Matrix
import Testing

@Suite("a campaign's plan")
struct PlanTests {
    static func matrix(_ runs: [MatrixRun]) -> MatrixFile {
        MatrixFile(name: "some", description: "", runs: runs)
    }

    static func plan(
        _ matrix: MatrixFile, _ settings: CampaignPlan.Settings = .init(), seed: UInt64 = 7
    ) -> CampaignPlan {
        CampaignPlan(
            matrix, settings: settings, seed: seed, lanes: 2, replicaBinary: "/bin/daemon",
            usualRate: 400, usualConcurrency: 5)
    }

    @Test("the command line wins over the matrix, the matrix over what is usual")
    func precedence() {
        var run = MatrixRun(runID: "lease_safety-crash-restart")
        run.window = 20
        run.rate = 100
        run.testbed = "namespaces"
        let control = MatrixRun(runID: "lease_safety-control")
        var settings = CampaignPlan.Settings()
        settings.rate = 50
        settings.windowInsteadOfMinimum = 9
        let requests = Self.plan(Self.matrix([run, control]), settings).requests
        #expect(requests.map(\.window) == [20, nil])
        #expect(requests.map(\.rate) == [50, 50])
        #expect(requests.map(\.testbed) == ["namespaces", "local"])
        #expect(requests.map(\.concurrency) == [5, 5])
        run.window = nil
        #expect(Self.plan(Self.matrix([run]), settings).requests[0].window == 9)
        settings.window = 30
        #expect(
            Self.plan(Self.matrix([run, control]), settings).requests.map(\.window) == [30, 30])
    }

    @Test("seeds follow from the campaign's, one per run, whatever stands around it")
    func seeds() {
        var twice = MatrixRun(runID: "lease_safety-control")
        twice.repeats = 2
        let other = MatrixRun(runID: "lease_safety-crash-restart")
        let first = Self.plan(Self.matrix([twice, other])).requests
        let second = Self.plan(Self.matrix([other, twice])).requests
        #expect(Set(first.map(\.seed)).count == 3)
        #expect(first.map(\.seed) == [second[1].seed, second[2].seed, second[0].seed])
        #expect(first[0].seed == CampaignPlan.derivedSeed(7, "lease_safety-control", 0))
        // Bundles of earlier versions shall be repeatable for ever.
        #expect(CampaignPlan.derivedSeed(5, "reservation_contention-control", 0) == 3_988_657_850)
        #expect(
            Self.plan(Self.matrix([other]), seed: 8).requests[0].seed != second[0].seed)
        twice.seeds = [1, 2, 3]
        #expect(Self.plan(Self.matrix([twice])).requests.map(\.seed) == [1, 2, 3])
    }

    @Test("what is written is read again, and nothing less is a plan")
    func roundTrip() throws {
        var run = MatrixRun(runID: "lease_safety-crash-restart")
        run.faults = ["crash", "pause"]
        run.style = "scripted"
        run.window = 20
        let plan = Self.plan(Self.matrix([run, MatrixRun(runID: "lease_safety-control")]))
        #expect(CampaignPlan(try JSONText(parsing: plan.json.indented)) == plan)
        #expect(CampaignPlan(.object([:])) == nil)
        guard case .object(var members) = plan.json else { return }
        members.removeAll { $0.name == "seed" }
        #expect(CampaignPlan(.object(members)) == nil)
    }

    @Test("an outcome is written and read again")
    func outcome() throws {
        var outcome = RunOutcome(.unknown(reason: "nobody \"knows\""))
        outcome.findings = [.init(code: "lost-write", explanation: "line\nbreak")]
        outcome.remarks = ["a"]
        outcome.operations = 12
        outcome.ambiguous = 3
        outcome.faults = 2
        outcome.elapsedSeconds = 1.5
        outcome.gateObstacles = ["short"]
        outcome.ambiguities = [
            "took_effect": 1, "by_retry": 0, "refused": 0, "unresolved": 1,
        ]
        outcome.availability = 0.25
        outcome.recoverySeconds = [0.5, 0.1]
        outcome.bundle = "b"
        #expect(RunOutcome(try JSONText(parsing: outcome.json.compact)) == outcome)
        #expect(RunOutcome(.object([:])) == nil)
        #expect(RunOutcome(.interrupted).isFinished == false)
    }
}
