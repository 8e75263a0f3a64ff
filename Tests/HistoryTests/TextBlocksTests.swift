import History
import SystemCalls
import TestSupport
import Testing

@Suite("A long text read on several threads is what one reader makes of it")
struct TextBlocksTests {
    private static let line =
        "process=client-1 time_millis=17 operation=reserve operation_id=7 resource_id=1 "
        + "holder_id=2 request_slot=3 ttl_slots=4 outcome=ambiguous reason=timeout"

    /// So many lines, of which some are replaced.
    private static func text(
        _ count: Int, _ changes: [Int: [UInt8]] = [:], ending: String = "\n"
    ) -> [UInt8] {
        var text = Array("version=1\n".utf8)
        for number in 1...count {
            text += changes[number] ?? Array("sequence=\(number) \(line)".utf8)
            if number < count { text.append(0x0a) }
        }
        return text + Array(ending.utf8)
    }

    private static let broken = Array("sequence=x operation=reserve".utf8)
    private static let notText: [UInt8] = Array("sequence=\u{20}".utf8) + [0xff, 0xfe]
    private static let long =
        Array(("a=" + String(repeating: "x", count: 700_000)).utf8)
        + Array(" sequence=5 \(line)".utf8)

    static let texts: [(String, [UInt8])] = [
        ("whole", text(5000)),
        ("without a last line end", text(5000, ending: "")),
        ("with a blank end", text(5000, ending: "\r\n\n  \n")),
        ("wrong in the first block", text(5000, [3: broken])),
        ("wrong in a later block", text(5000, [3000: broken])),
        ("wrong twice", text(5000, [4000: broken, 2000: broken])),
        ("wrong before what is no text", text(5000, [10: broken, 4500: notText])),
        ("wrong behind what is no text", text(5000, [10: notText, 4500: broken])),
        ("with a line over several blocks", text(5000, [2500: long])),
        ("with such a line last", text(2500, [2500: long], ending: "")),
        ("of another version", [UInt8]("version=2\n".utf8) + text(5000)),
        ("that begins blank", [UInt8](repeating: 0x0a, count: 600_000) + text(2500)),
    ]

    @Test("every text gives the same events or the same error", arguments: texts)
    func same(_ name: String, _ text: [UInt8]) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/history.txt"
            try FileSystem.write(text, to: path)
            let one = Result { () throws(TextHistoryError) in try Self.events(path, jobs: 1) }
            try samePlain(name, path)
            for jobs in [2, 3] {
                let many = Result { () throws(TextHistoryError) in try Self.events(path, jobs: jobs)
                }
                switch (one, many) {
                case (.success(let expected), .success(let found)):
                    #expect(found == expected, "\(name)")
                case (.failure(let expected), .failure(let found)):
                    #expect(found == expected, "\(name)")
                case (.success, .failure), (.failure, .success):
                    Issue.record("\(name): one reader and \(jobs) differ")
                }
            }
        }
    }

    /// In a fixed size each it is the same as well.
    private func samePlain(_ name: String, _ path: String) throws {
        for jobs in [1, 2, 3] {
            var expected: [PlainTextEvent] = []
            var found: [PlainTextEvent] = []
            let one = Result { () throws(TextHistoryError) in
                for event in try Self.events(path, jobs: 1) {
                    var chunk = PlainTextChunk()
                    chunk.append(event)
                    expected += chunk.events
                }
            }
            let other = Result { () throws(TextHistoryError) in
                try HistoryFile.readPlainText(path, jobs: jobs) { found += $0.events }
            }
            switch (one, other) {
            case (.success, .success): #expect(found == expected, "\(name)")
            case (.failure(let expected), .failure(let found)):
                #expect(found == expected, "\(name)")
            case (.success, .failure), (.failure, .success):
                Issue.record("\(name): in a fixed size it is something else")
            }
        }
    }

    private static func events(
        _ path: String, jobs: Int
    ) throws(TextHistoryError) -> [TextEvent] {
        var events: [TextEvent] = []
        try HistoryFile.readText(path, jobs: jobs) { events.append(copy $0) }
        return events
    }
}
