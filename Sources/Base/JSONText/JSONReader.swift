/// Why a text is no JSON value.
public struct JSONReadError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes from the start of the text.
    public let offset: Int
    public let problem: String

    public var description: String { "at byte \(offset): \(problem)" }
}

extension JSONText {
    /// Deepest nesting that is read, so that no text can exhaust the stack.
    public static let mostDepth = 128

    /// Reads one value (RFC 8259), with nothing but blanks around it. Numbers keep their digits.
    public init(parsing bytes: [UInt8]) throws(JSONReadError) {
        var reader = JSONReader(bytes: bytes)
        reader.skipBlanks()
        self = try reader.value(depth: 1)
        reader.skipBlanks()
        if reader.position < bytes.count { throw reader.error("more than one value") }
    }

    public init(parsing text: String) throws(JSONReadError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// The member of that name, the last of several; null where there is none.
    public subscript(name: String) -> JSONText {
        if case .object(let members) = self {
            members.last { $0.name == name }?.value ?? .null
        } else {
            .null
        }
    }

    /// The elements of an array; none of any other value.
    public var elements: [JSONText] { if case .array(let values) = self { values } else { [] } }
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// A number that the type holds exactly, written as digits only.
    public func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value? {
        if case .digits(let digits) = self { Value(digits) } else { nil }
    }

    /// A number as near as a double comes to it; nil for one beyond all of them.
    public var double: Double? {
        guard case .digits(let digits) = self, let number = Double(digits) else { return nil }
        return number.isFinite ? number : nil
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var position = 0

    func error(_ problem: String) -> JSONReadError {
        JSONReadError(offset: position, problem: problem)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    mutating func value(depth: Int) throws(JSONReadError) -> JSONText {
        guard depth <= JSONText.mostDepth else { throw error("nested too deep") }
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth))
        case UInt8(ascii: "["): return .array(try array(depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some: return .digits(try number())
        case nil: throw error("a value is missing")
        }
    }

    private mutating func word(_ word: String, _ value: JSONText) throws(JSONReadError) -> JSONText
    {
        guard bytes[position...].starts(with: word.utf8) else { throw error("not a value") }
        position += word.utf8.count
        return value
    }

    private mutating func take(_ character: Character) throws(JSONReadError) {
        guard next == character.asciiValue else { throw error("`\(character)` is missing") }
        position += 1
    }

    /// After an element: whether another one follows.
    private mutating func hasMore(_ end: UInt8) throws(JSONReadError) -> Bool {
        skipBlanks()
        if next == end {
            position += 1
            return false
        }
        try take(",")
        skipBlanks()
        return true
    }

    private mutating func members(_ depth: Int) throws(JSONReadError) -> [JSONText.Member] {
        position += 1
        skipBlanks()
        var members: [JSONText.Member] = []
        if next == UInt8(ascii: "}") {
            position += 1
            return members
        }
        repeat {
            guard next == UInt8(ascii: "\"") else { throw error("a member's name is missing") }
            let name = try string()
            skipBlanks()
            try take(":")
            skipBlanks()
            members.append(.init(name, try value(depth: depth + 1)))
        } while try hasMore(UInt8(ascii: "}"))
        return members
    }

    private mutating func array(_ depth: Int) throws(JSONReadError) -> [JSONText] {
        position += 1
        skipBlanks()
        var values: [JSONText] = []
        if next == UInt8(ascii: "]") {
            position += 1
            return values
        }
        repeat { values.append(try value(depth: depth + 1)) } while try hasMore(UInt8(ascii: "]"))
        return values
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func number() throws(JSONReadError) -> String {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let first = next
        let whole = digits()
        guard whole > 0, whole == 1 || first != UInt8(ascii: "0") else {
            throw error("not a value")
        }
        if next == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw error("digits are missing") }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw error("digits are missing") }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(JSONReadError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw error("a text that is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw error("a control character in a text")
            case _: text.append(byte)
            }
        }
        throw error("a text without an end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONReadError) {
        guard let byte = next else { throw error("a text without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try unit())
            if (0xD800..<0xDC00).contains(code) {
                try take("\\")
                try take("u")
                let low = UInt32(try unit())
                guard (0xDC00..<0xE000).contains(low) else { throw error("half a character") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a character") }
            text += Array(String(Character(scalar)).utf8)
        case _: throw error("an unknown escape")
        }
    }

    private mutating func unit() throws(JSONReadError) -> UInt16 {
        let digits = bytes[position..<min(bytes.count, position + 4)]
        guard digits.count == 4,
            digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits are missing") }
        position += 4
        return unit
    }
}
