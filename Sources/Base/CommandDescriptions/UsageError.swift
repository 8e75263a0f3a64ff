/// Why a command line was not understood. `description` is one line for a person, with the
/// nearest thing that would have worked when there is one.
public enum UsageError: Error, Sendable, Equatable, CustomStringConvertible {
    case missingCommand
    case unknownCommand(String, suggestion: String?)
    case unknownOption(String, suggestion: String?)
    case missingValue(option: String, placeholder: String, expectation: String)
    case unexpectedValue(option: String, value: String)
    case invalidValue(argument: String, value: String, expectation: String, suggestion: String?)
    case missingArgument(String)
    case unexpectedArgument(String)
    /// Each argument is fine, but not together; the text says why.
    case contradiction(String)

    public var description: String {
        switch self {
        case .missingCommand:
            "a command is missing"
        case .unknownCommand(let word, let suggestion):
            "unknown command `\(word)`" + Self.hint(suggestion)
        case .unknownOption(let word, let suggestion):
            "unknown option `\(word)`" + Self.hint(suggestion)
        case .missingValue(let option, let placeholder, let expectation):
            "`\(option)` needs a value: `\(option) \(placeholder)`, \(expectation)"
        case .unexpectedValue(let option, let value):
            "`\(option)` takes no value, but got `\(value)`"
        case .invalidValue(let argument, let value, let expectation, let suggestion):
            "invalid value for `\(argument)`: `\(value)`"
                + (suggestion.map { "; did you mean `\($0)`?" } ?? " is not \(expectation)")
        case .missingArgument(let name):
            "`\(name)` is missing"
        case .unexpectedArgument(let word):
            "unexpected argument `\(word)`"
        case .contradiction(let text):
            text
        }
    }

    private static func hint(_ suggestion: String?) -> String {
        suggestion.map { "; did you mean `\($0)`?" } ?? ""
    }
}

/// A `UsageError` together with the command it was found in, so that the message can name the
/// help page that would have prevented it.
public struct LocatedUsageError: Error, Sendable, Equatable, CustomStringConvertible {
    public let error: UsageError
    /// The command that was being parsed, without the tool's own name.
    public let path: [String]
    public let tool: String

    public init(_ error: UsageError, path: [String], tool: String) {
        self.error = error
        self.path = path
        self.tool = tool
    }

    public var description: String {
        let command = ([tool] + path).joined(separator: " ")
        return "\(tool): \(error)\nTry `\(command) --help`."
    }
}
