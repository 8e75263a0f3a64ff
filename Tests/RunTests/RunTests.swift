import Campaign
import History
import Nemesis
import Reporting
import Synchronization
import SystemCalls
import TestSupport
import Testbed
import Testing

/// Whole runs against real daemons. One after the other: each needs the machine's two cores.
@Suite(.serialized) struct RunTests {
    static func options(
        _ runID: String, _ binary: String, root: String, window: Duration, seed: UInt64 = 42,
        interruption: Interruption = Interruption()
    ) throws -> RunOptions {
        RunOptions(
            runID: runID, replicaBinary: try builtExecutable(binary), faultWindow: window,
            rate: 200,
            seed: seed, outputRoot: root, commandLine: ["run", runID], toolVersion: "test",
            interruption: interruption)
    }

    /// What a failed expectation needs to be understood.
    static func story(_ result: RunResult) -> String {
        var lines = ["seed \(result.seed): \(result.verdict)"]
        lines += result.findings.map { "\($0.code): \($0.explanation)" }
        lines += result.remarks
        return lines.joined(separator: "\n")
    }

    /// A run goes on a thread of its own, as it does in the command: it blocks.
    static func run(
        _ options: RunOptions, onProgress: @escaping @Sendable (RunSnapshot) -> Void = { _ in }
    ) throws -> (RunResult, [RunSnapshot]) {
        let outcome = Mutex<(RunResult?, [RunSnapshot])>((nil, []))
        let thread = try WorkerThread(name: "run") {
            let result = try? Campaign.run(options) { snapshot in
                outcome.withLock { $0.1.append(snapshot) }
                onProgress(snapshot)
            }
            outcome.withLock { $0.0 = result }
        }
        thread.join()
        let (result, snapshots) = outcome.withLock { $0 }
        return (try #require(result), snapshots)
    }

    @Test("a correct daemon passes a control run, and the bundle tells everything")
    func control() throws {
        try withTemporaryFolder { root in
            let options = try Self.options(
                "reservation_contention-control", "allocdb-local-cluster", root: root,
                window: .seconds(4))
            let (result, snapshots) = try Self.run(options)
            #expect(result.verdict == .passed, "\(Self.story(result))")
            #expect(result.operations > 200)
            #expect(Set(snapshots.map(\.phase)) == Set(RunSnapshot.Phase.allCases))
            let bundle = try #require(result.bundlePath)
            #expect(BundleVerification.problems(of: bundle) == [])
            let names = try FileSystem.list(bundle)
            for name in [
                "analysis.txt", "cluster-layout.txt", "history.record", "history.txt",
                "manifest.json", "manifest.txt", "replica-1.log", "replica-2.log",
                "replica-3.log", "replicas.txt", "report.html", "report.md", "schedule.txt",
            ] {
                #expect(names.contains(name), "\(names)")
            }
            let status = try FileSystem.read(
                Path.join(root, RunTracker.latestName), limit: 1 << 16)
            let decoded = try RunStatus(text: String(decoding: status, as: UTF8.self))
            #expect(decoded.state == .passed)
            #expect(decoded.phase == .completed)
            #expect(decoded.artifactBundle == bundle)
            Self.checkSlots(try RunRecord(contentsOf: Path.join(bundle, "history.record")))
        }
    }

    /// The slot rule as the record shows it: by the log's own order, slots never run backwards.
    static func checkSlots(_ record: RunRecord) {
        var slots: [(lsn: LSN, slot: Slot)] = []
        for attempt in record.attempts {
            guard let slot = attempt.invocation.slot else { continue }
            switch attempt.outcome {
            case .committed(let lsn, _, false), .refused(let lsn, _, false):
                slots.append((lsn, slot))
            case .committed, .refused, .ticked, .read, .failed, .ambiguous: break
            }
        }
        slots.sort { $0.lsn < $1.lsn }
        #expect(slots.count > 50)
        for (earlier, later) in zip(slots, slots.dropFirst()) {
            #expect(earlier.slot <= later.slot, "\(earlier) before \(later)")
        }
    }

    @Test("a correct daemon passes under crashes, restarts and takeovers")
    func crashRestart() throws {
        try withTemporaryFolder { root in
            let options = try Self.options(
                "reservation_contention-crash-restart", "allocdb-local-cluster", root: root,
                window: .seconds(12))
            let (result, _) = try Self.run(options)
            #expect(result.verdict == .passed, "\(Self.story(result))")
            #expect(result.faultsInjected >= 3)
            let bundle = try #require(result.bundlePath)
            let record = try RunRecord(contentsOf: Path.join(bundle, "history.record"))
            #expect(record.isComplete)
            Self.checkSlots(record)
            let faults = record.events.compactMap { event -> FaultEvent? in
                if case .fault(let fault) = event.content { fault } else { nil }
            }
            #expect(faults.count { $0.phase == .begin } == Int(result.faultsInjected))
            #expect(faults.count { $0.phase == .end } == Int(result.faultsInjected))
        }
    }

    @Test("a daemon that answers without a quorum and forgets on a kill is blocked for it")
    func broken() throws {
        try withTemporaryFolder { root in
            // Kills first, so that the short run meets what the daemon forgets.
            let window = Duration.seconds(6)
            let seed = try #require(
                (UInt64(1)...100).first { seed in
                    let rounds = NemesisSchedule.crashRestart(seed: seed, window: window).rounds
                    return rounds[0].steps[0].target == .primary
                        && rounds[3].steps[0].kind == FaultKind("take-over")
                })
            let options = try Self.options(
                "reservation_contention-crash-restart", "BrokenReplica", root: root,
                window: window, seed: seed)
            let (result, _) = try Self.run(options)
            #expect(result.verdict == .blocked, "\(Self.story(result))")
            #expect(result.exitCode == 1)
            let codes = Set(result.findings.map(\.code))
            #expect(codes.contains("lost-write"), "\(Self.story(result))")
        }
    }

