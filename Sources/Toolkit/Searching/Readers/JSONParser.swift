/// Reads one JSON value at a time (RFC 8259) out of a text that holds many.
struct JSONParser {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func error(_ problem: HistoryReadError.Problem) -> HistoryReadError {
        HistoryReadError(offset < bytes.count ? problem : .cutOff, at: offset, in: bytes)
    }

    var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            offset += 1
        }
    }

    mutating func datum(depth: Int = 0) throws(HistoryReadError) -> Datum {
        skipBlanks()
        guard depth < Datum.depthLimit else { throw error(.tooDeep(limit: Datum.depthLimit)) }
        let start = offset
        switch peek {
        case UInt8(ascii: "{"): return Datum(form: .map(try members(depth: depth)), offset: start)
        case UInt8(ascii: "["): return Datum(form: .list(try elements(depth: depth)), offset: start)
        case UInt8(ascii: "\""): return Datum(form: .text(try string()), offset: start)
        default: return Datum(form: try scalar(), offset: start)
        }
    }

    private mutating func takes(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func members(depth: Int) throws(HistoryReadError) -> [Datum.Member] {
        offset += 1
        var members: [Datum.Member] = []
        if takes(UInt8(ascii: "}")) { return members }
        repeat {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else { throw error(.expected("a name in quotes")) }
            let name = try string()
            guard takes(UInt8(ascii: ":")) else { throw error(.expected("a colon")) }
            members.append(Datum.Member(name: name, value: try datum(depth: depth + 1)))
        } while takes(UInt8(ascii: ","))
        guard takes(UInt8(ascii: "}")) else { throw error(.expected("a comma or }")) }
        return members
    }

    private mutating func elements(depth: Int) throws(HistoryReadError) -> [Datum] {
        offset += 1
        var elements: [Datum] = []
        if takes(UInt8(ascii: "]")) { return elements }
        repeat {
            elements.append(try datum(depth: depth + 1))
        } while takes(UInt8(ascii: ","))
        guard takes(UInt8(ascii: "]")) else { throw error(.expected("a comma or ]")) }
        return elements
    }

    private mutating func string() throws(HistoryReadError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                offset += 1
                try escape(into: &text)
            case 0..<0x20: throw error(.expected("no control character in a text"))
            default:
                text.append(byte)
                offset += 1
            }
        }
        throw error(.cutOff)
    }

    private mutating func escape(into text: inout [UInt8]) throws(HistoryReadError) {
        guard let byte = peek else { throw error(.cutOff) }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = try unicodeEscape() else {
                throw error(.expected("a character after \\u"))
            }
            text += Array(String(Character(scalar)).utf8)
            return
        default: throw error(.expected("an escape of JSON"))
        }
        offset += 1
    }

    /// The scalar of `uXXXX`, or of two such escapes that are a surrogate pair.
    private mutating func unicodeEscape() throws(HistoryReadError) -> Unicode.Scalar? {
        let first = try hexadecimal()
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard peek == UInt8(ascii: "\\") else { throw error(.expected("the second surrogate")) }
        offset += 1
        guard peek == UInt8(ascii: "u") else { throw error(.expected("the second surrogate")) }
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func hexadecimal() throws(HistoryReadError) -> UInt32 {
        offset += 1
        guard offset + 4 <= bytes.count else {
            offset = bytes.count
            throw error(.cutOff)
        }
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue else {
                throw error(.expected("four hexadecimal digits"))
            }
            number = number << 4 | UInt32(digit)
            offset += 1
        }
        return number
    }

    private mutating func scalar() throws(HistoryReadError) -> Datum.Form {
        let start = offset
        while let byte = peek, byte > 0x20, !Self.delimiters.contains(byte) { offset += 1 }
        let token = String(decoding: bytes[start..<offset], as: UTF8.self)
        switch token {
        case "null": return .nothing
        case "true": return .truth(true)
        case "false": return .truth(false)
        default: break
        }
        if let number = Int64(token), !token.hasPrefix("+") { return .integer(number) }
        guard let first = token.utf8.first, Self.numberStarts.contains(first),
            Double(token) != nil
        else {
            let isCut = offset == bytes.count
            offset = isCut ? offset : start
            throw error(.expected("a JSON value"))
        }
        return .text(token)
    }

    private static let delimiters = Set(",:{}[]\"".utf8)
    private static let numberStarts = Set("-0123456789".utf8)
}
