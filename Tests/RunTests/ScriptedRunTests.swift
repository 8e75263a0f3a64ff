import Campaign
import History
import SystemCalls
import TestSupport
import Testing
import Workload

extension RunTests {
    static func scripted(
        _ runID: String, _ binary: String, root: String, window: Duration
    ) throws -> RunOptions {
        var options = try options(runID, binary, root: root, window: window)
        options.style = .scripted
        return options
    }

    @Test(
        "the reference's scenarios pass step by step, each outcome as they expect it",
        arguments: [
            "lease_safety-control", "expiration_and_recovery-control",
            "lease_safety-crash-restart", "failover_read_fences-partition-heal",
            "ambiguous_write_retry-mixed-failover",
        ])
    func scripts(runID: String) throws {
        try withTemporaryFolder { root in
            let options = try Self.scripted(
                runID, "allocdb-local-cluster", root: root, window: .milliseconds(100))
            let (result, _) = try Self.run(options)
            #expect(result.verdict == .passed, "\(Self.story(result))")
            #expect(!result.remarks.contains { $0.contains("the script expects") })
            #expect(runID.hasSuffix("control") == (result.faultsInjected == 0))
            let record = try RunRecord(contentsOf: try #require(result.historyPath))
            #expect(record.header.workload.hasSuffix("/scripted"))
        }
    }

    @Test("a daemon that answers without a quorum is blocked by a script as well")
    func scriptedBroken() throws {
        try withTemporaryFolder { root in
            let options = try Self.scripted(
                "failover_read_fences-crash-restart", "BrokenReplica", root: root,
                window: .milliseconds(100))
            let (result, _) = try Self.run(options)
            #expect(result.verdict == .blocked, "\(Self.story(result))")
        }
    }
}
