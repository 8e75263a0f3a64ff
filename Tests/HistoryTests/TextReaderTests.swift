import History
import HistorySamples
import TestSupport
import Testing

/// What the golden files leave open.
@Suite("Lines of text version 1")
struct TextReaderTests {
    private static let good =
        "sequence=1 process=p time_millis=7 operation=get_resource resource_id=1"
        + " outcome=read_ok read_target=resource served_by=1 served_role=primary"
        + " observed_lsn=1 resource_state=available"

    private func read(_ lines: [String]) throws -> [TextEvent] {
        try TextHistoryReader.events(of: Array(lines.joined(separator: "\n").utf8))
    }

    @Test(
        "every white space of Unicode separates tokens",
        arguments: [
            "\t", "\u{b}", "\u{c}", "\u{85}", "\u{a0}", "\u{1680}", "\u{2000}", "\u{200a}",
            "\u{2028}", "\u{2029}", "\u{202f}", "\u{205f}", "\u{3000}",
        ])
    func whiteSpace(_ blank: String) throws {
        let line = blank + Self.good.replacing(" ", with: blank) + blank
        #expect(try read(["version=1", line]) == read(["version=1", Self.good]))
        #expect(try read([blank, "version=1", blank, Self.good]).count == 1)
    }

    @Test(
        "what only looks like white space belongs to the value",
        arguments: ["\u{200b}", "\u{180e}", "\u{feff}", "\u{1f}"])
    func notWhiteSpace(_ character: String) throws {
        let line = Self.good.replacing("process=p", with: "process=p\(character)q")
        #expect(try read(["version=1", line]).first?.process == "p\(character)q")
    }

    @Test("an error names its line, blank lines counted")
    func lineNumbers() {
        let error = #expect(throws: TextHistoryError.self) {
            try read(["", "version=1", "", Self.good, Self.good + " sequence=x"])
        }
        #expect(error?.line == 5)
        #expect(error?.description == "invalid value for `sequence`: `x`")
    }

    @Test("text that is no UTF-8 is reported before an earlier bad line")
    func notText() {
        let bytes = Array("version=2\nsequence=".utf8) + [0xff, 0x0a]
        let error = #expect(throws: TextHistoryError.self) {
            try TextHistoryReader.events(of: bytes)
        }
        #expect(error?.description == "i/o error: stream did not contain valid UTF-8")
    }

    @Test(
        "numbers at and beyond their limits",
        arguments: [
            ("operation_id", "340282366920938463463374607431768211455", true),
            ("operation_id", "340282366920938463463374607431768211456", false),
            (
                "operation_id", "+00000000000000000000000000000000000000000000000000000000000001",
                true
            ),
            ("operation_id", "++1", false), ("operation_id", "+", false),
            ("ttl_slots", "18446744073709551615", true),
            ("ttl_slots", "18446744073709551616", false),
            ("ttl_slots", "9999999999999999999", true), ("ttl_slots", "1:", false),
            ("ttl_slots", "1/", false), ("ttl_slots", "\u{664}", false),
        ])
    func numbers(_ key: String, _ value: String, _ isValid: Bool) throws {
        let result = Result { try read(["version=1", Self.good + " \(key)=\(value)"]) }
        switch result {
        case .success: #expect(isValid)
        case .failure(let error):
            #expect(!isValid)
            #expect("\(error)" == "invalid value for `\(key)`: `\(value)`")
        }
    }

    @Test("a key that is longer than any known, or equal to one in parts, is ignored")
    func unknownKeys() throws {
        let line = Self.good + " committed_reservation_id_of_somebody_else=x resourceXid=y =z"
        #expect(try read(["version=1", line]) == read(["version=1", Self.good]))
    }

    @Test("changed bytes give events or an error, never a trap", arguments: [1, 2] as [UInt64])
    func mutations(_ seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        let names = try Vectors.json("histories/index.json")["histories"].array
        var read = 0
        for entry in names {
            let text = try Vectors.bytes("histories/\(#require(entry["file"].string))")
            guard !text.isEmpty else { continue }
            for _ in 0..<20 {
                var changed = text
                for _ in 0...random.below(3) {
                    let place = Int(random.below(UInt64(changed.count)))
                    switch random.below(4) {
                    case 0: changed[place] = UInt8(random.below(256))
                    case 1: changed.remove(at: place)
                    case 2: changed.insert(random.one(of: Array(" =:,\n0+-".utf8)), at: place)
                    default: changed.removeSubrange(place...)
                    }
                    if changed.isEmpty { break }
                }
                guard let events = try? TextHistoryReader.events(of: changed) else { continue }
                read += 1
                // What could be read is written so that it reads the same again.
                var writer = TextHistoryWriter()
                for event in events { writer.write(event) }
                #expect(try TextHistoryReader.events(of: writer.bytes) == events, "seed \(seed)")
            }
        }
        #expect(read > 0)
    }

    @Test("a line beyond the limit is refused, one at the limit is read")
    func longLines() {
        let limit = 64
        var reader = TextHistoryReader(lineLimit: limit)
        reader.feed(Array("version=1 \(String(repeating: " ", count: limit - 10))\n".utf8).span) {
            _ in
        }
        #expect(throws: Never.self) { try reader.finish { _ in } }
        reader = TextHistoryReader(lineLimit: limit)
        for _ in 0...limit { reader.feed([UInt8(ascii: "a")].span) { _ in } }
        let error = #expect(throws: TextHistoryError.self) { try reader.finish { _ in } }
        #expect(error?.description == "i/o error: a line exceeds 64 bytes")
    }
}
