import BugCatalogue
import FaultHarness
import FaultyDisk
import History
import Nemesis
import Synchronization
import SystemCalls
import TestSupport
import Testbed
import Testing

@testable import Campaign

/// Faults of disks and clocks on real daemons.
@Suite(.serialized) struct DiskAndClockTests {
    /// A cluster of which nothing is left afterwards.
    static func withCluster(
        needs: Set<TestbedCapability>, _ body: (LocalTestbed, _ folder: String) throws -> Void
    ) throws {
        var workspace = ""
        try FaultBench.withCluster(needs: needs) { testbed, folder in
            workspace = testbed.workspace
            try body(testbed, folder)
        }
        let mounts = MountTable.folders(ofType: DiskServerFacts.mountType)
        #expect(!mounts.contains { $0.hasPrefix(workspace) })
        let records = try FileSystem.list("/dev/shm")
        #expect(!records.contains { $0.contains(Path.lastComponent(of: workspace)) })
        #expect(!FileSystem.exists(workspace))
    }

    static func schedule(needing capability: TestbedCapability) -> NemesisSchedule {
        var rounds: [NemesisSchedule.Round] = []
        for fault in FaultVocabulary.all where fault.needs.contains(capability) {
            // An idle cluster has nothing yet that could be damaged.
            if fault.kind.name.hasPrefix("bit-flip") { continue }
            for target in [FaultTarget.primary, .backup, .all]
            where fault.targets.contains(target) {
                let parameters = fault.parameters.map { ($0.name, $0.usual.lowerBound + 10) }
                rounds.append(
                    .init(
                        pause: 0, pick: UInt64(rounds.count) &* 0x9e37_79b9_7f4a_7c15,
                        steps: [
                            .init(
                                fault.kind, target, hold: 100,
                                parameters: Dictionary(uniqueKeysWithValues: parameters))
                        ]))
            }
        }
        return NemesisSchedule(seed: 1, rounds: rounds)
    }

    @Test(
        "every fault of disks and clocks is seen to be active and seen to be gone",
        arguments: [TestbedCapability.disk, .clock])
    func everyFault(_ capability: TestbedCapability) throws {
        try Self.withCluster(needs: [capability]) { testbed, folder in
            let schedule = Self.schedule(needing: capability)
            let (record, nemesis) = try FaultBench.play(
                schedule, on: testbed, surgeon: ReplicaSurgeon(layout: testbed.layout), folder)
            #expect(nemesis.injected == UInt64(schedule.stepCount))
            #expect(nemesis.refusals == [])
            #expect(testbed.takeUnexpectedExits() == [])
            #expect(testbed.excused.current == [])
            let notes = record.notes
            let losses = notes.filter { $0.hasPrefix("power cut of replica") }
            #expect(losses.isEmpty == (capability == .clock), "\(notes)")
        }
    }

    // MARK: - Whole runs

    /// Each of these faults once, one after the other. All stand in one round, which is brought to
    /// its end however slow the machine is.
    static func onceEach(_ names: [String], target: FaultTarget? = nil) -> NemesisSchedule {
        let steps = names.enumerated().compactMap { index, name -> NemesisSchedule.Step? in
            guard let fault = FaultVocabulary.description(of: FaultKind(name)) else { return nil }
            let targets = target.map { [$0] } ?? fault.targets
            let parameters = fault.parameters.map { ($0.name, $0.usual.lowerBound + 100) }
            return .init(
                fault.kind, targets[index % targets.count], at: 500 + UInt64(index) * 1000,
                hold: 500, parameters: Dictionary(uniqueKeysWithValues: parameters))
        }
        return NemesisSchedule(
            seed: 7, rounds: [.init(pause: 500, pick: 0x9e37_79b9_7f4a_7c15, steps: steps)])
    }

    static func run(
        _ schedule: NemesisSchedule, _ binary: String, window: Duration,
        _ body: (RunResult, RunRecord) throws -> Void
    ) throws {
        try run(schedule, program: try builtExecutable(binary), window: window, body)
    }

    static func run(
        _ schedule: NemesisSchedule, program: String, window: Duration,
        _ body: (RunResult, RunRecord) throws -> Void
    ) throws {
        try withTemporaryFolder { root in
            let options = RunOptions(
                runID: "reservation_contention-crash-restart", replicaBinary: program,
                faultWindow: window, rate: 200, seed: 7, outputRoot: root, toolVersion: "test",
                faults: .schedule(schedule, path: "test"))
            let finished = Mutex<RunResult?>(nil)
            let thread = try WorkerThread(name: "run") {
                let result = try? Campaign.run(options) { _ in }
                finished.withLock { $0 = result }
            }
            thread.join()
            let result = try #require(finished.withLock { $0 })
            let bundle = try #require(result.bundlePath)
            try body(result, try RunRecord(contentsOf: Path.join(bundle, "history.record")))
        }
    }

