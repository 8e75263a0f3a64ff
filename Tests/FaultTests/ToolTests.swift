import ClusterProtocol
import FaultHarness
import History
import Nemesis
import SystemCalls
import TestSupport
import Testbed
import Testing

/// Faults through the command line of the tool, also when it is killed.
@Suite(.serialized) struct FaultToolTests {
    /// `run` with everything it makes below `root`.
    static func arguments(_ root: String, _ runID: String, _ more: [String]) throws -> [String] {
        [
            "run", runID, "--replica-binary", try builtExecutable("allocdb-local-cluster"),
            "--output-root", Path.join(root, "artifacts"), "--quiet", "--seed", "3",
        ] + more
    }

    static func environment(_ root: String) -> [String: String] {
        var environment = Environment.all
        environment["TMPDIR"] = root
        return environment
    }

    static func write(_ schedule: NemesisSchedule, below root: String) throws -> String {
        let path = Path.join(root, "schedule.txt")
        try FileSystem.write(Array(schedule.text.utf8), to: path)
        return path
    }

    static func step(
        _ kind: String, _ target: FaultTarget, at: UInt64 = 0, hold: UInt64
    ) -> NemesisSchedule.Step {
        NemesisSchedule.Step(FaultKind(kind), target, at: at, hold: hold)
    }

