extension CommandDescription {
    /// Understands a command line (without the program's own name).
    ///
    /// `--help` and `-h` anywhere before `--` ask for the help of the command reached so far, and
    /// win over every mistake on the line. `--version` is understood by the root alone. Options
    /// are `--name value` or `--name=value`; `--` ends the options; a repeated option keeps its
    /// last value (`validation.md` 13).
    public func parse(_ words: [String]) throws(LocatedUsageError) -> ParsedLine {
        var path: [String] = []
        var command = self
        var rest = words[...]
        while !command.subcommands.isEmpty {
            guard let word = rest.first else {
                if path.isEmpty { return .help(path: []) }
                throw LocatedUsageError(.missingCommand, path: path, tool: name)
            }
            if word == "--help" || word == "-h" { return .help(path: path) }
            if path.isEmpty, word == "--version" { return .version }
            if path.isEmpty, word == "help" {
                return try helpRequest(rest.dropFirst())
            }
            guard let next = command.subcommands.first(where: { $0.name == word }) else {
                throw LocatedUsageError(command.unknownWord(word), path: path, tool: name)
            }
            rest = rest.dropFirst()
            path.append(word)
            command = next
        }
        if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            return .help(path: path)
        }
        do throws(UsageError) {
            var parser = LeafParser(command: command)
            return .run(ParsedCommand(path: path, arguments: try parser.parse(rest)))
        } catch {
            throw LocatedUsageError(error, path: path, tool: name)
        }
    }

    private func helpRequest(_ words: ArraySlice<String>) throws(LocatedUsageError) -> ParsedLine {
        var path: [String] = []
        var command = self
        for word in words where word != "--help" && word != "-h" {
            guard let next = command.subcommands.first(where: { $0.name == word }) else {
                throw LocatedUsageError(command.unknownWord(word), path: path, tool: name)
            }
            path.append(word)
            command = next
        }
        return .help(path: path)
    }

    private func unknownWord(_ word: String) -> UsageError {
        if word.hasPrefix("-") {
            return .unknownOption(
                word, suggestion: Suggestions.nearest(to: word, among: ["--help", "--version"]))
        }
        let names = listedSubcommands.map(\.name) + ["help"]
        return .unknownCommand(word, suggestion: Suggestions.nearest(to: word, among: names))
    }
}

/// Reads the words after the command's name.
private struct LeafParser {
    let command: CommandDescription
    var parsed = ParsedArguments()
    var positionalWords: [String] = []

    mutating func parse(_ words: ArraySlice<String>) throws(UsageError) -> ParsedArguments {
        var rest = words
        var optionsEnded = false
        while let word = rest.popFirst() {
            if optionsEnded || word == "-" || !word.hasPrefix("-") {
                positionalWords.append(word)
            } else if word == "--" {
                optionsEnded = true
            } else {
                try takeOption(word, from: &rest)
            }
        }
        try distributePositionals()
        for shape in command.options where shape.isRequired && parsed.options[shape.name] == nil {
            throw .missingArgument(shape.displayName)
        }
        return parsed
    }

    private mutating func takeOption(
        _ word: String, from rest: inout ArraySlice<String>
    ) throws(UsageError) {
        let cut = word.firstIndex(of: "=")
        let spelled = String(cut.map { word[..<$0] } ?? word[...])
        let attached = cut.map { String(word[word.index(after: $0)...]) }
        guard let shape = option(named: spelled) else {
            let known = command.options.map(\.displayName) + ["--help"]
            throw .unknownOption(
                spelled, suggestion: Suggestions.nearest(to: spelled, among: known))
        }
        switch shape.role {
        case .flag:
            if let attached { throw .unexpectedValue(option: spelled, value: attached) }
            parsed.options[shape.name] = [""]
        case .option, .positional:
            let value: String
            if let attached {
                value = attached
            } else if let next = rest.first, option(named: next) == nil, next != "--" {
                value = next
                rest = rest.dropFirst()
            } else {
                throw .missingValue(
                    option: spelled, placeholder: shape.placeholder, expectation: shape.expectation)
            }
            try check(value, against: shape)
            parsed.options[shape.name, default: []].append(value)
        }
    }

    private func option(named word: String) -> ArgumentShape? {
        command.options.first { $0.displayName == word }
    }

    private func check(_ value: String, against shape: ArgumentShape) throws(UsageError) {
        guard !shape.accepts(value) else { return }
        var suggestion: String?
        if case .words(let words) = shape.completion {
            suggestion = Suggestions.nearest(to: value, among: words)
        }
        throw .invalidValue(
            argument: shape.displayName, value: value, expectation: shape.expectation,
            suggestion: suggestion)
    }

    private mutating func distributePositionals() throws(UsageError) {
        var rest = positionalWords[...]
        for shape in command.positionals {
            if shape.isRepeated {
                for word in rest { try check(word, against: shape) }
                parsed.positionals[shape.name] = Array(rest)
                rest = []
            } else if let word = rest.popFirst() {
                try check(word, against: shape)
                parsed.positionals[shape.name] = [word]
            } else if shape.isRequired {
                throw .missingArgument(shape.name)
            }
        }
        if let word = rest.first { throw .unexpectedArgument(word) }
    }
}
