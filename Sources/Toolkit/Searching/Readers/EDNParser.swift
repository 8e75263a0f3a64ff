/// Reads EDN (github.com/edn-format/edn): as much of it as histories are made of. Tags are skipped;
/// keywords lose their colon, as in JSON they have none.
struct EDNParser {
    let bytes: [UInt8]
    private(set) var offset: Int
    private let end: Int

    init(_ bytes: [UInt8], from offset: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        self.offset = offset
        self.end = end ?? bytes.count
    }

    func error(_ problem: HistoryReadError.Problem, at place: Int? = nil) -> HistoryReadError {
        HistoryReadError(problem, at: place ?? offset, in: bytes)
    }

    var peek: UInt8? { offset < end ? bytes[offset] : nil }

    /// Skips one byte; only after `peek`.
    mutating func skip() { offset += 1 }

    /// Skips blanks, commas, comments and discarded forms.
    mutating func skipBlanks(depth: Int = 0) throws(HistoryReadError) {
        while let byte = peek {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, 0x0C, UInt8(ascii: ","): offset += 1
            case UInt8(ascii: ";"):
                while let other = peek, other != UInt8(ascii: "\n") {
                    _ = other
                    offset += 1
                }
            case UInt8(ascii: "#") where offset + 1 < end && bytes[offset + 1] == UInt8(ascii: "_"):
                offset += 2
                _ = try datum(depth: depth + 1)
            default: return
            }
        }
    }

    mutating func datum(depth: Int = 0) throws(HistoryReadError) -> Datum {
        // Before the blanks, among which discarded forms may be nested as well.
        guard depth < Datum.depthLimit else { throw error(.tooDeep(limit: Datum.depthLimit)) }
        try skipBlanks(depth: depth)
        guard let byte = peek else { throw error(.cutOff) }
        let start = offset
        switch byte {
        case UInt8(ascii: "{"):
            offset += 1
            return Datum(form: .map(try members(depth: depth)), offset: start)
        case UInt8(ascii: "["), UInt8(ascii: "("):
            offset += 1
            let closing = byte == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: ")")
            return Datum(form: .list(try elements(until: closing, depth: depth)), offset: start)
        case UInt8(ascii: "#"):
            offset += 1
            if peek == UInt8(ascii: "{") {
                offset += 1
                let elements = try elements(until: UInt8(ascii: "}"), depth: depth)
                return Datum(form: .list(elements), offset: start)
            }
            _ = try token()
            return try datum(depth: depth + 1)
        case UInt8(ascii: "\""): return Datum(form: .text(try string()), offset: start)
        default: return Datum(form: form(of: try token()), offset: start)
        }
    }

    private mutating func elements(
        until closing: UInt8, depth: Int
    ) throws(HistoryReadError) -> [Datum] {
        var elements: [Datum] = []
        while true {
            try skipBlanks(depth: depth)
            guard let byte = peek else { throw error(.cutOff) }
            if byte == closing {
                offset += 1
                return elements
            }
            elements.append(try datum(depth: depth + 1))
        }
    }

    private mutating func members(depth: Int) throws(HistoryReadError) -> [Datum.Member] {
        let start = offset - 1
        let elements = try elements(until: UInt8(ascii: "}"), depth: depth)
        guard elements.count.isMultiple(of: 2) else {
            throw error(.expected("a value for each key of the map"), at: start)
        }
        return stride(from: 0, to: elements.count, by: 2).map { index in
            let name =
                switch elements[index].form {
                case .text(let text): text
                case .integer(let number): "\(number)"
                case .nothing, .truth, .list, .map: ""
                }
            return Datum.Member(name: name, value: elements[index + 1])
        }
    }

    private mutating func string() throws(HistoryReadError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = peek else { throw error(.cutOff) }
                offset += 1
                switch escaped {
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "r"): text.append(0x0D)
                default: text.append(escaped)
                }
            default: text.append(byte)
            }
        }
        throw error(.cutOff)
    }

    private mutating func token() throws(HistoryReadError) -> String {
        let start = offset
        while let byte = peek, byte > 0x20, !Self.delimiters.contains(byte) { offset += 1 }
        guard offset > start else {
            throw error(offset == end ? .cutOff : .expected("a value"))
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private static let delimiters = Set(",;{}[]()\"".utf8)

    private func form(of token: String) -> Datum.Form {
        switch token {
        case "nil": return .nothing
        case "true": return .truth(true)
        case "false": return .truth(false)
        default: break
        }
        if token.hasPrefix(":") { return .text(String(token.dropFirst())) }
        let digits = token.hasSuffix("N") ? token.dropLast() : token[...]
        return Int64(digits).map { .integer($0) } ?? .text(token)
    }
}
