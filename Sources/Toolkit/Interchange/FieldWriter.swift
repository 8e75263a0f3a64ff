/// Writes fields in either notation.
struct FieldWriter {
    let notation: Notation
    private(set) var bytes: [UInt8] = []

    init(_ notation: Notation) { self.notation = notation }

    /// What was written since the last call.
    mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        taken.reserveCapacity(bytes.count)
        swap(&taken, &bytes)
        return taken
    }

    /// One field on a line of its own. What is no operation is hidden from readers of EDN, who
    /// take every map of a history for one.
    mutating func writeLine(_ field: Field, isOperation: Bool = true) {
        switch notation {
        case .json: break
        case .edn: if !isOperation { append("#_") }
        }
        write(field)
        append("\n")
    }

    private mutating func write(_ field: Field) {
        switch field {
        case .nothing:
            switch notation {
            case .json: append("null")
            case .edn: append("nil")
            }
        case .truth(let value): append(value ? "true" : "false")
        case .whole(let value): append(value)
        case .identifier(let value):
            switch notation {
            case .json:
                append("\"")
                append(value)
                append("\"")
            case .edn: append(value)
            }
        case .text(let text): quote(text)
        case .word(let name):
            switch notation {
            case .json: quote(name)
            case .edn: keyword(name)
            }
        case .list(let elements):
            append("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { separate() }
                write(element)
            }
            append("]")
        case .map(let members): write(members)
        }
    }

    private mutating func write(_ members: [Field.Member]) {
        append("{")
        for (index, member) in members.enumerated() {
            if index > 0 { separate() }
            switch notation {
            case .json:
                quote(member.name)
                append(":")
            case .edn:
                keyword(member.name)
                append(" ")
            }
            write(member.value)
        }
        append("}")
    }

    private mutating func separate() {
        switch notation {
        case .json: append(",")
        case .edn: append(", ")
        }
    }

    private mutating func keyword(_ name: String) {
        bytes.append(UInt8(ascii: ":"))
        for byte in name.utf8 {
            bytes.append(byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte)
        }
    }

    private mutating func quote(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0a: append("\\n")
            case 0x0d: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20, 0x7f:
                append("\\u00")
                for digit in [byte >> 4, byte & 15] {
                    bytes.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
                }
            case _: bytes.append(byte)
            }
        }
        append("\"")
    }

    /// A whole number of EDN beyond 64 bits ends with N.
    private mutating func append(_ value: UInt128) {
        if let small = UInt64(exactly: value) {
            append(small)
        } else {
            append(String(value))
        }
        switch notation {
        case .json: break
        case .edn: if value > UInt128(Int64.max) { append("N") }
        }
    }

    private mutating func append(_ value: UInt64) {
        let start = bytes.count
        var rest = value
        repeat {
            bytes.append(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
