import Testing

@testable import History

@Suite("Events and headers are written and read back")
struct NativeCodingTests {
    @Test("random events of every kind survive", arguments: [1, 2, 3] as [UInt64])
    func events(_ seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        var encoder = ChunkEncoder()
        var expected: [HistoryEvent] = []
        for index in 0..<3000 as Range<UInt64> {
            let event = HistoryEvent(
                sequence: Sequence(100 + index), time: RunInstant(random.below(.max)),
                process: ProcessID(UInt32(random.below(1 << 32))),
                content: random.content(attempt: index))
            expected.append(event)
            encoder.add(EncodedContent(event.content), at: event.time, by: event.process)
        }
        let payload = encoder.payload(first: Sequence(100))
        var decoder = try EventDecoder(payload)
        var found: [HistoryEvent] = []
        while let event = try decoder.next() { found.append(event) }
        #expect(found == expected, "seed \(seed)")
    }

    @Test(
        "a payload that ends early or holds another byte never traps",
        arguments: [4, 5] as [UInt64])
    func damagedPayloads(_ seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        var encoder = ChunkEncoder()
        for index in 0..<50 as Range<UInt64> {
            encoder.add(
                EncodedContent(random.content(attempt: index)), at: RunInstant(index), by: .tool)
        }
        let payload = encoder.payload(first: Sequence(1))
        for count in 2..<payload.count {
            #expect(throws: VarintReader.Malformed.self, "seed \(seed), \(count) bytes") {
                var decoder = try EventDecoder(Array(payload[..<count]))
                while try decoder.next() != nil {}
            }
        }
        for place in payload.indices {
            var changed = payload
            changed[place] ^= UInt8(1 + random.below(255))
            // Whatever comes out, it ends without a trap and without a huge allocation.
            _ = try? {
                var decoder = try EventDecoder(changed)
                while try decoder.next() != nil {}
            }()
        }
    }

    @Test("a header survives, and every shorter one is refused")
    func header() throws {
        let payload = HeaderCoding.payload(.example)
        #expect(try HeaderCoding.header(payload) == .example)
        for count in 2..<payload.count {
            #expect(throws: VarintReader.Malformed.self) {
                try HeaderCoding.header(Array(payload[..<count]))
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
