import History
import LeaseKernel
import Synchronization
import SystemCalls
import Testbed
import Testing

@testable import Nemesis

@Suite struct ScheduleTests {
    @Test("a schedule follows from its seed and fills its window")
    func deterministic() {
        let one = NemesisSchedule.crashRestart(seed: 5, window: .seconds(60))
        #expect(one == .crashRestart(seed: 5, window: .seconds(60)))
        #expect(one != .crashRestart(seed: 6, window: .seconds(60)))
        let total = one.rounds.reduce(Duration.zero) { $0 + $1.pause + $1.downtime }
        #expect(total >= .seconds(60))
    }

    @Test("every kind of fault comes in each run of four", arguments: UInt64(0)..<20)
    func variety(seed: UInt64) {
        let schedule = NemesisSchedule.crashRestart(seed: seed, window: .seconds(30))
        #expect(schedule.rounds.count.isMultiple(of: 4))
        for start in stride(from: 0, to: schedule.rounds.count, by: 4) {
            let faults = schedule.rounds[start..<start + 4].map(\.fault)
            #expect(Set(faults).count == NemesisSchedule.Fault.allCases.count)
        }
        #expect(Set(schedule.rounds.map(\.pause)).count > 1)
    }

    @Test("a window of days stays within the bound")
    func bounded() {
        let schedule = NemesisSchedule.crashRestart(seed: 1, window: .seconds(30 * 86_400))
        #expect(schedule.rounds.count <= NemesisSchedule.mostRounds + 3)
    }

    @Test("the text has a line for each round")
    func text() {
        let round = NemesisSchedule.Round(
            pause: .milliseconds(400), fault: .takeOver, downtime: .milliseconds(1500), pick: 3)
        #expect(
            NemesisSchedule(seed: 9, rounds: [round]).text
                == "version=1 seed=9 rounds=1\n"
                + "round=1 pause_millis=400 fault=take-over downtime_millis=1500 pick=3\n")
    }
}

@Suite struct UndoLedgerTests {
    @Test("what is left is undone newest first, and a failure stops nothing")
    func order() {
        let testbed = FakeTestbed()
        testbed.state.withLock { $0.failing = ["restart 2"] }
        let ledger = UndoLedger()
        ledger.register(.restart(LeaseKernel.ReplicaID(1)))
        ledger.register(.restart(LeaseKernel.ReplicaID(2)))
        ledger.register(.heal(LeaseKernel.ReplicaID(3)))
        let failures = ledger.undoAll(on: testbed)
        #expect(testbed.deeds == ["heal 3", "restart 2", "restart 1"])
        #expect(failures.map(\.undo) == [.restart(LeaseKernel.ReplicaID(2))])
        #expect(ledger.pending == [.restart(LeaseKernel.ReplicaID(2))])
    }

    @Test("settling takes out the newest entry of its kind only")
    func settle() {
        let ledger = UndoLedger()
        let undo = UndoLedger.Undo.restart(LeaseKernel.ReplicaID(1))
        ledger.register(undo)
        ledger.register(undo)
        ledger.settle(undo)
        #expect(ledger.pending == [undo])
        ledger.settle(undo)
        ledger.settle(undo)
        #expect(ledger.pending.isEmpty)
    }
}

@Suite struct NemesisTests {
    struct Surgeon: TakeoverSurgeon {
        let testbed: FakeTestbed
        let refuses: Bool

        func takeOver(
            target: LeaseKernel.ReplicaID, support: LeaseKernel.ReplicaID
        ) throws(TakeoverRefusal) {
            if refuses { throw TakeoverRefusal("a foreign format") }
            let running = testbed.state.withLock { state in
                state.primary = target
                state.deeds.append("take over \(target) with \(support)")
                return state.running
            }
            if !running.isEmpty { throw TakeoverRefusal("somebody still runs") }
        }
    }

    /// Runs one round and gives back what was done and what was recorded.
    static func run(
        _ fault: NemesisSchedule.Fault, refuses: Bool = false, failing: Set<String> = []
    ) throws -> (deeds: [String], events: [HistoryEvent], undo: UndoLedger, failed: Bool) {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "nemesis-tests")
        defer { try? FileSystem.removeTree(folder) }
        let path = Path.join(folder, "record")
        let recorder = try Recorder(
            creating: path,
            header: RunHeader(
                runID: "r", workload: "w", nemesis: "n", testbed: "fake", seed: 1, concurrency: 1,
                startedAt: 0, slotRule: "", toolVersion: "", limits: ClusterLimits()))
        let testbed = FakeTestbed()
        testbed.state.withLock { $0.failing = failing }
        let undo = UndoLedger()
        let round = NemesisSchedule.Round(
            pause: .zero, fault: fault, downtime: .milliseconds(1), pick: 0)
        let nemesis = Nemesis(
            testbed: testbed, schedule: NemesisSchedule(seed: 1, rounds: [round]),
            surgeon: Surgeon(testbed: testbed, refuses: refuses), undo: undo, recorder: recorder,
            isInterrupted: { false })
        var failed = false
        do { try nemesis.run(until: .after(.seconds(20))) } catch { failed = true }
        try recorder.finish()
        return (testbed.deeds, try RunRecord(contentsOf: path).events, undo, failed)
    }

    static let deedsOfFaults: [(NemesisSchedule.Fault, [String])] = [
        (.crashPrimary, ["crash 1", "restart 1"]),
        (.crashBackup, ["crash 2", "restart 2"]),
        (.crashBackups, ["crash 2", "crash 3", "restart 2", "restart 3"]),
        (
            .takeOver,
            [
                "crash 1", "crash 2", "crash 3", "take over 2 with 3", "restart 3", "restart 2",
                "restart 1",
            ]
        ),
    ]

    @Test("a fault is injected, undone and recorded with the replicas it hit", arguments: 0..<4)
    func rounds(index: Int) throws {
        let (fault, expected) = Self.deedsOfFaults[index]
        let (deeds, events, undo, failed) = try Self.run(fault)
        #expect(!failed)
        #expect(deeds == expected)
        #expect(undo.pending.isEmpty)
        let faults = events.compactMap { event -> FaultEvent? in
            guard case .fault(let fault) = event.content else { return nil }
            return fault
        }
        #expect(faults.map(\.phase) == [.begin, .end])
        #expect(faults.allSatisfy { $0.kind == fault.rawValue })
        #expect(faults.first?.targets == faults.last?.targets)
        #expect(faults.first?.targets.isEmpty == false)
    }

    @Test("a takeover that is refused becomes a restart, and the record says why")
    func refusedTakeover() throws {
        let (deeds, events, undo, failed) = try Self.run(.takeOver, refuses: true)
        #expect(!failed)
        #expect(Array(deeds.suffix(3)) == ["restart 1", "restart 2", "restart 3"])
        #expect(undo.pending.isEmpty)
        #expect(
            events.contains { event in
                if case .note(let text) = event.content {
                    text.contains("a foreign format")
                } else {
                    false
                }
            })
    }

    @Test("what could not be undone stays registered for the way out")
    func failedUndo() throws {
        let (_, _, undo, failed) = try Self.run(.crashPrimary, failing: ["restart 1"])
        #expect(failed)
        #expect(undo.pending == [.restart(LeaseKernel.ReplicaID(1))])
    }
}
