import Conducting
import History
import JSONText
import SystemCalls
import TestSupport
import Testbed
import Testing

/// Whole campaigns of the real tool. One after the other: each needs the machine's two cores.
@Suite("campaigns", .serialized) struct CampaignFlowTests {
    static let ids = [
        "reservation_contention-control", "reservation_contention-crash-restart",
        "reservation_contention-control", "reservation_contention-crash-restart",
    ]

    static func begin(_ tool: Tool) throws -> ChildProcess {
        try tool.start(
            ["run"] + ids + [
                "--lanes", "2", "--fault-window", "4", "--rate", "100", "--seed", "11",
                "--replica-binary", try builtExecutable("allocdb-local-cluster"),
                "--output-root", tool.output,
            ])
    }

    /// The campaign once the control runs have ended and one with faults has a record.
    static func waitForMiddle(_ tool: Tool) throws -> (CampaignFolder, CampaignPlan) {
        try #require(try Tool.wait { tool.campaign != nil }, "\(tool.log)")
        let folder = try #require(tool.campaign)
        let plan = try folder.plan()
        let isMiddle = try Tool.wait {
            folder.outcome(of: plan.requests[0]) != nil
                && folder.outcome(of: plan.requests[2]) != nil
                && record(of: plan.requests[1], in: folder) != nil
        }
        try #require(isMiddle, "\(tool.log)")
        return (folder, plan)
    }

    static func record(of request: RunRequest, in folder: CampaignFolder) -> RunRecord? {
        for attempt in folder.attempts(of: request) {
            for name in (try? FileSystem.list(attempt)) ?? [] {
                let path = Path.join(attempt, name) + "/history.record"
                if let record = try? RunRecord(contentsOf: path), record.events.count > 50 {
                    return record
                }
            }
        }
        return nil
    }

    /// Everything passed, what had ended was not repeated, and nothing is left.
    static func checkResumed(
        _ tool: Tool, _ folder: CampaignFolder, _ plan: CampaignPlan, finished: Set<Int>
    ) throws {
        let resumed = try tool.run(["run", "--resume", folder.path, "--quiet"])
        #expect(resumed.status == .exited(code: 0), "\(resumed.errorText)\(resumed.outputText)")
        for request in plan.requests {
            let outcome = folder.outcome(of: request)?.outcome
            #expect(outcome?.verdict == .passed, "\(request.runID): \(outcome as Any)")
            let attempts = folder.attempts(of: request)
            if finished.contains(request.number) { #expect(attempts.count == 1, "\(attempts)") }
        }
        #expect(folder.attempts(of: plan.requests[1]).count == 2)
        let summary = try Tool.json(Path.join(folder.path, "campaign.json"))
        #expect(summary["verdict"].string == "passed")
        #expect(summary["runs"].elements.count == 4)
        #expect(tool.processes == [])
        let registry = ResidueRegistry(folder: Path.join(tool.root, "allocdb-jepsen-residue"))
        #expect(registry.clean() == [])

        // A campaign that is through has nothing left to do, and says the same again.
        let again = try tool.run(["run", "--resume", folder.path, "--quiet"])
        #expect(again.status == .exited(code: 0))
        #expect(again.outputText == resumed.outputText)
    }

    @Test(
        "a campaign whose tool is killed outright goes on where it was, and repeats nothing",
        arguments: [false, true])
    func killed(withWorkers: Bool) throws {
        try withTemporaryFolder { root in
            let tool = Tool(root: root)
            let process = try Self.begin(tool)
            let (folder, plan) = try Self.waitForMiddle(tool)
            let workers = tool.processes.filter {
                (try? FileSystem.read("/proc/\($0)/cmdline", limit: 1 << 20)).map {
                    String(decoding: $0, as: UTF8.self).contains("carry-out")
                } == true
            }
            #expect(!workers.isEmpty)
            #expect(try process.killAndWait() == .signaled(number: Signals.kill))
            if withWorkers {
                // Their daemons live on, and are found by the next start.
                for worker in workers { try Processes.signal(worker, Signals.kill) }
            }
            let finished = Set(
                plan.requests.filter { folder.outcome(of: $0)?.outcome.isFinished == true }
                    .map(\.number))
            #expect(finished.isSuperset(of: [1, 3]) && !finished.contains(2), "\(finished)")
            try Self.checkResumed(tool, folder, plan, finished: finished)
            if !withWorkers {
                // The worker saw its tool go, ended its run and left what it had.
                let first = folder.attempts(of: plan.requests[1])[0]
                #expect(CampaignFolder.outcome(in: first)?.wasInterrupted == true)
            }
        }
    }

    @Test("an interrupted campaign bundles what there is, says so, and can go on")
    func interrupted() throws {
        try withTemporaryFolder { root in
            let tool = Tool(root: root)
            let process = try Self.begin(tool)
            let (folder, plan) = try Self.waitForMiddle(tool)
            try process.signal(Signals.interrupt)
            let status = try process.wait(until: .after(.seconds(180)))
            #expect(status == .exited(code: 130), "\(tool.log)")
            let summary = try Tool.json(Path.join(folder.path, "campaign.json"))
            #expect(summary["verdict"].string == "interrupted")
            let cut = try #require(folder.outcome(of: plan.requests[1]))
            #expect(cut.outcome.wasInterrupted)
            let bundle = try #require(cut.outcome.bundle)
            #expect(FileSystem.exists(Path.join(cut.attempt, bundle) + "/manifest.json"))
            #expect(tool.processes == [])
            let finished = Set(
                plan.requests.filter { folder.outcome(of: $0)?.outcome.isFinished == true }
                    .map(\.number))
            try Self.checkResumed(tool, folder, plan, finished: finished)
        }
    }

    @Test("one bad run stops the others only when asked to", arguments: [false, true])
    func failFast(_ failFast: Bool) throws {
        try withTemporaryFolder { root in
            let tool = Tool(root: root)
            let run = try tool.run(
                ["run"] + Self.ids + ["--replica-binary", "/bin/false", "--json"]
                    + ["--output-root", tool.output] + (failFast ? ["--fail-fast"] : []))
            #expect(run.status == .exited(code: 2), "\(run.errorText)")
            let events = try run.outputText.split(separator: "\n").map {
                try JSONText(parsing: String($0))
            }
            let ended = events.count { $0["event"].string == "run_end" }
            #expect(ended == (failFast ? 1 : 4))
            let last = try #require(events.last)
            #expect(last["event"].string == "campaign" && last["verdict"].string == "unknown")
            #expect(last["counts"]["not_run"].integer() == 4 - ended)
            let folder = try #require(tool.campaign)
            for name in ["campaign.json", "junit.xml", "summary.md"] {
                #expect(FileSystem.exists(Path.join(folder.path, name)))
            }
        }
    }

    @Test("nobody carries out a campaign that somebody else carries out")
    func lock() throws {
        try withTemporaryFolder { root in
            let tool = Tool(root: root)
            let process = try Self.begin(tool)
            defer { _ = try? process.wait(until: .after(.seconds(180))) }
            defer { try? process.signal(Signals.interrupt) }
            try #require(try Tool.wait { tool.campaign != nil }, "\(tool.log)")
            let folder = try #require(tool.campaign)
            try #require(try Tool.wait { FileSystem.exists(Path.join(folder.path, "lock")) })
            let second = try tool.run(["run", "--resume", folder.path])
            #expect(second.status == .exited(code: 254))
            #expect(second.errorText.contains("is being carried out"), "\(second.errorText)")
        }
    }
}
