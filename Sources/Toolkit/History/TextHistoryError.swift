/// Why a text history cannot be read. The description is the reference's text, byte for byte
/// (validation.md 2.7).
public struct TextHistoryError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Problem: Error, Hashable, Sendable {
        case missingField(String)
        case invalidValue(field: String, value: String)
        /// A token without `=`; carries the whole line.
        case invalidLine(String)
        case unsupportedVersion(UInt32)
        /// The file cannot be read or is not UTF-8; carries the system's text.
        case unreadable(String)
    }

    public let problem: Problem
    /// Number of the line, from 1; nil when the file as a whole is at fault.
    public let line: Int?

    public init(_ problem: Problem, line: Int?) {
        self.problem = problem
        self.line = line
    }

    public var description: String {
        switch problem {
        case .missingField(let field): "missing field `\(field)`"
        case .invalidValue(let field, let value): "invalid value for `\(field)`: `\(value)`"
        case .invalidLine(let text): "invalid line `\(text)`"
        case .unsupportedVersion(let number): "unsupported Jepsen codec version `\(number)`"
        case .unreadable(let text): "i/o error: \(text)"
        }
    }
}
