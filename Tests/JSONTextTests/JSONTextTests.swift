import Foundation
import JSONText
import Testing

@Suite("JSON text")
struct JSONTextTests {
    static let values: [(value: JSONText, text: String)] = [
        (.null, "null"),
        (.bool(true), "true"),
        (.number(UInt128.max), "340282366920938463463374607431768211455"),
        (.number(-1), "-1"),
        (.number(1.5), "1.5"),
        (.number(Double.infinity), "null"),
        (.optional(nil as String?), "null"),
        (.optional(7 as Int?), "7"),
        (.string("a\"b\\c\nd\te\u{1}\u{7F}é😀"), #""a\"b\\c\nd\te\u0001\u007fé😀""#),
        (.array([]), "[]"),
        (.array([.number(1), .array([.null])]), "[1,[null]]"),
        (.object(["b": .number(1), "a": .object([:])]), #"{"b":1,"a":{}}"#),
    ]

    @Test("values are written exactly, members in the order given", arguments: values)
    func compact(_ row: (value: JSONText, text: String)) {
        #expect(row.value.compact == row.text)
    }

    @Test("indented text has one member per line")
    func indented() {
        let value = JSONText.object(["a": .array([.number(1), .number(2)]), "b": .object([:])])
        #expect(value.indented == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}\n")
    }

    @Test("every character comes back through another reader")
    func roundTrip() throws {
        let text = String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init)))
        let json = JSONText.array([.string(text)])
        for rendering in [json.compact, json.indented] {
            let read = try JSONSerialization.jsonObject(with: Data(rendering.utf8)) as? [String]
            #expect(read == [text])
        }
    }
}
