import History
import HistorySamples
import SystemCalls
import TestSupport
import Testing

@testable import Interchange

@Suite("Parts of records say that they are parts, and become the record again")
struct PartsTests {
    private static let record = RunRecord.random(900, seed: 21)

    private static func withWholeRecord(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try ConversionTests.write(record, to: folder + "/whole")
            try body(folder)
        }
    }

    @Test("a slice keeps the events asked for, under their sequences, in every form")
    func slices() throws {
        let times = record(at: 200)...record(at: 600)
        let cases: [(Slice, (HistoryEvent) -> Bool)] = [
            (Slice(sequences: 100...300), { (100...300).contains($0.sequence.rawValue) }),
            (Slice(times: times), { times.contains($0.time) }),
            (
                Slice(processes: [ProcessID(2)]),
                { event in
                    switch event.content {
                    case .fault, .note: true
                    case .invoke, .complete: event.process == ProcessID(2)
                    }
                }
            ),
            (Slice(sequences: 5000...6000), { _ in false }),
        ]
        for (number, (slice, keeps)) in cases.enumerated() {
            try Self.withWholeRecord { folder in
                for form in [.record, .jsonLines, .edn] as [HistoryForm] {
                    let path = "\(folder)/\(number).\(form.rawValue)"
                    let made = try slice.cut(folder + "/whole", to: form, output: path)
                    #expect(made.eventsRead == 900)
                    var input = try RecordInput(path: path)
                    #expect(input.header.origin == .excerpt(of: 900))
                    var events: [HistoryEvent] = []
                    while let event = try input.next() { events.append(event) }
                    #expect(events == Self.record.events.filter(keeps))
                    #expect(made.eventsWritten == UInt64(events.count))
                }
            }
        }
    }

    @Test("an extract keeps what it says about the rest in every form, and is not cut or joined")
    func extracts() throws {
        try Self.withWholeRecord { folder in
            var record = Self.record
            let stretch = RecordExtract.LeftOut(
                first: LSN(2), last: LSN(9), slot: Slot(4),
                changes: [.init(ResourceID(1 << 90), count: 2)])
            record.header.origin = .extract(
                RecordExtract(
                    of: 900, mayHideEffects: true,
                    leftOut: [stretch, .init(first: LSN(11), last: LSN(11), slot: nil)]))
            record.events = record.events.filter { $0.sequence.rawValue % 3 == 0 }
            var paths: [String] = []
            for form in [.record, .jsonLines, .edn] as [HistoryForm] {
                let path = "\(folder)/extract.\(form.rawValue)"
                paths.append(path)
                var output = try RecordOutput(form, path: path, header: record.header)
                for event in record.events { try output.append(event) }
                try output.finish(isWhole: true)
                var input = try RecordInput(path: path)
                #expect(input.header == record.header)
                var events: [HistoryEvent] = []
                while let event = try input.next() { events.append(event) }
                #expect(events == record.events)
                #expect(throws: InterchangeError.self) {
                    try Slice().cut(path, to: .record, output: folder + "/cut")
                }
                #expect(throws: InterchangeError.self) {
                    try Conversion.convert(path, to: .text, output: folder + "/text")
                }
            }
            #expect(throws: InterchangeError.self) {
                try Merge.merge(paths, to: .record, output: folder + "/merged")
            }
        }
    }

    private func record(at index: Int) -> RunInstant { Self.record.events[index].time }

    @Test("slices that overlap and leave nothing out are the record again; others stay excerpts")
    func join() throws {
        try Self.withWholeRecord { folder in
            let parts = [(1, 400), (300, 600), (601, 900)].map { low, high in
                (Slice(sequences: UInt64(low)...UInt64(high)), "\(folder)/\(low)")
            }
            for (slice, path) in parts {
                _ = try slice.cut(folder + "/whole", to: .record, output: path)
            }
            let paths = parts.map(\.1)
            let made = try Merge.merge(
                [paths[2], paths[0], paths[1]], to: .record, output: folder + "/again")
            #expect(made.isRecord && made.eventsWritten == 900)
            #expect(try RunRecord(contentsOf: folder + "/again") == Self.record)
            let partly = try Merge.merge(
                [paths[0], paths[2]], to: .record, output: folder + "/partly")
            #expect(!partly.isRecord && partly.eventsWritten == 700)
            #expect(
                try NativeRecordReader(path: folder + "/partly").header.origin
                    == .excerpt(of: 900))
        }
    }

    @Test("recordings are merged by their clocks, each identity kept apart")
    func interleave() throws {
        try withTemporaryFolder { folder in
            var first = ConversionTests.conversation
            first.header.startedAt = 1000
            var second = first
            second.header.startedAt = 1025
            try ConversionTests.write(first, to: folder + "/1")
            try ConversionTests.write(second, to: folder + "/2")
            let made = try Merge.merge(
                [folder + "/2", folder + "/1"], to: .record, output: folder + "/merged")
            #expect(!made.isRecord && made.eventsWritten == 14)
            let merged = try RunRecord(contentsOf: folder + "/merged")
            #expect(merged.header.origin == .merged)
            #expect(merged.header.origin.obstacle != nil)
            #expect(
                merged.events.map(\.time.rawValue)
                    == [10, 15, 20, 30, 35, 40, 40, 45, 50, 55, 60, 65, 75, 85])
            #expect(merged.attempts.count == 6)
            #expect(Set(merged.attempts.map(\.invocation.attempt)).count == 6)
            #expect(Set(merged.attempts.map(\.process)).count == 2)
        }
    }

    @Test("what does not belong together is not merged, and no text is cut")
    func refused() throws {
        try Self.withWholeRecord { folder in
            var other = ConversionTests.conversation
            other.header.limits.maxResources += 1
            try ConversionTests.write(other, to: folder + "/other")
            _ = try Slice(sequences: 1...10).cut(
                folder + "/whole", to: .record, output: folder + "/part")
            let output = folder + "/new"
            for paths in [["whole", "other"], ["whole", "part"]] {
                #expect(throws: InterchangeError.self) {
                    try Merge.merge(
                        paths.map { "\(folder)/\($0)" }, to: .record, output: output)
                }
            }
            try FileSystem.write(Array("version=1\n".utf8), to: folder + "/text")
            for path in ["whole", "text"] {
                let form: HistoryForm = path == "whole" ? .text : .record
                #expect(throws: InterchangeError.self) {
                    try Slice().cut("\(folder)/\(path)", to: form, output: output)
                }
            }
            #expect(throws: InterchangeError.self) {
                try Conversion.convert(folder + "/part", to: .text, output: output)
            }
            #expect(!FileSystem.exists(output))
        }
    }

    @Test("statistics count what is there, in every form alike")
    func statistics() throws {
        try Self.withWholeRecord { folder in
            var all: [Statistics] = [try Statistics(of: folder + "/whole")]
            for form in [.jsonLines, .edn] as [HistoryForm] {
                let path = "\(folder)/a.\(form.rawValue)"
                _ = try Conversion.convert(folder + "/whole", to: form, output: path)
                all.append(try Statistics(of: path))
            }
            let invoked = Self.record.events.count {
                if case .invoke = $0.content { true } else { false }
            }
            for statistics in all {
                #expect(statistics.eventCount == 900)
                #expect(statistics.sequences == 1...900)
                #expect(statistics.isWhole == true)
                #expect(statistics.rows.reduce(0) { $0 + $1.asked } == UInt64(invoked))
                #expect(statistics.rows == all[0].rows)
                #expect(statistics.faults == all[0].faults)
                #expect(statistics.notes == all[0].notes && statistics.notes > 0)
                #expect(statistics.span == all[0].span)
                #expect(statistics.lastLSN == all[0].lastLSN)
            }
            #expect(all[0].formatVersion == 2 && all[0].chunkCount == 1)
        }
    }

    @Test("every event has words")
    func words() {
        for event in Self.record.events {
            let words = EventWords.of(event)
            #expect(words.hasPrefix("\(event.sequence)  ") && words.utf8.count > 12)
        }
        #expect(
            EventWords.of(ConversionTests.conversation.events[0])
                == "1  0.000000 s  client 1  asks replica 2 to reserve resource 7 for holder 3, "
                + "TTL 5 at slot 40 (attempt 1, operation 99999999999999999999)")
    }
}