    @Test("a schedule from a file is carried out as it stands there, and the bundle keeps it")
    func schedule() throws {
        try withTemporaryFolder { root in
            let rounds: [[NemesisSchedule.Step]] = [
                [Self.step("pause", .primary, hold: 300)],
                [
                    Self.step("isolate", .backups, hold: 400),
                    Self.step("terminate", .primary, at: 100, hold: 200),
                ],
                [Self.step("frozen-primary", .otherBackup, hold: 100)],
            ]
            let schedule = NemesisSchedule(
                seed: 9, rounds: rounds.map { .init(pause: 200, pick: 1, steps: $0) })
            let arguments = try Self.arguments(
                root, "reservation_contention-crash-restart",
                [
                    "--schedule", try Self.write(schedule, below: root), "--fault-window", "8",
                    "--rate", "100",
                ])
            let tool = try ChildProcess(
                executable: try builtExecutable("allocdb-jepsen"), arguments: arguments,
                environment: Self.environment(root))
            #expect(try tool.wait(until: .after(.seconds(120))) == .exited(code: 0))
            let bundle = try #require(Self.bundle(below: root))
            let kept = try FileSystem.read(Path.join(bundle, "schedule.txt"), limit: 1 << 20)
            #expect(
                try NemesisSchedule(text: String(decoding: kept, as: UTF8.self)) == schedule)
            let record = try RunRecord(contentsOf: Path.join(bundle, "history.record"))
            let faults = record.faults
            #expect(
                faults.map { "\($0.phase) \($0.kind)" } == [
                    "begin pause", "end pause", "begin isolate", "begin terminate",
                    "end terminate", "end isolate", "begin frozen-primary", "end frozen-primary",
                ])
        }
    }

    static func bundle(below root: String) -> String? {
        let output = Path.join(root, "artifacts")
        let names = (try? FileSystem.list(output)) ?? []
        return names.map { Path.join(output, $0) }
            .first { FileSystem.exists(Path.join($0, "schedule.txt")) }
    }

    @Test("when the tool is killed, paused processes go on and cut-off replicas are healed")
    func killedTool() throws {
        try withTemporaryFolder { root in
            let schedule = NemesisSchedule(
                seed: 9,
                rounds: [
                    .init(
                        pause: 0, pick: 1,
                        steps: [
                            Self.step("isolate", .backup, hold: 600_000),
                            Self.step("pause", .otherBackup, hold: 600_000),
                        ])
                ])
            let arguments = try Self.arguments(
                root, "reservation_contention-crash-restart",
                ["--schedule", try Self.write(schedule, below: root), "--fault-window", "600"])
            let tool = try ChildProcess(
                executable: try builtExecutable("allocdb-jepsen"), arguments: arguments,
                environment: Self.environment(root))
            defer {
                _ = try? tool.killAndWait()
                _ = ResidueRegistry(folder: Path.join(root, "allocdb-jepsen-residue")).clean()
            }
            let isActive = Self.wait {
                Self.daemons(of: root).contains { Processes.isStopped($0) }
                    && Self.isolated(below: root) == 1
            }
            #expect(isActive)
            // The tool's own group: daemons and guard have groups of their own.
            try tool.killAndWait()
            let isUndone = Self.wait {
                !Self.daemons(of: root).contains { Processes.isStopped($0) }
                    && Self.isolated(below: root) == 0
            }
            #expect(isUndone)
            #expect(Self.daemons(of: root).count == 3)
            _ = ResidueRegistry(folder: Path.join(root, "allocdb-jepsen-residue")).clean()
            #expect(Self.wait { Self.processes(with: root).isEmpty })
        }
    }

    static func wait(for condition: () -> Bool) -> Bool {
        let deadline = Deadline.after(.seconds(90))
        while !condition() {
            if deadline.isPassed { return false }
            sleepThread(for: .milliseconds(50))
        }
        return true
    }

    /// Processes whose command line names a file below `root`.
    static func daemons(of root: String) -> [Int32] { processes(with: root, in: "cmdline") }

    /// All that the tool started: they have its environment.
    static func processes(with root: String, in file: String = "environ") -> [Int32] {
        let needle = Array(root.utf8)
        return ((try? FileSystem.list("/proc")) ?? []).compactMap { Int32($0) }.filter { process in
            guard process != Processes.ownID, Processes.isAlive(process),
                let bytes = try? FileSystem.read("/proc/\(process)/\(file)", limit: 1 << 20)
            else { return false }
            if file == "cmdline", !bytes.contains(Array("replica-daemon".utf8)) { return false }
            return bytes.contains(needle)
        }
    }

    /// How many replicas the fault file marks; nil when there is none.
    static func isolated(below root: String) -> Int? {
        for name in (try? FileSystem.list(root)) ?? [] {
            let path = Path.join(Path.join(root, name), FaultState.fileName)
            guard let bytes = try? FileSystem.read(path, limit: 1 << 16),
                let faults = try? FaultState(text: String(decoding: bytes, as: UTF8.self))
            else { continue }
            return faults.isolated.count
        }
        return nil
    }

    static let refusals: [(run: String, more: [String], words: [String])] = [
        (
            "reservation_contention-crash-restart", ["--faults", "packet-loss,crash"],
            ["packet-loss", "packets", "testbed local", "namespaces"]
        ),
        ("reservation_contention-control", ["--faults", "crash"], ["control run"]),
        ("reservation_contention-crash-restart", ["--faults", "flood"], ["flood"]),
        ("reservation_contention-crash-restart", ["--faults", "crash,crash"], ["crash,crash"]),
        ("reservation_contention-crash-restart", ["--schedule", "/nowhere"], ["/nowhere"]),
        (
            "reservation_contention-crash-restart",
            ["--schedule", "/nowhere", "--faults", "crash"], ["--schedule", "--faults"]
        ),
    ]

    @Test(
        "what cannot be injected is refused before anything starts", arguments: refusals.indices)
    func refused(index: Int) throws {
        try withTemporaryFolder { root in
            let (run, more, words) = Self.refusals[index]
            let tool = try CapturedRun(
                try builtExecutable("allocdb-jepsen"),
                try Self.arguments(root, run, more), until: .after(.seconds(60)))
            #expect(tool.status == .exited(code: 254), "\(tool.status)")
            for word in words {
                #expect(tool.errorText.contains(word), "\(tool.errorText)")
            }
            #expect(try FileSystem.list(root) == [])
        }
    }
}
