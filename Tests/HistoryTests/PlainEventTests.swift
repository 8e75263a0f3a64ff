import HistorySamples
import TestSupport
import Testing

@testable import History

@Suite("Events of a fixed size say the same as those with lists and cases")
struct PlainEventTests {
    private static func encoded(_ events: [HistoryEvent]) -> [UInt8] {
        var writer = VarintWriter()
        var previous: UInt64 = 0
        for event in events {
            let content = EncodedContent(event.content)
            writer.byte(content.tag)
            writer.number(event.time.rawValue &- previous)
            previous = event.time.rawValue
            writer.number(UInt64(event.process.rawValue))
            writer.append(content.writer.bytes)
        }
        return writer.bytes
    }

    private static func decoded(_ bytes: [UInt8], count: Int, end: Int) -> PlainChunk? {
        var chunk = PlainChunk(first: Sequence(1))
        var decoder = PlainDecoder()
        decoder.decode(bytes.span, count: UInt32(count), end: end, into: &chunk)
        return decoder.isMalformed ? nil : chunk
    }

    @Test("both decoders read the same", arguments: 1...8 as ClosedRange<UInt64>)
    func same(_ seed: UInt64) {
        let events = RunRecord.random(3000, seed: seed).events
        let bytes = Self.encoded(events)
        let chunk = Self.decoded(bytes, count: events.count, end: bytes.count)
        #expect(chunk == PlainChunk(events))
    }

    @Test("bytes that end too early, or too late, are malformed")
    func cut() {
        let events = RunRecord.random(60, seed: 9).events
        let bytes = Self.encoded(events)
        for count in bytes.indices {
            let cut = Array(bytes[..<count])
            #expect(Self.decoded(cut, count: events.count, end: bytes.count) == nil)
        }
        #expect(Self.decoded(bytes + [0], count: events.count, end: bytes.count + 1) == nil)
        #expect(Self.decoded(bytes, count: events.count - 1, end: bytes.count) == nil)
    }

    @Test("a record is read in chunks of them, whatever its pieces")
    func record() throws {
        try withTemporaryFolder { folder in
            let record = RunRecord.random(20_000, seed: 3)
            let path = folder + "/record"
            var writer = try NativeRecordWriter(creating: path, header: record.header)
            for (number, event) in record.events.enumerated() {
                try writer.append(event)
                if number.isMultiple(of: 700) { try writer.flush() }
            }
            try writer.finish()
            var plain = try NativeRecordReader(path: path)
            var full = try NativeRecordReader(path: path)
            var chunks = 0
            while let events = try full.nextBatch() {
                #expect(try plain.nextPlainChunk() == PlainChunk(events))
                chunks += 1
            }
            #expect(try plain.nextPlainChunk() == nil)
            #expect(chunks > 2)
        }
    }
}
