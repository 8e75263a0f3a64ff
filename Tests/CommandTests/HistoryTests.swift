import Foundation
import History
import TestSupport
import Testing

@Suite("allocdb-jepsen history")
struct HistoryCommandTests {
    private static let header = RunHeader(
        runID: "lease_safety-control", workload: "lease_safety", nemesis: "none",
        testbed: "local", seed: 7, concurrency: 2, slotRule: "constant", toolVersion: "0",
        limits: ClusterLimits())

    /// A folder with a record of three clients that read in turn, and one fault.
    private func withRecord(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try Self.record(to: "\(folder)/history.record")
            try body(folder)
        }
    }

    private static func record(to path: String) throws {
        let recorder = try Recorder(creating: path, header: header)
        let fault = try recorder.beginFault("crash", targets: [ReplicaID(1)])
        for round in 0..<30 as Range<UInt32> {
            let client = ProcessID(1 + round % 3)
            let attempt = try recorder.invoke(
                .getResource(ResourceID(UInt128(round)), requiredLSN: nil), id: nil, slot: nil,
                endpoint: ReplicaID(1), by: client)
            try recorder.complete(attempt, .read(.notFound, .unknown), by: client)
        }
        try recorder.endFault(fault, "crash", targets: [ReplicaID(1)])
        try recorder.finish()
    }

    private func run(_ line: String) -> Shell.Result { CommandLineTests.run("history " + line) }

    @Test("statistics of a bundle, for people and for programs")
    func stats() throws {
        try withRecord { folder in
            let text = run("stats '\(folder)'")
            #expect(text.status == 0)
            for part in [
                "history.record  (native record, version 2)", "62 events (1 to 62)",
                "whole: it ends with its mark", "fault crash: 1 begun, 1 ended",
            ] { #expect(text.output.contains(part), "\(part)") }
            let json = run("stats --format json '\(folder)/history.record'")
            let value = try JSONValue(text: json.output)
            #expect(value["events"].integer(Int.self) == 62)
            #expect(value["whole"].bool == true)
            let row = value["operations"][0]
            #expect(row["operation"].string == "get_resource")
            #expect(row["succeeded"].integer(Int.self) == 30)
            #expect(run("stats '\(folder)/missing'").status == 2)
        }
    }

    @Test("conversion there and back gives the same bytes, and tells losses on standard error")
    func convert() throws {
        try withRecord { folder in
            let record = "'\(folder)/history.record'"
            for form in ["jsonl", "edn"] {
                #expect(run("convert \(record) --to \(form) --output '\(folder)/a'").status == 0)
                #expect(
                    run("convert '\(folder)/a' --to record --output '\(folder)/b'").status == 0)
                #expect(Shell.run("cmp \(record) '\(folder)/b' && rm '\(folder)'/[ab]").status == 0)
            }
            let losses = CommandLineTests.errors(of: "history convert \(record) --to text")
            #expect(losses.output.contains("62 events of native record became 30 operations"))
            #expect(losses.output.contains("lost: Faults and notes are left out: 2."))
            // Whoever reads may stop: that is nobody's error.
            let head = Shell.run(
                "'\(CommandLineTests.program)' history convert \(record) --to jsonl 2>/dev/null "
                    + "| head -n 1")
            #expect(head.output.hasPrefix("{\"type\":\"header\""))
            #expect(run("convert \(record) --to record").status == 254)
        }
    }

    @Test("an excerpt is not judged, and becomes the record again")
    func slices() throws {
        try withRecord { folder in
            let record = "'\(folder)/history.record'"
            #expect(run("slice \(record) --sequences -40 --output '\(folder)/a'").status == 0)
            #expect(run("slice \(record) --sequences 30- --output '\(folder)/b'").status == 0)
            let judged = CommandLineTests.run("analyze '\(folder)/a'")
            #expect(judged.status == 2 && judged.output.contains("this is an excerpt"))
            #expect(run("merge '\(folder)/b' '\(folder)/a' --output '\(folder)/c'").status == 0)
            #expect(Shell.run("cmp \(record) '\(folder)/c'").status == 0)
            let one = run("slice \(record) --process 2 --to jsonl")
            #expect(one.output.split(separator: "\n").count == 1 + 22 + 1)
            for range in ["3", "5-4", "-", "x-3", "1-2-3"] {
                #expect(run("slice \(record) --sequences \(range) --to edn").status == 254)
            }
            let late = run("slice \(record) --seconds 1000- --to jsonl")
            #expect(late.output.split(separator: "\n").count == 2)
        }
    }

    @Test("the first events are shown in words, the first lines of a text as they are")
    func head() throws {
        try withRecord { folder in
            let lines = run("head --events 3 '\(folder)'").output.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines.first?.hasSuffix("fault 1 begins: crash on 1") == true)
            let text = Vectors.folder.path + "/histories/b01-missing-operation-id.txt"
            let shown = run("head --events 1 '\(text)'")
            #expect(shown.status == 0 && shown.output.hasPrefix("sequence="))
        }
    }
}