    @Test("an interrupted run stops its daemons, bundles what there is, and says so")
    func interrupted() throws {
        try withTemporaryFolder { root in
            let interruption = Interruption()
            let options = try Self.options(
                "reservation_contention-crash-restart", "allocdb-local-cluster", root: root,
                window: .seconds(60), interruption: interruption)
            let (result, _) = try Self.run(options) { snapshot in
                if snapshot.operations > 300 { interruption.request() }
            }
            #expect(result.wasInterrupted)
            #expect(result.exitCode == 130)
            #expect(result.findings == [], "\(Self.story(result))")
            let bundle = try #require(result.bundlePath)
            #expect(BundleVerification.problems(of: bundle) == [])
            let record = try RunRecord(contentsOf: Path.join(bundle, "history.record"))
            #expect(!record.isComplete)
            #expect(record.events.count > 100)
        }
    }

    @Test("what a killed tool leaves is a readable record, and its daemons are found and ended")
    func killedTool() throws {
        try withTemporaryFolder { root in
            var environment = Environment.all
            environment["TMPDIR"] = root
            let output = Path.join(root, "artifacts")
            let tool = try ChildProcess(
                executable: try builtExecutable("allocdb-jepsen"),
                arguments: [
                    "run", "reservation_contention-crash-restart", "--fault-window", "60",
                    "--replica-binary", try builtExecutable("allocdb-local-cluster"),
                    "--output-root", output, "--quiet",
                ],
                environment: environment)
            let recorded = try Self.wait(upTo: .seconds(60)) { Self.record(below: output) }
            // The tool's own group: its daemons have groups of their own and live on.
            #expect(try tool.killAndWait() == .signaled(number: Signals.kill))
            #expect(recorded)
            let record = try #require(Self.record(below: output))
            #expect(!record.isComplete)

            let registry = ResidueRegistry(folder: Path.join(root, "allocdb-jepsen-residue"))
            let report = registry.clean()
            #expect(report.count { $0.hasPrefix("ended daemon") } >= 2, "\(report)")
            #expect(report.count { $0.hasPrefix("removed workspace") } == 1, "\(report)")
            #expect(try FileSystem.list(root).sorted() == ["allocdb-jepsen-residue", "artifacts"])
        }
    }

    /// The record of the only bundle there, once it holds something.
    static func record(below output: String) -> RunRecord? {
        for name in (try? FileSystem.list(output)) ?? [] {
            let path = Path.join(output, name) + "/history.record"
            if let record = try? RunRecord(contentsOf: path), record.events.count > 100 {
                return record
            }
        }
        return nil
    }

    static func wait(upTo limit: Duration, for condition: () -> RunRecord?) throws -> Bool {
        let deadline = Deadline.after(limit)
        while condition() == nil {
            if deadline.isPassed { return false }
            sleepThread(for: .milliseconds(50))
        }
        return true
    }

    @Test("a daemon that dies by itself is a finding with its status and last words")
    func dyingDaemon() throws {
        try withTemporaryFolder { root in
            // Replica 2 is the real daemon until it is told; then it says something and is gone.
            let script = Path.join(root, "dying-daemon")
            let sign = Path.join(root, "die")
            let real = try builtExecutable("allocdb-local-cluster")
            try FileSystem.write(
                Array(
                    """
                    #!/bin/sh
                    [ "$5" = 2 ] || exec "\(real)" "$@"
                    "\(real)" "$@" &
                    while [ ! -e "\(sign)" ]; do sleep 0.1; done
                    kill -9 $!
                    echo "assertion failed: the sky is up"
                    exit 101

                    """.utf8), to: script)
            _ = try CapturedRun("chmod", ["+x", script], until: .after(.seconds(5)))
            let options = RunOptions(
                runID: "reservation_contention-control", replicaBinary: script,
                faultWindow: .seconds(4), rate: 100, seed: 1,
                outputRoot: Path.join(root, "artifacts"), toolVersion: "test")
            let (result, _) = try Self.run(options) { snapshot in
                if snapshot.operations > 100 { try? FileSystem.write([], to: sign) }
            }
            #expect(result.exitCode == 1, "\(Self.story(result))")
            let finding = try #require(result.findings.first { $0.code == "daemon-exited" })
            #expect(finding.explanation.contains("replica 2"))
            #expect(finding.explanation.contains("exit status 101"))
            #expect(finding.explanation.contains("the sky is up"))
        }
    }

    @Test("a program that is no daemon is nobody's violation")
    func noDaemon() throws {
        try withTemporaryFolder { root in
            let options = RunOptions(
                runID: "reservation_contention-control", replicaBinary: "/bin/false", seed: 1,
                outputRoot: root, toolVersion: "test")
            let (result, _) = try Self.run(options)
            #expect(result.exitCode == 2, "\(Self.story(result))")
            #expect(result.findings == [])
            guard case .unknown(let reason) = result.verdict else {
                Issue.record("\(result.verdict)")
                return
            }
            #expect(reason.contains("exit status 1"))
        }
    }
}
