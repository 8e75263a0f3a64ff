import Testing
import YAMLText

@Suite("YAML files")
struct YAMLTextTests {
    /// A node in one line: `key@line:column`.
    static func words(_ node: YAMLNode) -> String {
        let place = "@\(node.place.line):\(node.place.column)"
        switch node.content {
        case .scalar(let text, let isPlain): return (isPlain ? text : "'\(text)'") + place
        case .sequence(let values): return "[" + values.map(words).joined(separator: ",") + "]"
        case .mapping(let entries):
            return "{" + entries.map { "\($0.key)=" + words($0.value) }.joined(separator: ",") + "}"
        }
    }

    @Test("values stand with their places, and no type is guessed")
    func values() throws {
        let text = """
            # comment
            a: 1
            b: "no"
            list:
              - no
              - {x: [1, 2]}
            text: |
              two
              lines
            """
        let node = try #require(try YAMLText.parse(Array(text.utf8)))
        #expect(
            Self.words(node)
                == "{a=1@2:4,b='no'@3:4,list=[no@5:5,{x=[1@6:10,2@6:13]}],"
                + "text='two\nlines'@7:7}")
        #expect(try YAMLText.parse([]) == nil)
        #expect(try YAMLText.parse(Array("# only this\n".utf8)) == nil)
    }

    static let bad: [(text: String, line: Int, words: String)] = [
        ("a: 1\na: 2\n", 2, "stands in line 1 already"),
        ("a: [1, 2\nb: 3\n", 2, "flow sequence"),
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("a: !!str 1\n", 1, "tags"),
        ("a: 1\n--- \nb: 2\n", 2, "second document"),
        ("[1]: 2\n", 1, "no single value"),
        ("a:\n\t- 1\n", 2, "cannot start any token"),
        (String(repeating: "[", count: 40), 1, "nested more than 32 deep"),
    ]

    @Test("what is not understood is refused with its line", arguments: bad)
    func refused(_ row: (text: String, line: Int, words: String)) throws {
        let error = try #require(throws: YAMLError.self) {
            try YAMLText.parse(Array(row.text.utf8))
        }
        #expect(error.place.line == row.line, "\(error)")
        #expect(error.problem.contains(row.words), "\(error)")
    }

    @Test("no bytes make it trap, however the file is cut")
    func damaged() {
        let text = Array("a: 1\nb: [x, {y: \"z\\u00e9\"}]\nc: |\n  t\n".utf8)
        for length in 0...text.count {
            _ = try? YAMLText.parse(Array(text.prefix(length)))
            var flipped = text
            if length < text.count {
                flipped[length] ^= 0x80
                _ = try? YAMLText.parse(flipped)
            }
        }
        let large = [UInt8](repeating: 0x20, count: YAMLText.mostBytes + 1)
        #expect(throws: YAMLError.self) { try YAMLText.parse(large) }
    }
}
