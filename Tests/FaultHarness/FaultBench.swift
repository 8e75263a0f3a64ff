public import History
import LeaseKernel
public import Nemesis
import Synchronization
import SystemCalls
import TestSupport
public import Testbed
import Testing

/// Faults on a cluster of real daemons, without the load and the judgement of a whole run.
public enum FaultBench {
    /// A cluster in a folder of its own that goes away with everything in it.
    public static func withCluster(
        needs: Set<TestbedCapability> = [], on kind: TestbedKind = .local,
        _ body: (LocalTestbed, _ folder: String) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let testbed = try LocalTestbed(
                .init(
                    binary: try builtExecutable("allocdb-local-cluster"),
                    registry: ResidueRegistry(folder: Path.join(folder, "residue")),
                    placement: try Placement(kind, seed: 1), needs: needs))
            defer { testbed.discard() }
            try testbed.start()
            try body(testbed, folder)
        }
    }

    /// Carries out a schedule on a thread of its own and gives back the record.
    public static func play(
        _ schedule: NemesisSchedule, on testbed: any Testbed, surgeon: any Surgeon,
        _ folder: String
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
            testbed: testbed, schedule: schedule, surgeon: surgeon, undo: undo,
            recorder: recorder, isInterrupted: { false })
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
}

extension RunRecord {
    public var faults: [FaultEvent] {
        events.compactMap { event in
            if case .fault(let fault) = event.content { fault } else { nil }
        }
    }

    public var notes: [String] {
        events.compactMap { event in
            if case .note(let text) = event.content { text } else { nil }
        }
    }
}
