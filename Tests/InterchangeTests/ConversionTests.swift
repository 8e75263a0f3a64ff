import Foundation
import History
import HistorySamples
import SystemCalls
import TestSupport
import Testing

@testable import Interchange

@Suite("A history keeps what it says from one form to another, or the tool says what it lost")
struct ConversionTests {
    static func write(_ record: RunRecord, to path: String) throws {
        var writer = try NativeRecordWriter(creating: path, header: record.header)
        for event in record.events { try writer.append(event) }
        try writer.finish(isWhole: record.isComplete)
    }

    @Test(
        "records of every kind of event survive JSON and EDN and both in turn",
        arguments: [1, 2, 3] as [UInt64])
    func roundTrips(_ seed: UInt64) throws {
        try withTemporaryFolder { folder in
            for isComplete in [true, false] {
                var record = RunRecord.random(500, seed: seed)
                record.isComplete = isComplete
                let base = "\(folder)/\(isComplete)"
                try Self.write(record, to: base + ".record")
                let way: [(HistoryForm, String)] = [
                    (.jsonLines, ".jsonl"), (.edn, ".edn"), (.jsonLines, ".again.jsonl"),
                    (.record, ".again.record"),
                ]
                var from = base + ".record"
                for (form, ending) in way {
                    let made = try Conversion.convert(from, to: form, output: base + ending)
                    #expect(made.eventsWritten == 500 && made.losses.isEmpty)
                    from = base + ending
                    #expect(try HistoryForm.of(from) == form)
                }
                #expect(try RunRecord(contentsOf: from) == record, "seed \(seed)")
                #expect(
                    try FileSystem.read(base + ".jsonl", limit: 1 << 24)
                        == FileSystem.read(base + ".again.jsonl", limit: 1 << 24))
            }
        }
    }

    @Test("the operations of EDN are what Jepsen demands of them")
    func jepsenRules() throws {
        try withTemporaryFolder { folder in
            try Self.write(Self.conversation, to: folder + "/a.record")
            _ = try Conversion.convert(
                folder + "/a.record", to: .edn, output: folder + "/a.edn")
            let text = try String(
                decoding: FileSystem.read(folder + "/a.edn", limit: 1 << 20), as: UTF8.self)
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#_") }
            #expect(lines.joined(separator: "\n") == Self.jepsenLines)
        }
    }

    /// The process that got no answer has crashed: the client goes on as another.
    private static let jepsenLines = """
        {:type :invoke, :f :reserve, :value {:resource 7, :holder 3, :ttl 5}, :process 1, \
        :time 10, :index 0, :client 1, :attempt 1, :endpoint 2, \
        :operation-id 99999999999999999999N, :slot 40}
        {:type :info, :f :begin-crash, :value {:fault 1, :phase :begin, :kind "crash", \
        :targets [2], :detail ""}, :process :nemesis, :time 15, :index 1, :client 0}
        {:type :info, :f :reserve, :value nil, :process 1, :time 20, :index 2, :client 1, \
        :attempt 1, :outcome :ambiguous, :error :timeout}
        {:type :invoke, :f :get-resource, :value {:resource 7, :required-lsn 4}, \
        :process 1000001, :time 30, :index 3, :client 1, :attempt 2, :endpoint 1}
        {:type :fail, :f :get-resource, :value {:role :backup}, :process 1000001, :time 40, \
        :index 4, :client 1, :attempt 2, :outcome :failed, :error :not-primary}
        {:type :invoke, :f :tick-expirations, :value nil, :process 1000001, :time 50, \
        :index 5, :client 1, :attempt 3, :endpoint 1, :slot 41}
        {:type :ok, :f :tick-expirations, :value {:applied 0}, :process 1000001, :time 60, \
        :index 6, :client 1, :attempt 3, :outcome :ticked}
        """

    /// One client that meets an ambiguity, a failure and a success, and a fault.
    static var conversation: RunRecord {
        let client = ProcessID(1)
        let contents: [(UInt64, ProcessID, HistoryEvent.Content)] = [
            (
                10, client,
                .invoke(
                    Invocation(
                        attempt: AttemptNumber(1),
                        operationID: OperationID(99_999_999_999_999_999_999),
                        operation: .reserve(ResourceID(7), HolderID(3), ttl: SlotCount(5)),
                        slot: Slot(40), endpoint: ReplicaID(2)))
            ),
            (
                15, .tool,
                .fault(
                    FaultEvent(
                        id: FaultID(1), phase: .begin, kind: "crash", targets: [ReplicaID(2)]))
            ),
            (20, client, .complete(AttemptNumber(1), .ambiguous(.timeout))),
            (
                30, client,
                .invoke(
                    Invocation(
                        attempt: AttemptNumber(2), operationID: nil,
                        operation: .getResource(ResourceID(7), requiredLSN: LSN(4)), slot: nil,
                        endpoint: ReplicaID(1)))
            ),
            (40, client, .complete(AttemptNumber(2), .failed(.notPrimary(role: .backup)))),
            (
                50, client,
                .invoke(
                    Invocation(
                        attempt: AttemptNumber(3), operationID: nil, operation: .tickExpirations,
                        slot: Slot(41), endpoint: ReplicaID(1)))
            ),
            (60, client, .complete(AttemptNumber(3), .ticked(applied: 0, lastLSN: nil))),
        ]
        let events = contents.enumerated().map { index, entry in
            HistoryEvent(
                sequence: Sequence(UInt64(index + 1)), time: RunInstant(entry.0),
                process: entry.1, content: entry.2)
        }
        return RunRecord(header: .example, events: events)
    }

    @Test("EDN may stand in a vector, over many lines and with comments")
    func looseEDN() throws {
        try withTemporaryFolder { folder in
            try Self.write(Self.conversation, to: folder + "/a.record")
            _ = try Conversion.convert(
                folder + "/a.record", to: .edn, output: folder + "/a.edn")
            let text = try String(
                decoding: FileSystem.read(folder + "/a.edn", limit: 1 << 20), as: UTF8.self)
            let loose = "; a comment\n[" + text.replacing(", ", with: ",\n   ") + "]\n"
            try FileSystem.write(Array(loose.utf8), to: folder + "/loose.edn")
            _ = try Conversion.convert(
                folder + "/loose.edn", to: .record, output: folder + "/b.record")
            #expect(try RunRecord(contentsOf: folder + "/b.record") == Self.conversation)
        }
    }

    @Test("texts survive JSON and EDN; a record of them is refused")
    func texts() throws {
        var count = 0
        try withTemporaryFolder { folder in
            for entry in try Vectors.json("histories/index.json")["histories"].array {
                let name = try #require(entry["file"].string)
                let path = Vectors.folder.path + "/histories/" + name
                guard let events = try? HistoryFile.textEvents(path) else { continue }
                count += 1
                var from = path
                for form in [.jsonLines, .edn, .text] as [HistoryForm] {
                    let next = "\(folder)/\(name).\(form.rawValue)"
                    let made = try Conversion.convert(from, to: form, output: next)
                    #expect(made.eventsWritten == UInt64(events.count))
                    #expect(made.losses.isEmpty == (form != .edn))
                    #expect(throws: InterchangeError.self) {
                        try Conversion.convert(next, to: .record, output: folder + "/x")
                    }
                    #expect(!FileSystem.exists(folder + "/x"))
                    from = next
                }
                #expect(try HistoryFile.textEvents(from) == events, "\(name)")
            }
        }
        #expect(count > 100)
    }

    @Test("an export names what it leaves out, and is what the record's own export is")
    func export() throws {
        try withTemporaryFolder { folder in
            let record = RunRecord.random(800, seed: 9)
            try Self.write(record, to: folder + "/a.record")
            let made = try Conversion.convert(
                folder + "/a.record", to: .text, output: folder + "/a.txt")
            let whole = TextExport(record)
            #expect(try HistoryFile.textEvents(folder + "/a.txt") == whole.events)
            #expect(made.eventsWritten == UInt64(whole.events.count))
            #expect(made.losses.count >= 2 + whole.omitted.count)
            for (omission, count) in whole.omitted {
                #expect(
                    made.losses.contains { $0.contains("\(omission.rawValue): \(count).") })
            }
        }
    }

    @Test("what is there is not overwritten, and what fails leaves nothing behind")
    func outputs() throws {
        try withTemporaryFolder { folder in
            try FileSystem.write(Array("mine".utf8), to: folder + "/taken")
            try Self.write(Self.conversation, to: folder + "/a.record")
            for form in HistoryForm.allCases {
                #expect(throws: InterchangeError.self) {
                    try Conversion.convert(
                        folder + "/a.record", to: form, output: folder + "/taken")
                }
            }
            #expect(try FileSystem.read(folder + "/taken", limit: 10) == Array("mine".utf8))
            let bad = "{\"type\":\"header\"}\n{\"type\":\n"
            try FileSystem.write(Array(bad.utf8), to: folder + "/bad.jsonl")
            #expect(throws: InterchangeError.self) {
                try Conversion.convert(
                    folder + "/bad.jsonl", to: .edn, output: folder + "/new")
            }
            #expect(!FileSystem.exists(folder + "/new"))
        }
    }

    @Test("a changed byte gives other events or an error with its line, never a trap")
    func changedBytes() throws {
        try withTemporaryFolder { folder in
            try Self.write(Self.conversation, to: folder + "/a.record")
            for form in [.jsonLines, .edn] as [HistoryForm] {
                let path = "\(folder)/a.\(form.rawValue)"
                _ = try Conversion.convert(folder + "/a.record", to: form, output: path)
                let bytes = try FileSystem.read(path, limit: 1 << 20)
                let changed = "\(folder)/changed"
                for place in stride(from: 0, to: bytes.count, by: 3) {
                    var other = bytes
                    other[place] = [0x7b, 0x22, 0x00, 0xff, 0x5d, 0x2d][place % 6]
                    try FileSystem.write(other, to: changed)
                    _ = try? {
                        var input = try RecordInput(path: changed)
                        while try input.next() != nil {}
                    }()
                }
            }
            try FileSystem.write(
                Array("{\"type\":\"header\",\"format\":\"allocdb_record\"}\n".utf8),
                to: folder + "/bad")
            let error = #expect(throws: InterchangeError.self) {
                try RecordInput(path: folder + "/bad")
            }
            #expect(error?.description == "\(folder)/bad, line 1: `version` is missing")
        }
    }

    @Test("histories of other systems are not taken for records of the allocator")
    func foreign() throws {
        try withTemporaryFolder { folder in
            for text in ["{:type :invoke, :f :read, :process 0}\n", "{\"type\":\"invoke\"}\n"] {
                try FileSystem.write(Array(text.utf8), to: folder + "/foreign")
                let error = #expect(throws: InterchangeError.self) {
                    try RecordInput(path: folder + "/foreign")
                }
                #expect(error?.description.contains("`search` judges them") == true)
            }
        }
    }
}
