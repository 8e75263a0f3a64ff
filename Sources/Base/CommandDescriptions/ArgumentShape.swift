/// Something a command takes: a flag, an option with a value, or a positional argument.
/// Typed arguments are the keys by which parsed values are read (`ParsedArguments`).
public protocol CommandArgument: Sendable {
    var shape: ArgumentShape { get }
}

/// An argument without its value's type: all that help, completion and parsing need to know.
public struct ArgumentShape: Sendable {
    public enum Role: Sendable, Equatable {
        case flag
        case option
        case positional
    }

    public var role: Role
    /// `fault-window` for `--fault-window`; for positional arguments the word shown in help.
    public var name: String
    /// What stands for the value in help, for example `SECONDS`; empty for flags.
    public var placeholder: String
    public var summary: String
    public var isRequired: Bool
    public var isRepeated: Bool
    /// The default as a person would type it.
    public var defaultText: String?
    public var completion: ValueCompletion
    /// What a good value looks like, for error messages: "a whole number from 1 to 64".
    public var expectation: String
    /// Whether a text is a good value.
    public var accepts: @Sendable (String) -> Bool

    var isPositional: Bool { role == .positional }
    /// How the argument is named in messages.
    public var displayName: String { isPositional ? name : "--\(name)" }
}

/// What a shell offers in the place of a value.
public enum ValueCompletion: Sendable, Equatable {
    case nothing
    case words([String])
    case files
    case folders
}

/// An option without a value: present or not.
public struct Flag: CommandArgument {
    public let name: String
    public let summary: String

    public init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
    }

    public var shape: ArgumentShape {
        ArgumentShape(
            role: .flag, name: name, placeholder: "", summary: summary, isRequired: false,
            isRepeated: false, defaultText: nil, completion: .nothing, expectation: "no value",
            accepts: { _ in false })
    }
}

/// An option with a value that may be left out. Given twice, the last value counts
/// (`validation.md` 13).
public struct Option<Value: Sendable>: CommandArgument {
    public let name: String
    public let value: ValueType<Value>
    public let summary: String

    public init(_ name: String, _ value: ValueType<Value>, _ summary: String) {
        self.name = name
        self.value = value
        self.summary = summary
    }

    public var shape: ArgumentShape { value.shape(.option, name, summary) }
}

/// An option with a value for those who do not give one.
public struct DefaultedOption<Value: Sendable>: CommandArgument {
    public let name: String
    public let value: ValueType<Value>
    public let fallback: Value
    public let fallbackText: String
    public let summary: String

    public init(
        _ name: String, _ value: ValueType<Value>, default fallback: Value, shown: String? = nil,
        _ summary: String
    ) {
        self.name = name
        self.value = value
        self.fallback = fallback
        self.fallbackText = shown ?? "\(fallback)"
        self.summary = summary
    }

    public var shape: ArgumentShape {
        var shape = value.shape(.option, name, summary)
        shape.defaultText = fallbackText
        return shape
    }
}

/// An option that must be given.
public struct RequiredOption<Value: Sendable>: CommandArgument {
    public let name: String
    public let value: ValueType<Value>
    public let summary: String

    public init(_ name: String, _ value: ValueType<Value>, _ summary: String) {
        self.name = name
        self.value = value
        self.summary = summary
    }

    public var shape: ArgumentShape {
        var shape = value.shape(.option, name, summary)
        shape.isRequired = true
        return shape
    }
}

/// An option that may be given many times; every value counts, in order.
public struct RepeatedOption<Value: Sendable>: CommandArgument {
    public let name: String
    public let value: ValueType<Value>
    public let summary: String

    public init(_ name: String, _ value: ValueType<Value>, _ summary: String) {
        self.name = name
        self.value = value
        self.summary = summary
    }

    public var shape: ArgumentShape {
        var shape = value.shape(.option, name, summary)
        shape.isRepeated = true
        return shape
    }
}

/// A positional argument that must be given.
public struct Positional<Value: Sendable>: CommandArgument {
    public let value: ValueType<Value>
    public let summary: String

    public init(_ value: ValueType<Value>, _ summary: String) {
        self.value = value
        self.summary = summary
    }

    public var shape: ArgumentShape {
        var shape = value.shape(.positional, value.placeholder, summary)
        shape.isRequired = true
        return shape
    }
}

/// Any number of positional arguments, also none. Must be a command's last positional.
public struct RepeatedPositional<Value: Sendable>: CommandArgument {
    public let value: ValueType<Value>
    public let summary: String

    public init(_ value: ValueType<Value>, _ summary: String) {
        self.value = value
        self.summary = summary
    }

    public var shape: ArgumentShape {
        var shape = value.shape(.positional, value.placeholder, summary)
        shape.isRepeated = true
        return shape
    }
}
