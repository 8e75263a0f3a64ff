import JSONText
import Testing

@Suite("reading JSON")
struct JSONReaderTests {
    @Test("what is written is read again")
    func roundTrip() throws {
        let value = JSONText.object([
            "null": .null, "yes": .bool(true), "no": .bool(false),
            "large": .number(UInt64.max), "fraction": .number(-0.25), "small": .number(1e-9),
            "text": .string("a \"b\" \\ / \n\t\u{1} é 😀"), "empty": .string(""),
            "list": .array([.number(1), .array([]), .object([:])]),
        ])
        #expect(try JSONText(parsing: value.compact) == value)
        #expect(try JSONText(parsing: value.indented) == value)
        #expect(value["large"].integer() == UInt64.max)
        #expect(value["fraction"].double == -0.25)
        #expect(value["list"].elements.count == 3)
        #expect(value["absent"] == .null && value["text"]["x"] == .null)
    }

    @Test("escapes of others are understood")
    func escapes() throws {
        let text = #" "\u00e9\ud83d\ude00\/\b\f" "#
        #expect(try JSONText(parsing: text).string == "é😀/\u{8}\u{c}")
    }

    @Test("a number beyond every double is none")
    func infinite() throws {
        #expect(try JSONText(parsing: "1e308").double == 1e308)
        #expect(try JSONText(parsing: "1e309").double == nil)
    }

    static let bad = [
        "", "{", "[1,]", "{\"a\":}", "{a:1}", "01", "1.", "-", "1e", "+1", "nul", "\"\\x\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"a", "\"\n\"", "1 2", "[1 2]", "\"\\u12g4\"",
        "\"\\u+041\"",
        String(repeating: "[", count: 200),
    ]

    @Test("anything else is refused", arguments: bad)
    func refused(_ text: String) {
        #expect(throws: JSONReadError.self) { try JSONText(parsing: text) }
    }
}
