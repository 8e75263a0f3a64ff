import Testing

@testable import Interchange

@Suite("fields of JSON and EDN")
struct FieldParserTests {
    @Test("an escaped character is four hexadecimal digits, and nothing else")
    func escapes() throws {
        let text = try FieldParser.parse(Array(#""\u0041\ud83d\ude00""#.utf8)).field
        #expect(text == .text("A😀"))
        for bad in [#""\u+041""#, #""\u-041""#, #""\u04g1""#, #""\u041""#] {
            #expect(throws: FieldParser.Problem.self, "\(bad)") {
                try FieldParser.parse(Array(bad.utf8))
            }
        }
    }
}