    static func story(_ result: RunResult, _ record: RunRecord) -> String {
        let lines =
            ["\(result.verdict)"] + result.findings.map { "\($0.code): \($0.explanation)" }
            + result.remarks + record.notes
        return lines.joined(separator: "\n")
    }

    @Test(
        "a correct daemon keeps its promises on failing disks and with wrong clocks",
        arguments: [TestbedCapability.disk, .clock])
    func correctDaemon(_ capability: TestbedCapability) throws {
        let names = FaultVocabulary.all.filter { $0.needs.contains(capability) }.map(\.kind.name)
        let schedule = Self.onceEach(names)
        try Self.run(schedule, "allocdb-local-cluster", window: .seconds(2)) { result, record in
            #expect(result.verdict == .passed, "\(Self.story(result, record))")
            #expect(result.faultsInjected == UInt64(names.count))
            let notes = record.notes
            // Each trouble was met by a call of the daemon, and no damaged replica served.
            #expect(!notes.contains { $0.hasSuffix("was met by no call") }, "\(notes)")
            #expect(!notes.contains { $0.contains("serves in spite") }, "\(notes)")
            #expect(
                notes.count { $0.hasPrefix("bit ") }
                    == names.count { $0.hasPrefix("bit-flip") }, "\(notes)")
        }
    }

    /// Power cuts of both kinds on everybody, on a majority, on one.
    static let powerCuts: NemesisSchedule = {
        let targets: [FaultTarget] = [.all, .majority, .primary, .backups, .all, .backup]
        let steps = targets.enumerated().map { index, target in
            NemesisSchedule.Step(
                FaultKind(index % 3 == 2 ? "torn-write" : "power-cut"), target,
                at: 1000 + UInt64(index) * 1500, hold: 100)
        }
        return NemesisSchedule(
            seed: 11, rounds: [.init(pause: 500, pick: 0xbf58_476d_1ce4_e5b9, steps: steps)])
    }()

    @Test("power cuts at any moment lose nothing that a correct daemon acknowledged")
    func powerCutsOfCorrectDaemon() throws {
        try Self.run(
            Self.powerCuts, "allocdb-local-cluster", window: .seconds(2)
        ) { result, record in
            #expect(result.verdict == .passed, "\(Self.story(result, record))")
            #expect(result.faultsInjected == 6)
        }
    }

    @Test("a daemon that acknowledges before it syncs is blocked by a power cut")
    func unsyncedDaemon() throws {
        try withTemporaryFolder { folder in
            let program = try BugCatalogue.Bug.forgetsUnsynced.writeProgram(
                in: folder, brokenReplica: try builtExecutable("BrokenReplica"))
            try Self.run(Self.powerCuts, program: program, window: .seconds(2)) { result, record in
                #expect(result.verdict == .blocked, "\(Self.story(result, record))")
            }
        }
    }

    @Test("a killed tool leaves no disk, no mount and no shared record behind the next start")
    func killedTool() throws {
        let root = try FileSystem.resolve(
            try FileSystem.makeTemporaryFolder(prefix: "disk-clock-killed"))
        defer { try? FileSystem.removeTree(root) }
        var environment = Environment.all
        environment["TMPDIR"] = root
        let tool = try ChildProcess(
            executable: try builtExecutable("allocdb-jepsen"),
            arguments: [
                "run", "reservation_contention-crash-restart", "--fault-window", "60",
                "--replica-binary", try builtExecutable("allocdb-local-cluster"), "--output-root",
                Path.join(root, "artifacts"), "--faults", "power-cut,clock-shift", "--quiet",
            ],
            environment: environment)
        func mounts() -> [String] {
            MountTable.folders(ofType: DiskServerFacts.mountType).filter { $0.hasPrefix(root) }
        }
        let deadline = Deadline.after(.seconds(60))
        while mounts().count < 3, !deadline.isPassed { sleepThread(for: .milliseconds(20)) }
        let mounted = mounts()
        #expect(mounted.count == 3)
        try tool.signal(Signals.kill)
        _ = try tool.wait(until: .after(.seconds(10)))
        let registry = ResidueRegistry(folder: Path.join(root, "allocdb-jepsen-residue"))
        _ = registry.clean()
        #expect(mounts() == [])
        let workspace = Path.lastComponent(of: Path.parent(of: mounted.first ?? root) ?? root)
        let records = try FileSystem.list("/dev/shm")
        #expect(!records.contains { $0.contains(workspace) })
        #expect(
            try FileSystem.list(root).allSatisfy {
                !$0.hasPrefix("allocdb-jepsen-") || $0 == "allocdb-jepsen-residue"
            })
    }
}
