/// What is wrong with a text of key=value lines (cluster-runner.md 3, 4, 5, 7).
public enum KeyValueError: Error, Hashable, Sendable {
    case invalidLine(String)
    case duplicateField(String)
    case missingField(String)
    case invalidField(String, value: String)
    case unsupportedVersion(UInt32)
    case invalidReplicaCount(UInt64)

    /// The name that specifications and test data use.
    public var name: String {
        switch self {
        case .invalidLine: "InvalidLine"
        case .duplicateField: "DuplicateField"
        case .missingField: "MissingField"
        case .invalidField: "InvalidField"
        case .unsupportedVersion: "UnsupportedVersion"
        case .invalidReplicaCount: "InvalidReplicaCount"
        }
    }

    /// The displayed sentence; `noun` says what the text was: "layout" or "control".
    func text(noun: String) -> String {
        switch self {
        case .invalidLine(let line): "invalid \(noun) line `\(line)`"
        case .duplicateField(let field): "duplicate \(noun) field `\(field)`"
        case .missingField(let field): "missing \(noun) field `\(field)`"
        case .invalidField(let field, let value): "invalid value for `\(field)`: `\(value)`"
        case .unsupportedVersion(let version):
            "unsupported local cluster layout version `\(version)`"
        case .invalidReplicaCount(let count): "unsupported replica count `\(count)`"
        }
    }
}

/// The fields of a text of key=value lines: white space at the end of a line is removed, empty
/// lines are skipped, the first `=` separates, the order is free and unknown keys do no harm
/// (cluster-runner.md 3).
struct KeyValueFields {
    private var values: [String: String] = [:]

    init(_ text: some StringProtocol) throws(KeyValueError) {
        try self.init(lines: textLines(text))
    }

    init(lines: [Substring]) throws(KeyValueError) {
        for untrimmed in lines {
            let line = untrimmed.trimmingTrailingWhitespace()
            if line.isEmpty { continue }
            guard let separator = line.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                throw .invalidLine(String(line))
            }
            let key = String(line[..<separator])
            guard values[key] == nil else { throw .duplicateField(key) }
            values[key] = String(line[line.utf8.index(after: separator)...])
        }
    }

    func optional(_ key: String) -> String? { values[key] }

    func required(_ key: String) throws(KeyValueError) -> String {
        guard let value = values[key] else { throw .missingField(key) }
        return value
    }

    /// The value of `key` through `parse`; nil from it is an invalid field.
    func required<Value>(
        _ key: String, _ parse: (String) -> Value?
    ) throws(KeyValueError) -> Value {
        let text = try required(key)
        guard let value = parse(text) else { throw .invalidField(key, value: text) }
        return value
    }

    /// Like `required`, where the word `none` stands for an absent value.
    func orNone<Value>(
        _ key: String, _ parse: (String) -> Value?
    ) throws(KeyValueError) -> Value? {
        try required(key) { text -> Value?? in
            text == "none" ? .some(nil) : parse(text).map { .some($0) }
        }
    }
}

/// An unsigned decimal number: an optional `+`, leading zeros allowed, no blanks, no `-`.
func unsignedNumber<Value: FixedWidthInteger & UnsignedInteger>(_ text: String) -> Value? {
    guard !text.utf8.starts(with: [UInt8(ascii: "-")]) else { return nil }
    return Value(text)
}

/// Lines without their line feed and the one carriage return before it. A line feed at the very
/// end starts no further line.
func textLines(_ text: some StringProtocol) -> [Substring] {
    // Swift takes "\r\n" for one character, so the cuts are made between bytes.
    let whole = Substring(text)
    var lines = whole.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { line in
        Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
}

extension StringProtocol {
    func trimmingTrailingWhitespace() -> SubSequence {
        var end = unicodeScalars.endIndex
        while end > unicodeScalars.startIndex {
            let previous = unicodeScalars.index(before: end)
            guard unicodeScalars[previous].properties.isWhitespace else { break }
            end = previous
        }
        return self[..<end]
    }

    func trimmingWhitespace() -> SubSequence {
        let start = unicodeScalars.firstIndex { !$0.properties.isWhitespace }
        return self[(start ?? endIndex)...].trimmingTrailingWhitespace()
    }
}
