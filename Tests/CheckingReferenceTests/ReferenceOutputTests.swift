import Checking
import Foundation
import History
import TestSupport
import Testing

@Suite("The reference's answer to a file")
struct ReferenceOutputTests {
    @Test("every golden history answers from its file as from memory")
    func golden() throws {
        let histories = try Vectors.json("histories/index.json")["histories"].array
        for entry in histories {
            let name = try #require(entry["file"].string)
            let fromMemory = ReferenceOutput(of: try Vectors.bytes("histories/\(name)"))
            let path = Vectors.folder.appending(path: "histories/\(name)").path()
            #expect(ReferenceOutput(ofFile: path) == fromMemory, "\(name)")
        }
        #expect(histories.count == 173)
    }

    @Test("a file that is not there is an error in the reference's words")
    func missing() {
        let output = ReferenceOutput(ofFile: "/nonexistent/history.txt")
        #expect(output.exitStatus == 1)
        #expect(output.standardOutput == "")
        #expect(
            output.standardError
                == "failed to load history: i/o error: No such file or directory (os error 2)\n")
    }

    @Test("a native record is judged by its export")
    func nativeRecord() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/history.record"
            let header = RunHeader(
                runID: "x", workload: "x", nemesis: "x", testbed: "x", seed: 1, concurrency: 1,
                slotRule: "", toolVersion: "", limits: ClusterLimits())
            let recorder = try Recorder(creating: path, header: header)
            for holder in [7, 8] as [UInt64] {
                let attempt = try recorder.invoke(
                    .reserve(ResourceID(1), HolderID(UInt128(holder)), ttl: SlotCount(4)),
                    id: OperationID(UInt128(holder)), slot: Slot(1), endpoint: ReplicaID(1),
                    by: ProcessID(1))
                let result = CommitResult(
                    reservationID: ReservationID(UInt128(holder)), epoch: LeaseEpoch(1),
                    deadline: Slot(5))
                try recorder.complete(
                    attempt, .committed(LSN(holder), result, fromRetryCache: false),
                    by: ProcessID(1))
            }
            try recorder.finish()
            let output = ReferenceOutput(ofFile: path)
            #expect(output.exitStatus == 1)
            #expect(
                output.standardOutput == """
                    release_gate=blocked
                    logical_commands=2
                    blockers=1
                    blocker=double_allocation resource_id=1 existing_operation_id=7 \
                    conflicting_operation_id=8

                    """)
            #expect(output.standardError == "Jepsen release gate is blocked\n")
        }
    }

    @Test("the benchmark counts and judges every event of a history")
    func benchmark() throws {
        let path = Vectors.folder.appending(path: "histories/c05-every-operation.txt").path()
        let report = try ReferenceBenchmark.run(historyFile: path, tries: 1)
        #expect(report.rows.map(\.count) == [Int](repeating: 12, count: 6))
        #expect(report.rows.last?.note == "passed, 10 logical commands, 0 findings")
        #expect(report.ratio(report.rows[0]) == 1)
        #expect(report.description.hasPrefix("analyze: 12 events\n  lines counted (wall)  "))
    }
}
