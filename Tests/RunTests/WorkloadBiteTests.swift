import Campaign
import SystemCalls
import TestSupport
import Testing

extension RunTests {
    /// A daemon with one bug: a script that names it to the broken replica.
    static func daemon(with bug: String, in root: String) throws -> String {
        let script = Path.join(root, "daemon-that-\(bug)")
        try FileSystem.write(
            Array(
                """
                #!/bin/sh
                BROKEN_REPLICA=\(bug) exec "\(try builtExecutable("BrokenReplica"))" "$@"

                """.utf8), to: script)
        _ = try CapturedRun("chmod", ["+x", script], until: .after(.seconds(5)))
        return script
    }

    @Test(
        "each workload finds the bug that it is about, without any fault",
        arguments: [
            ("reservation_contention", "accepts-conflicts", ["conflict-accepted"]),
            (
                "ambiguous_write_retry", "forgets-operations",
                ["duplicate-execution", "changed-answer", "unexplained-effect"]
            ),
            (
                "failover_read_fences", "ignores-fences",
                ["stale-read", "wrong-read", "fence-ignored", "lost-state"]
            ),
            (
                "expiration_and_recovery", "expires-early",
                // What shows first depends on who asks first for what came free too early.
                [
                    "unexplained-effect", "tick-result", "false-refusal", "slot-regression",
                    "double-allocation", "early-reuse", "early-expiry", "freed-early",
                ]
            ),
            (
                "lease_safety", "halves-bundles",
                [
                    "stolen-member", "partial-grant", "partial-release", "double-allocation",
                    "wrong-read-members", "wrong-read", "false-refusal", "early-reuse",
                ]
            ),
        ])
    func bites(workload: String, bug: String, codes: [String]) throws {
        try Self.withOutputRoot { root in
            let options = RunOptions(
                runID: "\(workload)-control", replicaBinary: try Self.daemon(with: bug, in: root),
                faultWindow: .seconds(3), rate: 150, seed: 5,
                outputRoot: Path.join(root, "artifacts"), toolVersion: "test")
            let (result, _) = try Self.run(options)
            #expect(result.verdict == .blocked, "\(Self.story(result))")
            let found = Set(result.findings.map(\.code))
            #expect(!found.isDisjoint(with: codes), "\(Self.story(result))")
        }
    }
}
