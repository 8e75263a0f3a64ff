/// How the text of a value becomes a typed value, and how the value is talked about.
public struct ValueType<Value: Sendable>: Sendable {
    /// What stands for the value in help: `SECONDS`.
    public let placeholder: String
    /// What a good value looks like: "a whole number of seconds".
    public let expectation: String
    public let completion: ValueCompletion
    /// The value of a text, or nil when the text is not one.
    public let parse: @Sendable (String) -> Value?

    public init(
        placeholder: String, expectation: String, completion: ValueCompletion = .nothing,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.placeholder = placeholder
        self.expectation = expectation
        self.completion = completion
        self.parse = parse
    }

    func shape(_ role: ArgumentShape.Role, _ name: String, _ summary: String) -> ArgumentShape {
        ArgumentShape(
            role: role, name: name, placeholder: placeholder, summary: summary, isRequired: false,
            isRepeated: false, defaultText: nil, completion: completion, expectation: expectation,
            accepts: { parse($0) != nil })
    }
}

extension ValueType where Value == String {
    /// Any text that is not empty.
    public static func text(_ placeholder: String) -> Self {
        ValueType(placeholder: placeholder, expectation: "a text that is not empty") {
            $0.isEmpty ? nil : $0
        }
    }

    /// The path of a file; shells complete file names.
    public static func file(_ placeholder: String = "FILE") -> Self {
        ValueType(placeholder: placeholder, expectation: "a file's path", completion: .files) {
            $0.isEmpty ? nil : $0
        }
    }

    /// The path of a folder; shells complete folder names.
    public static func folder(_ placeholder: String = "FOLDER") -> Self {
        ValueType(placeholder: placeholder, expectation: "a folder's path", completion: .folders) {
            $0.isEmpty ? nil : $0
        }
    }

    /// One of the listed words; errors suggest the nearest.
    public static func word(_ placeholder: String, of words: [String]) -> Self {
        ValueType(
            placeholder: placeholder, expectation: "one of " + words.joined(separator: ", "),
            completion: .words(words)
        ) { words.contains($0) ? $0 : nil }
    }
}

extension ValueType where Value: FixedWidthInteger {
    /// Decimal digits only, within the range; `unit` completes "a whole number of ...".
    public static func wholeNumber(
        _ placeholder: String, in range: ClosedRange<Value> = 0...Value.max, of unit: String = ""
    ) -> Self {
        let noun = unit.isEmpty ? "a whole number" : "a whole number of \(unit)"
        let bounds =
            if range.upperBound < Value.max {
                " from \(range.lowerBound) to \(range.upperBound)"
            } else if range.lowerBound > 0 {
                ", \(range.lowerBound) or more"
            } else {
                ""
            }
        return ValueType(placeholder: placeholder, expectation: noun + bounds) { text in
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Value(text), range.contains(number)
            else { return nil }
            return number
        }
    }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the raw values of an enum; errors suggest the nearest.
    public static func choice(_ placeholder: String) -> Self {
        let words = Value.allCases.map(\.rawValue)
        return ValueType(
            placeholder: placeholder, expectation: "one of " + words.joined(separator: ", "),
            completion: .words(words), parse: Value.init(rawValue:))
    }
}
