/// Reads one field out of a piece of text, in JSON or in EDN: where the two differ, the text
/// itself tells which it is. Nesting is bounded.
struct FieldParser {
    struct Problem: Error, Hashable {
        let words: String
        /// In bytes from the begin of the piece.
        let offset: Int
    }

    private static let depthLimit = 32

    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The one field of the piece. With `isHidden` it stood behind the `#_` of EDN.
    static func parse(_ bytes: [UInt8]) throws(Problem) -> (field: Field, isHidden: Bool) {
        var parser = FieldParser(bytes)
        parser.skipBlanks()
        let isHidden = parser.takes("#_")
        let field = try parser.field(depth: 0)
        parser.skipBlanks()
        guard parser.offset == bytes.count else { throw parser.problem("nothing more here") }
        return (field, isHidden)
    }

    private func problem(_ expected: String, at place: Int? = nil) -> Problem {
        Problem(words: "expected \(expected)", offset: place ?? offset)
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func takes(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard offset + count <= bytes.count else { return false }
        for index in 0..<count where bytes[offset + index] != text.utf8Start[index] {
            return false
        }
        offset += count
        return true
    }

    /// Blanks, and the comma, which says nothing in either notation that the rest does not.
    private mutating func skipBlanks() {
        while let byte = peek, byte <= 0x20 || byte == UInt8(ascii: ",") { offset += 1 }
    }

    private mutating func field(depth: Int) throws(Problem) -> Field {
        skipBlanks()
        guard depth < Self.depthLimit else { throw problem("less nesting") }
        switch peek {
        case UInt8(ascii: "{"): return .map(try members(depth: depth))
        case UInt8(ascii: "["): return .list(try elements(depth: depth))
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: ":"):
            offset += 1
            return .word(try name())
        case nil: throw problem("a value")
        default: return try scalar()
        }
    }

    private mutating func members(depth: Int) throws(Problem) -> [Field.Member] {
        offset += 1
        var members: [Field.Member] = []
        while true {
            skipBlanks()
            switch peek {
            case UInt8(ascii: "}"):
                offset += 1
                return members
            case UInt8(ascii: "\""):
                let name = try string()
                skipBlanks()
                guard takes(":") else { throw problem("a colon") }
                members.append(.init(name, try field(depth: depth + 1)))
            case UInt8(ascii: ":"):
                offset += 1
                let name = try name()
                members.append(.init(name, try field(depth: depth + 1)))
            default: throw problem("a name")
            }
        }
    }

    private mutating func elements(depth: Int) throws(Problem) -> [Field] {
        offset += 1
        var elements: [Field] = []
        while true {
            skipBlanks()
            if peek == UInt8(ascii: "]") {
                offset += 1
                return elements
            }
            elements.append(try field(depth: depth + 1))
        }
    }

    /// A keyword without its colon, spelled as in JSON.
    private mutating func name() throws(Problem) -> String {
        let token = token()
        guard !token.isEmpty else { throw problem("a name") }
        return String(
            decoding: token.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 },
            as: UTF8.self)
    }

    private mutating func token() -> ArraySlice<UInt8> {
        let start = offset
        while let byte = peek, byte > 0x20, !Self.isDelimiter(byte) { offset += 1 }
        return bytes[start..<offset]
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\""):
            true
        case _: false
        }
    }

    private mutating func scalar() throws(Problem) -> Field {
        let start = offset
        let token = token()
        switch String(decoding: token, as: UTF8.self) {
        case "null", "nil": return .nothing
        case "true": return .truth(true)
        case "false": return .truth(false)
        case let other:
            let digits = other.hasSuffix("N") ? String(other.dropLast()) : other
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt128(digits)
            else { throw problem("a value", at: start) }
            return .whole(number)
        }
    }

    private mutating func string() throws(Problem) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw problem("a text in UTF-8", at: start)
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case _: text.append(byte)
            }
        }
        throw problem("the end of the text", at: start)
    }

    private mutating func escape(into text: inout [UInt8]) throws(Problem) {
        guard let byte = peek else { throw problem("an escape") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var units = [try hexadecimal()]
            if (0xd800..<0xdc00).contains(units[0]), takes("\\u") {
                units.append(try hexadecimal())
            }
            text += Array(String(decoding: units, as: UTF16.self).utf8)
        case _: throw problem("an escape of JSON or EDN", at: offset - 1)
        }
    }

    private mutating func hexadecimal() throws(Problem) -> UInt16 {
        let digits = bytes[offset..<min(offset + 4, bytes.count)]
        // The library would also take a sign.
        guard digits.count == 4, digits.first != UInt8(ascii: "+"),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw problem("four hexadecimal digits") }
        offset += 4
        return unit
    }
}
