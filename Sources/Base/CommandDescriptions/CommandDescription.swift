/// One command of a command-line tool: what it is called, what it takes, and what a person needs
/// to be told about it. Parsing, `--help`, shell completions and the reference documentation are
/// all derived from this one value, so they cannot disagree.
///
/// A command either has subcommands or arguments of its own; the root of a tool has subcommands.
public struct CommandDescription: Sendable {
    /// The word a person types.
    public var name: String
    /// One line without a full stop, for lists of commands.
    public var summary: String
    /// Paragraphs of the command's own help page.
    public var discussion: [String]
    public var arguments: [ArgumentShape]
    public var subcommands: [CommandDescription]
    public var examples: [CommandExample]
    public var exitStatuses: [ExitStatusDescription]
    /// Hidden commands work, but are not listed, completed or documented.
    public var isHidden: Bool

    public init(
        name: String, summary: String, discussion: [String] = [],
        arguments: [any CommandArgument] = [], subcommands: [CommandDescription] = [],
        examples: [CommandExample] = [], exitStatuses: [ExitStatusDescription] = [],
        isHidden: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.arguments = arguments.map(\.shape)
        self.subcommands = subcommands
        self.examples = examples
        self.exitStatuses = exitStatuses
        self.isHidden = isHidden
    }
}

/// A command line worth copying, and what it is good for.
public struct CommandExample: Sendable, Equatable {
    public var purpose: String
    public var line: String

    public init(_ line: String, purpose: String) {
        self.line = line
        self.purpose = purpose
    }
}

/// What one exit status of a command means.
public struct ExitStatusDescription: Sendable, Equatable {
    public var code: Int32
    public var meaning: String

    public init(_ code: Int32, _ meaning: String) {
        self.code = code
        self.meaning = meaning
    }
}

extension CommandDescription {
    var options: [ArgumentShape] { arguments.filter { !$0.isPositional } }
    var positionals: [ArgumentShape] { arguments.filter(\.isPositional) }
    var listedSubcommands: [CommandDescription] { subcommands.filter { !$0.isHidden } }

    /// This command and everything below it that is listed, parents first, with full paths.
    public var listedTree: [(path: [String], command: CommandDescription)] {
        [([name], self)]
            + listedSubcommands.flatMap { child in
                child.listedTree.map { (path: [name] + $0.path, command: $0.command) }
            }
    }

    /// The command that `path` names below this one; the path leaves out this command's own name.
    public func command(at path: some Sequence<String>) -> CommandDescription? {
        var found = self
        for word in path {
            guard let next = found.subcommands.first(where: { $0.name == word }) else {
                return nil
            }
            found = next
        }
        return found
    }
}
