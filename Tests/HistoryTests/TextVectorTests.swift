import History
import TestSupport
import Testing

@Suite("Text version 1 is read and written as the reference does")
struct TextVectorTests {
    @Test("all 173 histories give the expected events or the expected error")
    func everyHistory() throws {
        let histories = try Vectors.json("histories/index.json")["histories"].array
        var malformed = 0
        for entry in histories {
            let name = try #require(entry["file"].string)
            let text = try Vectors.bytes("histories/\(name)")
            if entry["group"].string == "malformed" {
                malformed += 1
                let error = #expect(throws: TextHistoryError.self, "\(name)") {
                    try TextHistoryReader.events(of: text)
                }
                let expected = try #require(entry["stderr"].string)
                #expect("failed to load history: \(error?.description ?? "")\n" == expected)
                continue
            }
            let events = try TextHistoryReader.events(of: text)
            #expect(events.count == entry["events"].integer(), "\(name)")
            let original = String(decoding: text, as: UTF8.self)
            #expect(encoded(events) == entry["canonical_text"].string ?? original, "\(name)")
        }
        print("histories: \(histories.count) cases read, \(malformed) of them malformed")
        #expect(histories.count == 173)
        #expect(malformed == 63)
    }

    @Test("a history gives the same events in whatever portions it arrives")
    func portions() throws {
        let histories = try Vectors.json("histories/index.json")["histories"].array
        for entry in histories {
            let name = try #require(entry["file"].string)
            let text = try Vectors.bytes("histories/\(name)")
            let whole = Result { try TextHistoryReader.events(of: text) }
            for size in [1, 7, 64] {
                let pieces = Result { try read(text, inPortionsOf: size) }
                switch (whole, pieces) {
                case (.success(let expected), .success(let found)):
                    #expect(expected == found, "\(name) by \(size)")
                case (.failure(let expected), .failure(let found)):
                    #expect("\(expected)" == "\(found)", "\(name) by \(size)")
                default: Issue.record("\(name) by \(size): \(whole) but \(pieces)")
                }
            }
        }
    }

    private func read(_ text: [UInt8], inPortionsOf size: Int) throws -> [TextEvent] {
        var reader = TextHistoryReader()
        var events: [TextEvent] = []
        var start = 0
        while start < text.count {
            let end = min(start + size, text.count)
            reader.feed(text.span.extracting(start..<end)) { events.append(copy $0) }
            start = end
        }
        try reader.finish { events.append(copy $0) }
        return events
    }

    private func encoded(_ events: [TextEvent]) -> String {
        var writer = TextHistoryWriter()
        for event in events { writer.write(event) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
