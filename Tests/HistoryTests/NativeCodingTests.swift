import HistorySamples
import Testing

@testable import History

@Suite("Events and headers are written and read back")
struct NativeCodingTests {
    @Test("random events of every kind survive", arguments: [1, 2, 3] as [UInt64])
    func events(_ seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        var encoder = VarintWriter()
        var expected: [HistoryEvent] = []
        for index in 0..<3000 as Range<UInt64> {
            let event = HistoryEvent(
                sequence: Sequence(100 + index), time: RunInstant(random.below(.max)),
                process: ProcessID(UInt32(random.below(1 << 32))),
                content: random.content(attempt: index))
            expected.append(event)
            let previous = expected.dropLast().last?.time.rawValue ?? 0
            encoder.add(event, since: previous)
        }
        var decoder = EventDecoder(encoder.bytes)
        var found: [HistoryEvent] = []
        for (first, count) in [(100, 1000), (1100, 1), (1101, 1999)] as [(UInt64, UInt32)] {
            decoder.begin(first: Sequence(first), eventCount: count)
            while let event = try decoder.next() { found.append(event) }
        }
        try decoder.checkEnd(at: encoder.count)
        #expect(found == expected, "seed \(seed)")
    }

    @Test(
        "a payload that ends early or holds another byte never traps",
        arguments: [4, 5] as [UInt64])
    func damagedPayloads(_ seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        var encoder = VarintWriter()
        for index in 0..<50 as Range<UInt64> {
            encoder.add(
                HistoryEvent(
                    sequence: Sequence(index + 1), time: RunInstant(index), process: .tool,
                    content: random.content(attempt: index)), since: index)
        }
        let payload = encoder.bytes
        for count in payload.indices {
            #expect(throws: VarintReader.Malformed.self, "seed \(seed), \(count) bytes") {
                try Self.decode(Array(payload[..<count]))
            }
        }
        for place in payload.indices {
            var changed = payload
            changed[place] ^= UInt8(1 + random.below(255))
            // Whatever comes out, it ends without a trap and without a huge allocation.
            _ = try? Self.decode(changed)
        }
    }

    private static func decode(_ bytes: [UInt8]) throws {
        var decoder = EventDecoder(bytes)
        decoder.begin(first: Sequence(1), eventCount: 50)
        while try decoder.next() != nil {}
        try decoder.checkEnd(at: bytes.count)
    }

    @Test("a header survives, and every shorter one is refused")
    func header() throws {
        let extract = RecordExtract(
            of: 900, isContiguous: true, mayHideEffects: true,
            leftOut: [
                .init(first: LSN(1), last: LSN(300), slot: nil),
                .init(
                    first: LSN(302), last: LSN(302), slot: Slot(7),
                    changes: [.init(ResourceID(1 << 100), count: 2)]),
            ])
        for origin in [
            .recorded, .excerpt(of: nil), .excerpt(of: 1 << 40), .merged, .extract(extract),
            .extract(RecordExtract(of: 0)),
        ] as [RunHeader.Origin] {
            var header = RunHeader.example
            header.origin = origin
            let payload = HeaderCoding.payload(header)
            #expect(try HeaderCoding.header(payload, .two) == header)
            for count in 2..<payload.count {
                #expect(throws: VarintReader.Malformed.self) {
                    try HeaderCoding.header(Array(payload[..<count]), .two)
                }
            }
        }
    }

    @Test("numbers take as many bytes as they need")
    func sizes() throws {
        for value in [0, 127, 128, 16383, 16384, UInt64.max] {
            var writer = VarintWriter()
            writer.number(value)
            writer.number(UInt128(value))
            let bits = max(64 - value.leadingZeroBitCount, 1)
            #expect(writer.count == 2 * ((bits + 6) / 7))
            var reader = VarintReader(writer.bytes)
            #expect(try reader.number(as: UInt64.self) == value)
            #expect(try reader.number(as: UInt128.self) == UInt128(value))
        }
        var writer = VarintWriter()
        writer.number(UInt128(UInt64.max) + 1)
        #expect(throws: VarintReader.Malformed.self) {
            var reader = VarintReader(writer.bytes)
            return try reader.number(as: UInt64.self)
        }
    }
}

extension VarintWriter {
    /// An event as it stands in a chunk.
    fileprivate mutating func add(_ event: HistoryEvent, since previous: UInt64) {
        let content = EncodedContent(event.content)
        byte(content.tag)
        number(event.time.rawValue &- previous)
        number(UInt64(event.process.rawValue))
        append(content.writer.bytes)
    }
}
