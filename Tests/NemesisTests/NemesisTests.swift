import History
import LeaseKernel
import Synchronization
import SystemCalls
import TestSupport
import Testbed
import Testing

@testable import Nemesis

@Suite struct UndoLedgerTests {
    @Test("what is left is undone newest first, and a failure stops nothing")
    func order() {
        let deeds = Deeds()
        let ledger = UndoLedger()
        for name in ["one", "two", "three"] {
            _ = ledger.register(name) { () throws(FaultFailure) in
                deeds.add(name)
                if name == "two" { throw .notGone("stuck") }
            }
        }
        let failures = ledger.undoAll()
        #expect(deeds.all == ["three", "two", "one"])
        #expect(failures.map(\.name) == ["two"])
        #expect(ledger.pending == ["two"])
    }

    @Test("settling takes out the one entry only")
    func settle() {
        let ledger = UndoLedger()
        let first = ledger.register("same") {}
        _ = ledger.register("same") {}
        #expect(ledger.pending.count == 2)
        ledger.settle(first)
        ledger.settle(first)
        #expect(ledger.pending == ["same"])
    }
}

/// What was done, in order.
final class Deeds: Sendable {
    private let list = Mutex<[String]>([])
    var all: [String] { list.withLock { $0 } }
    func add(_ deed: String) { list.withLock { $0.append(deed) } }
}

@Suite struct NemesisTests {
    struct FakeSurgeon: Surgeon {
        let testbed: FakeTestbed
        let refuses: Bool

        func carryOut(_ operation: SurgicalOperation) throws(SurgeonRefusal) {
            if refuses { throw SurgeonRefusal("a foreign format") }
            let operated: [LeaseKernel.ReplicaID]
            switch operation {
            case .takeOver(let target, let supports):
                operated = [target] + supports
                testbed.state.withLock { state in
                    state.primary = target
                    let others = supports.map { "\($0)" }.joined(separator: " and ")
                    state.deeds.append("take over \(target) with \(others)")
                }
            case .rejoin(let replica, let primary):
                operated = [replica]
                testbed.state.withLock { $0.deeds.append("rejoin \(replica) from \(primary)") }
            case .rebuild(let replica, let primary):
                operated = [replica]
                testbed.state.withLock { $0.deeds.append("rebuild \(replica) from \(primary)") }
            }
            for replica in operated where testbed.isRunning(replica) {
                throw SurgeonRefusal("replica \(replica) still runs")
            }
        }

        func carryOut(
            _ operation: SurgicalOperation, killedAtStep step: UInt64
        ) throws(SurgeonRefusal) -> String? {
            testbed.state.withLock { $0.deeds.append("killed at step \(step)") }
            return "something"
        }
    }

    /// Runs one round and gives back what was done and what was recorded.
    static func run(
        _ steps: [NemesisSchedule.Step], refuses: Bool = false, failing: Set<String> = []
    ) throws -> (deeds: [String], events: [HistoryEvent], undo: UndoLedger, failed: Bool) {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "record")
            let recorder = try Recorder(
                creating: path,
                header: RunHeader(
                    runID: "r", workload: "w", nemesis: "n", testbed: "fake", seed: 1,
                    concurrency: 1,
                    startedAt: 0, slotRule: "", toolVersion: "", limits: ClusterLimits()))
            let testbed = FakeTestbed()
            testbed.state.withLock { $0.failing = failing }
            let undo = UndoLedger()
            let round = NemesisSchedule.Round(pause: 0, pick: 0, steps: steps)
            let nemesis = Nemesis(
                testbed: testbed, schedule: NemesisSchedule(seed: 1, rounds: [round]),
                surgeon: FakeSurgeon(testbed: testbed, refuses: refuses), undo: undo,
                recorder: recorder,
                isInterrupted: { false })
            var failed = false
            do { try nemesis.run(until: .after(.seconds(20))) } catch { failed = true }
            try recorder.finish()
            return (testbed.deeds, try RunRecord(contentsOf: path).events, undo, failed)
        }
    }

    static func step(_ kind: String, _ target: FaultTarget) -> NemesisSchedule.Step {
        NemesisSchedule.Step(FaultKind(kind), target, hold: 1)
    }

    static let deedsOfFaults: [(kind: String, target: FaultTarget, deeds: [String])] = [
        ("crash", .primary, ["crash 1", "restart 1"]),
        ("crash", .backup, ["crash 2", "restart 2"]),
        ("crash", .backups, ["crash 2", "crash 3", "restart 2", "restart 3"]),
        (
            "take-over", .backup,
            [
                "crash 1", "crash 2", "crash 3", "take over 2 with 3", "restart 3", "restart 2",
                "restart 3", "restart 2", "restart 1", "restart 2", "restart 3",
            ]
        ),
    ]

    @Test(
        "a fault is injected, undone and recorded with the replicas it hit",
        arguments: deedsOfFaults.indices)
    func rounds(index: Int) throws {
        let (kind, target, expected) = Self.deedsOfFaults[index]
        let (deeds, events, undo, failed) = try Self.run([Self.step(kind, target)])
        #expect(!failed)
        #expect(deeds == expected)
        #expect(undo.pending.isEmpty)
        let faults = events.compactMap { event -> FaultEvent? in
            guard case .fault(let fault) = event.content else { return nil }
            return fault
        }
        #expect(faults.map(\.phase) == [.begin, .end])
        #expect(faults.allSatisfy { $0.kind == kind })
        #expect(faults.first?.targets == faults.last?.targets)
        #expect(faults.first?.targets.isEmpty == false)
    }

    @Test("a takeover that is refused becomes a restart, and the record says why")
    func refusedTakeover() throws {
        let (deeds, events, undo, failed) = try Self.run(
            [Self.step("take-over", .backup)], refuses: true)
        #expect(!failed)
        #expect(Array(deeds.suffix(3)) == ["restart 1", "restart 2", "restart 3"])
        #expect(undo.pending.isEmpty)
        #expect(
            events.contains { event in
                if case .fault(let fault) = event.content {
                    fault.detail.contains("a foreign format")
                } else {
                    false
                }
            })
    }

    @Test("what could not be undone stays registered for the way out")
    func failedUndo() throws {
        let (_, _, undo, failed) = try Self.run(
            [Self.step("crash", .primary)], failing: ["restart 1"])
        #expect(failed)
        #expect(undo.pending == ["crash of replica 1"])
    }
}
