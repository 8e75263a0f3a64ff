/// A JSON value that is only ever written. Members keep the order they are given in, so equal
/// values have equal bytes; numbers are exact, also beyond what other readers hold in a double.
public indirect enum JSONText: Sendable, Hashable {
    case null
    case bool(Bool)
    /// Digits as they stand; made by `number`.
    case digits(String)
    case string(String)
    case array([JSONText])
    case object([Member])

    public struct Member: Sendable, Hashable {
        public let name: String
        public let value: JSONText

        public init(_ name: String, _ value: JSONText) {
            self.name = name
            self.value = value
        }
    }

    public static func number(_ value: some BinaryInteger) -> JSONText { .digits("\(value)") }

    /// A number with a fraction; null when it is not finite, which JSON cannot say.
    public static func number(_ value: Double) -> JSONText {
        value.isFinite ? .digits("\(value)") : .null
    }

    /// The string, or null.
    public static func optional(_ text: String?) -> JSONText { text.map(JSONText.string) ?? .null }

    /// The number, or null.
    public static func optional(_ value: (some BinaryInteger)?) -> JSONText {
        value.map { .digits("\($0)") } ?? .null
    }

    public static func object(_ members: KeyValuePairs<String, JSONText>) -> JSONText {
        .object(members.map { Member($0.key, $0.value) })
    }

    /// Everything on one line, without blanks and without a line feed at the end.
    public var compact: String {
        var text = ""
        write(to: &text, indent: nil)
        return text
    }

    /// One member per line, two blanks of indentation, and a line feed at the end.
    public var indented: String {
        var text = ""
        write(to: &text, indent: 0)
        return text + "\n"
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .digits(let digits): text += digits
        case .string(let string): Self.quote(string, into: &text)
        case .array(let values):
            Self.writeList("[", "]", values, to: &text, indent: indent) { value, text, indent in
                value.write(to: &text, indent: indent)
            }
        case .object(let members):
            Self.writeList("{", "}", members, to: &text, indent: indent) { member, text, indent in
                Self.quote(member.name, into: &text)
                text += indent == nil ? ":" : ": "
                member.value.write(to: &text, indent: indent)
            }
        }
    }

    private static func writeList<Element>(
        _ open: String, _ close: String, _ elements: [Element], to text: inout String,
        indent: Int?, _ write: (Element, inout String, Int?) -> Void
    ) {
        text += open
        let inner = indent.map { $0 + 1 }
        for (offset, element) in elements.enumerated() {
            if offset > 0 { text += "," }
            newLine(inner, into: &text)
            write(element, &text, inner)
        }
        if !elements.isEmpty { newLine(indent, into: &text) }
        text += close
    }

    private static func newLine(_ indent: Int?, into text: inout String) {
        guard let indent else { return }
        text += "\n" + String(repeating: "  ", count: indent)
    }

    private static func quote(_ string: String, into text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case _: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
