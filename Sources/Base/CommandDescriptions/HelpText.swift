extension CommandDescription {
    /// The help page of the command at `path` below this root, wrapped to `width` columns, each
    /// line with a line feed.
    public func helpText(path: [String] = [], width: Int = 80) -> String {
        let command = self.command(at: path) ?? self
        let page = HelpPage(tool: name, path: path, command: command, width: width)
        return page.lines.map { $0 + "\n" }.joined()
    }
}

private struct HelpPage {
    let tool: String
    let path: [String]
    let command: CommandDescription
    let width: Int

    var lines: [String] {
        var lines = usage
        lines += [""] + TextLayout.wrap(command.summary + ".", width: width)
        for paragraph in command.discussion {
            lines += [""] + TextLayout.wrap(paragraph, width: width)
        }
        lines += section("Commands", commandRows)
        lines += section("Arguments", command.positionals.map { ($0.name, $0.explanation) })
        lines += section("Options", optionRows)
        if !command.examples.isEmpty {
            lines += ["", "Examples:"]
            for example in command.examples {
                lines += TextLayout.wrap("# " + example.purpose, width: width, indent: "  ")
                lines.append("  " + example.line)
            }
        }
        lines += section(
            "Exit status", command.exitStatuses.map { (String($0.code), $0.meaning) })
        if !command.listedSubcommands.isEmpty {
            let full = ([tool] + path).joined(separator: " ")
            lines += [""]
            lines += TextLayout.wrap("`\(full) COMMAND --help` explains a command.", width: width)
        }
        return lines
    }

    private var usage: [String] {
        let words = [tool] + path + command.usageWords
        let wrapped = TextLayout.wrap(words.joined(separator: " "), width: width - 7)
        return wrapped.enumerated().map { ($0 == 0 ? "Usage: " : "       ") + $1 }
    }

    private var commandRows: [(name: String, text: String)] {
        guard !command.listedSubcommands.isEmpty else { return [] }
        var rows = command.listedSubcommands.map { (name: $0.name, text: $0.summary) }
        if path.isEmpty { rows.append(("help", "Explains a command")) }
        return rows
    }

    private var optionRows: [(name: String, text: String)] {
        var rows = command.options.map { (name: $0.spelling, text: $0.explanation) }
        rows.append(("-h, --help", "Explains this command"))
        if path.isEmpty { rows.append(("--version", "Prints the version")) }
        return rows
    }

    private func section(_ title: String, _ rows: [(name: String, text: String)]) -> [String] {
        rows.isEmpty ? [] : ["", title + ":"] + TextLayout.table(rows, width: width)
    }
}

extension CommandDescription {
    /// What follows the command's name in the usage line.
    var usageWords: [String] {
        if !subcommands.isEmpty { return ["COMMAND", "[ARGUMENTS]"] }
        let required = options.filter(\.isRequired).map(\.spelling)
        let optional = options.contains { !$0.isRequired } ? ["[OPTIONS]"] : []
        let positional = positionals.map { shape in
            let word = shape.isRepeated ? shape.name + "..." : shape.name
            return shape.isRequired ? word : "[\(word)]"
        }
        return required + optional + positional
    }
}

extension ArgumentShape {
    /// `--seed N`, or the bare name of a flag.
    var spelling: String {
        placeholder.isEmpty || isPositional ? displayName : "\(displayName) \(placeholder)"
    }

    /// The summary with what is allowed, the default, and whether it repeats.
    var explanation: String {
        var text = summary
        if case .words(let words) = completion, words.count <= 8 {
            text += ": " + words.joined(separator: ", ")
        }
        var notes: [String] = []
        if isRequired && !isPositional { notes.append("required") }
        if isRepeated { notes.append("may be repeated") }
        if let defaultText { notes.append("default: \(defaultText)") }
        return notes.isEmpty ? text : text + " (" + notes.joined(separator: "; ") + ")"
    }
}
