/// A command line that was understood: which command, with which values.
public struct ParsedCommand: Sendable, Equatable {
    /// The words that chose the command, without the tool's own name.
    public let path: [String]
    public let arguments: ParsedArguments
}

/// What a command line asks for.
public enum ParsedLine: Sendable, Equatable {
    case run(ParsedCommand)
    /// The help page of the command at this path; empty for the tool itself.
    case help(path: [String])
    case version
}

/// The checked values of one command line, read by the typed arguments that describe them.
public struct ParsedArguments: Sendable, Equatable {
    /// Checked texts in the order given, by argument name. A flag has an empty text.
    var options: [String: [String]] = [:]
    var positionals: [String: [String]] = [:]

    public subscript(flag: Flag) -> Bool { options[flag.name] != nil }

    public subscript<Value>(option: Option<Value>) -> Value? {
        options[option.name]?.last.flatMap(option.value.parse)
    }

    public subscript<Value>(option: DefaultedOption<Value>) -> Value {
        options[option.name]?.last.flatMap(option.value.parse) ?? option.fallback
    }

    /// Throws only when the option is not part of the parsed command: parsing has already
    /// refused lines that lack it.
    public subscript<Value>(option: RequiredOption<Value>) -> Value {
        get throws(UsageError) {
            guard let value = options[option.name]?.last.flatMap(option.value.parse) else {
                throw .missingArgument(option.shape.displayName)
            }
            return value
        }
    }

    public subscript<Value>(option: RepeatedOption<Value>) -> [Value] {
        (options[option.name] ?? []).compactMap(option.value.parse)
    }

    /// Throws only when the argument is not part of the parsed command.
    public subscript<Value>(positional: Positional<Value>) -> Value {
        get throws(UsageError) {
            let texts = positionals[positional.value.placeholder]
            guard let value = texts?.last.flatMap(positional.value.parse) else {
                throw .missingArgument(positional.value.placeholder)
            }
            return value
        }
    }

    public subscript<Value>(positional: RepeatedPositional<Value>) -> [Value] {
        (positionals[positional.value.placeholder] ?? []).compactMap(positional.value.parse)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.options == right.options && left.positionals == right.positionals
    }
}
