import History
import LeaseKernel
import Nemesis
import Synchronization
import SystemCalls
import Testbed
import Testing

@testable import Campaign

/// Faults on real daemons, by the nemesis and the surgeon of real runs.
@Suite(.serialized) struct EveryFaultTests {
    static func built(_ name: String) throws -> String {
        let folder = Path.parent(of: CommandLine.arguments.first ?? "") ?? "."
        let path = Path.join(folder, name)
        try #require(FileSystem.isExecutable(path), "no executable at \(path)")
        return path
    }

    /// A cluster in a folder of its own that goes away with everything in it.
    static func withCluster(
        _ kind: TestbedKind = .local, _ body: (LocalTestbed, _ folder: String) throws -> Void
    ) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "fault-tests")
        defer { try? FileSystem.removeTree(folder) }
        let testbed = try LocalTestbed(
            .init(
                binary: try built("allocdb-local-cluster"),
                registry: ResidueRegistry(folder: Path.join(folder, "residue")),
                placement: try Placement(kind, seed: 1)))
        defer { testbed.discard() }
        try testbed.start()
        try body(testbed, folder)
    }

    /// Carries out a schedule on a thread of its own and gives back the record.
    static func play(
        _ schedule: NemesisSchedule, on testbed: LocalTestbed, _ folder: String
    ) throws -> (record: RunRecord, nemesis: Nemesis) {
        let path = Path.join(folder, "record")
        let recorder = try Recorder(
            creating: path,
            header: RunHeader(
                runID: "r", workload: "w", nemesis: "n", testbed: "local", seed: 1,
                concurrency: 1, startedAt: 0, slotRule: "", toolVersion: "",
                limits: ClusterLimits()))
        let undo = UndoLedger()
        let nemesis = Nemesis(
            testbed: testbed, schedule: schedule,
            surgeon: ReplicaSurgeon(layout: testbed.layout), undo: undo, recorder: recorder,
            isInterrupted: { false })
        let failure = Mutex<String?>(nil)
        let thread = try WorkerThread(name: "nemesis") {
            do throws(Nemesis.Failure) {
                try nemesis.run(until: .after(.seconds(600)))
            } catch {
                failure.withLock { $0 = "\(error)" }
            }
        }
        thread.join()
        #expect(failure.withLock { $0 } == nil)
        #expect(undo.pending == [])
        try recorder.finish()
        return (try RunRecord(contentsOf: path), nemesis)
    }

    static func faults(in record: RunRecord) -> [FaultEvent] {
        record.events.compactMap { event in
            if case .fault(let fault) = event.content { fault } else { nil }
        }
    }

    /// Every kind of fault that a local cluster offers, in one round each: there on each of its
    /// targets, elsewhere on the first.
    static func everything(on kind: TestbedKind) -> NemesisSchedule {
        var rounds: [NemesisSchedule.Round] = []
        for fault in FaultVocabulary.all
        where fault.needs.isSubset(of: TestbedKind.local.capabilities) {
            let targets = kind == .local ? fault.targets[...] : fault.targets.prefix(1)
            for target in targets {
                let parameters = fault.parameters.map {
                    ($0.name, min($0.usual.lowerBound + 2, $0.usual.upperBound))
                }
                rounds.append(
                    .init(
                        pause: 0, pick: UInt64(rounds.count),
                        steps: [
                            .init(
                                fault.kind, target, hold: 50,
                                parameters: Dictionary(uniqueKeysWithValues: parameters))
                        ]))
            }
        }
        return NemesisSchedule(seed: 1, rounds: rounds)
    }

    @Test(
        "every fault on every target is seen to be active and seen to be gone",
        arguments: Namespaces.arePossible ? [TestbedKind.local, .namespaces] : [.local])
    func everyFault(kind: TestbedKind) throws {
        try Self.withCluster(kind) { testbed, folder in
            let schedule = Self.everything(on: kind)
            let (record, nemesis) = try Self.play(schedule, on: testbed, folder)
            let faults = Self.faults(in: record)
            print("faults on real daemons, \(kind): \(nemesis.injected)")
            #expect(nemesis.injected == UInt64(schedule.stepCount))
            #expect(nemesis.refusals == [])
            #expect(
                faults.filter { $0.phase == .begin }.map(\.kind)
                    == schedule.rounds.map(\.steps[0].kind.name))
            for end in faults where end.phase == .end {
                #expect(end.detail == "seen to be gone", "\(end)")
            }
            #expect(testbed.takeUnexpectedExits() == [])
            let killed = Self.notes(in: record).filter { $0.contains("was killed at step 3: ") }
            #expect(killed.count == (kind == .local ? 4 : 2))
        }
    }

    static func notes(in record: RunRecord) -> [String] {
        record.events.compactMap { event in
            if case .note(let text) = event.content { text } else { nil }
        }
    }

    /// Rounds of a family at four times their pace.
    static func hurried(_ schedule: NemesisSchedule) -> NemesisSchedule {
        let rounds = schedule.rounds.map { round in
            let steps = round.steps.map { step in
                var step = step
                step.at /= 4
                step.hold /= 4
                return step
            }
            return NemesisSchedule.Round(pause: 0, pick: round.pick, steps: steps)
        }
        return NemesisSchedule(seed: schedule.seed, rounds: rounds)
    }

    typealias Family = @Sendable (UInt64, Duration) -> NemesisSchedule

    static let families: [Family] = [
        { NemesisSchedule.crashRestart(seed: $0, window: $1) },
        { NemesisSchedule.partitionHeal(seed: $0, window: $1) },
        { NemesisSchedule.mixedFailover(seed: $0, window: $1) },
    ]

    @Test("every round of a family goes well on real daemons", arguments: families.indices)
    func rounds(index: Int) throws {
        try Self.withCluster { testbed, folder in
            let schedule = Self.hurried(Self.families[index](3, .seconds(20)))
            let (_, nemesis) = try Self.play(schedule, on: testbed, folder)
            #expect(nemesis.injected == UInt64(schedule.stepCount))
            #expect(nemesis.refusals == [])
            #expect(testbed.takeUnexpectedExits() == [])
        }
    }
}
