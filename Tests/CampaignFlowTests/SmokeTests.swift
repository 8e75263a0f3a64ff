import Conducting
import JSONText
import SystemCalls
import TestSupport
import Testing

extension CampaignFlowTests {
    /// The matrix as it comes with the tool: every workload with every nemesis that the
    /// specification pairs it with, 20 seconds each.
    @Test("the smoke matrix passes: all seventeen runs, on three lanes")
    func smoke() throws {
        try withTemporaryFolder { root in
            let tool = Tool(root: root)
            let run = try tool.run([
                "run", "--matrix", "smoke", "--lanes", "3", "--seed", "1", "--rate", "200",
                "--quiet", "--replica-binary", try builtExecutable("allocdb-local-cluster"),
                "--output-root", tool.output,
            ])
            #expect(run.status == .exited(code: 0), "\(run.outputText)\(run.errorText)")
            let folder = try #require(tool.campaign)
            let summary = try Tool.json(Path.join(folder.path, "campaign.json"))
            let runs = summary["runs"].elements
            #expect(runs.count == 17)
            for run in runs {
                let id = run["run_id"].string ?? ""
                let operations = run["operations"].integer(UInt64.self) ?? 0
                #expect(operations > 100, "\(id)")
                let faults = run["faults_injected"].integer(UInt64.self) ?? 0
                #expect((faults == 0) == id.hasSuffix("-control"), "\(id): \(faults) faults")
                #expect(
                    run["counts_for_gate"].bool
                        == (id.hasSuffix("-control")
                            && !id.hasPrefix("lease_safety")),
                    "\(id)")
            }
            #expect(summary["opens_release_gate"].bool == false)
            #expect(tool.processes == [])
        }
    }
}
