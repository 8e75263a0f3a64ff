import Glibc
import History
import HistorySamples
import SystemCalls
import TestSupport
import Testing

@Suite("A record is written in chunks and read back in parallel, in order")
struct RecordFormatTests {
    /// Writes with a flush after every `flushes` events.
    private static func write(
        _ record: RunRecord, to path: String, flushes: Int = .max
    ) throws {
        var writer = try NativeRecordWriter(creating: path, header: record.header)
        for (number, event) in record.events.enumerated() {
            try writer.append(event)
            if (number + 1).isMultiple(of: flushes) { try writer.flush() }
        }
        try writer.finish(isWhole: record.isComplete)
    }

    @Test(
        "what was written is read, whatever the pieces and the threads",
        arguments: [1, 7, 1000, .max])
    func roundTrip(_ flushes: Int) throws {
        try withTemporaryFolder { folder in
            let record = RunRecord.random(flushes == 1 ? 2000 : 12_000, seed: 1)
            for isComplete in [true, false] {
                let path = folder + "/\(isComplete).record"
                let written = RunRecord(
                    header: record.header, events: record.events, isComplete: isComplete)
                try Self.write(written, to: path, flushes: flushes)
                for jobs in [1, 2, 5] {
                    var reader = try NativeRecordReader(path: path, jobs: jobs)
                    #expect(reader.header == record.header)
                    #expect(reader.formatVersion == 2)
                    #expect(reader.ending == (isComplete ? .finished : .cutOff))
                    #expect(reader.eventCount == UInt64(record.events.count))
                    var events: [HistoryEvent] = []
                    while let event = try reader.next() { events.append(event) }
                    #expect(events == record.events)
                }
                #expect(try RunRecord(contentsOf: path) == written)
            }
        }
    }

    @Test("the index of a finished record and the look at a cut one tell the same chunks")
    func index() throws {
        try withTemporaryFolder { folder in
            var record = RunRecord.random(30_000, seed: 2)
            try Self.write(record, to: folder + "/whole", flushes: 500)
            record.isComplete = false
            try Self.write(record, to: folder + "/cut", flushes: 500)
            let whole = try NativeRecordReader(path: folder + "/whole").chunks
            #expect(whole.count > 4)
            #expect(try NativeRecordReader(path: folder + "/cut").chunks == whole)
            #expect(whole.reduce(0) { $0 + $1.eventCount } == 30_000)
            for chunk in whole {
                let first = Int(chunk.first.rawValue) - 1
                let events = record.events[first..<first + Int(chunk.eventCount)]
                #expect(chunk.times == events.first!.time...events.last!.time)
            }
        }
    }

    @Test("a reader that is left early, or told to skip chunks, hands out no others")
    func partly() throws {
        try withTemporaryFolder { folder in
            let record = RunRecord.random(30_000, seed: 3)
            try Self.write(record, to: folder + "/whole")
            for count in [0, 1, 5000] {
                var reader = try NativeRecordReader(path: folder + "/whole", jobs: 3)
                for index in 0..<count { #expect(try reader.next() == record.events[index]) }
            }
            var reader = try NativeRecordReader(path: folder + "/whole")
            let last = try #require(reader.chunks.last)
            reader.skipChunks { $0.first == last.first }
            #expect(try reader.nextBatch()?.count == Int(last.eventCount))
            #expect(try reader.nextBatch() == nil)
        }
    }

    @Test("records of version 1 are still read", arguments: [1, 10, 4000])
    func versionOne(_ eventsPerChunk: Int) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/old"
            var record = RunRecord.random(4000, seed: 4)
            for isComplete in [true, false] {
                record.isComplete = isComplete
                let bytes = VersionOneEncoder.record(record, eventsPerChunk: eventsPerChunk)
                try FileSystem.write(bytes, to: path)
                #expect(try RunRecord(contentsOf: path) == record)
                let reader = try NativeRecordReader(path: path)
                #expect(reader.formatVersion == 1)
                #expect(reader.eventCount == 4000)
            }
        }
    }

    @Test("only an excerpt may leave sequences out, and none goes back")
    func gaps() throws {
        try withTemporaryFolder { folder in
            let record = RunRecord.random(300, seed: 5)
            var header = record.header
            header.origin = .excerpt(of: 300)
            var writer = try NativeRecordWriter(creating: folder + "/excerpt", header: header)
            let kept = record.events.filter { $0.sequence.rawValue % 7 < 3 }
            for event in kept { try writer.append(event) }
            #expect(throws: HistoryFileError.self) { try writer.append(kept[0]) }
            try writer.finish()
            #expect(
                try RunRecord(contentsOf: folder + "/excerpt")
                    == RunRecord(header: header, events: kept))
            var strict = try NativeRecordWriter(
                creating: folder + "/record", header: record.header)
            try strict.append(record.events[0])
            #expect(throws: HistoryFileError.self) { try strict.append(record.events[2]) }
        }
    }

    @Test("an event beyond the limit is refused, one at the limit is read back")
    func largeEvents() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/large"
            var writer = try NativeRecordWriter(creating: path, header: .example)
            func note(_ bytes: Int, _ sequence: UInt64) -> HistoryEvent {
                HistoryEvent(
                    sequence: Sequence(sequence), time: RunInstant(sequence), process: .tool,
                    content: .note(String(repeating: "x", count: bytes)))
            }
            // Three bytes tell the length of the text.
            let limit = 2 << 20
            for sequence in 1...3 as ClosedRange<UInt64> {
                try writer.append(note(limit - 3, sequence))
            }
            #expect(throws: HistoryFileError.eventTooLarge(path: path, bytes: limit + 1)) {
                try writer.append(note(limit - 2, 4))
            }
            try writer.finish()
            #expect(try RunRecord(contentsOf: path).events.count == 3)
        }
    }
}
