import Foundation
import History
import TestSupport
import Testing

@Suite("allocdb-jepsen analyze, native records")
struct RecordTests {
    /// A resource is created, reserved and read.
    static func write(to path: String, readingState state: ResourceView.State) throws {
        let header = RunHeader(
            runID: "reservation_contention-control", workload: "by hand",
            nemesis: "none", testbed: "local", seed: 7, concurrency: 1, startedAt: 0,
            slotRule: "constant", toolVersion: "0", limits: ClusterLimits())
        let recorder = try Recorder(creating: path, header: header)
        let client = ProcessID(1)
        let replica = ReplicaID(1)
        let create = try recorder.invoke(
            .createResource(ResourceID(1)), id: OperationID(1), slot: Slot(1), endpoint: replica,
            by: client)
        try recorder.complete(
            create, .committed(LSN(1), .empty, fromRetryCache: false), by: client)
        let reserve = try recorder.invoke(
            .reserve(ResourceID(1), HolderID(5), ttl: SlotCount(10)), id: OperationID(2),
            slot: Slot(1), endpoint: replica, by: client)
        let granted = CommitResult(
            reservationID: ReservationID(2), epoch: LeaseEpoch(1), deadline: Slot(11))
        try recorder.complete(
            reserve, .committed(LSN(2), granted, fromRetryCache: false), by: client)
        let read = try recorder.invoke(
            .getResource(ResourceID(1), requiredLSN: nil), id: nil, slot: nil, endpoint: replica,
            by: client)
        let view = ResourceView(
            resourceID: ResourceID(1), state: state,
            currentReservation: state == .available ? nil : ReservationID(2),
            version: state == .available ? 0 : 1)
        try recorder.complete(read, .read(.resource(view), .unknown), by: client)
        try recorder.finish()
    }

    @Test("a record without contradiction passes, also named by its bundle")
    func passed() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/history.record"
            try Self.write(to: path, readingState: .reserved)
            for name in [path, folder] {
                let result = CommandLineTests.run("analyze '\(name)'")
                #expect(result.status == 0, "\(result.output)")
                #expect(result.output.hasPrefix("PASSED  "))
                #expect(result.output.contains("6 events, 3 attempts"))
            }
        }
    }

    @Test("a stale read is blocked, with the promise and the events")
    func blocked() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/record"
            try Self.write(to: path, readingState: .available)
            let text = CommandLineTests.run("analyze '\(path)'")
            #expect(text.status == 1)
            #expect(
                text.output.contains(
                    "1. stale-read  (promise 16, blocks release, decided by witness)"),
                "\(text.output)")
            #expect(text.output.contains("- event 6: "), "\(text.output)")
            #expect(text.output.contains("attempt 3: resource 1 is available"))
            let json = CommandLineTests.run("analyze --format json '\(path)'")
            let object = try JSONValue(text: json.output)
            #expect(object["findings"][0]["code"].string == "stale-read")
            #expect(object["findings"][0]["events"].array.count == 2)
            #expect(object["findings"][0]["severity"].string == "blocks release")
            #expect(object["findings"][0]["stage"].string == "witness")
        }
    }

    @Test("a record that was cut off at any byte is judged as far as it goes, and says so")
    func cutOff() throws {
        try withTemporaryFolder { folder in
            let whole = "\(folder)/whole"
            try Self.write(to: whole, readingState: .reserved)
            let bytes = try Data(contentsOf: URL(filePath: whole))
            let cut = URL(filePath: "\(folder)/cut")
            for removed in [1, 9, 12] {
                try bytes.dropLast(removed).write(to: cut)
                let result = CommandLineTests.run("analyze '\(cut.path)'")
                #expect(result.output.contains("The record was cut off"), "\(result.output)")
                #expect(result.status == 0 || result.status == 2)
            }
            try Data("ALLOCHST".utf8).write(to: cut)
            #expect(CommandLineTests.run("analyze '\(cut.path)'").status == 2)
        }
    }
}
