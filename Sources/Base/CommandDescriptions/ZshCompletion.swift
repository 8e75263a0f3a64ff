/// Completion for zsh: one function per command, each a call of `_arguments`.
struct ZshCompletion {
    let tool: CommandDescription

    var script: String {
        let function = tool.completionFunction
        var lines = [
            "#compdef \(tool.name)",
            "# zsh completion of \(tool.name); load it with:",
            "#   source <(\(tool.name) completions zsh)",
        ]
        for entry in tool.listedTree.reversed() {
            lines += self.function(of: entry.command, path: entry.path)
        }
        lines += [
            "if [ \"$funcstack[1]\" = \"\(function)\" ]; then",
            "    \(function) \"$@\"",
            "else",
            "    compdef \(function) \(tool.name)",
            "fi",
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    private func functionName(_ path: [String]) -> String {
        ([tool.completionFunction] + path.dropFirst()).joined(separator: "__")
    }

    private func function(of command: CommandDescription, path: [String]) -> [String] {
        var specifications = command.options.map(specification)
        specifications.append("'(- *)'{-h,--help}'[Explains this command]'")
        let isRoot = path.count == 1
        if isRoot { specifications.append("'(- *)--version[Prints the version]'") }
        let children = command.completableCommands(isRoot: isRoot)
        guard !children.isEmpty else {
            specifications += command.positionals.enumerated().map { offset, shape in
                let place = shape.isRepeated ? "*" : String(offset + 1)
                return shellQuoted("\(place):\(escaped(shape.name)):\(action(shape.completion))")
            }
            return ["\(functionName(path))() {"] + call(specifications) + ["}"]
        }
        specifications += ["'1: :->command'", "'*:: :->arguments'"]
        var lines = [
            "\(functionName(path))() {", "    local curcontext=$curcontext line state",
            "    local -a commands",
        ]
        lines += call(["-C"] + specifications)
        lines += ["    case $state in", "        command)", "            commands=("]
        lines += children.map { child in
            "                " + shellQuoted("\(child.name):\(child.summary)")
        }
        lines += [
            "            )", "            _describe command commands", "            ;;",
            "        arguments)", "            case $line[1] in",
        ]
        for child in command.listedSubcommands {
            lines.append("                \(child.name)) \(functionName(path + [child.name])) ;;")
        }
        if isRoot {
            let names = command.listedSubcommands.map(\.name).joined(separator: " ")
            lines.append(
                "                help) _arguments \(shellQuoted("1:command:(\(names))")) ;;")
        }
        return lines + ["            esac", "            ;;", "    esac", "}"]
    }

    private func call(_ specifications: [String]) -> [String] {
        let last = specifications.count - 1
        return ["    _arguments \\"]
            + specifications.enumerated().map { offset, text in
                "        \(text)" + (offset < last ? " \\" : "")
            }
    }

    private func specification(_ shape: ArgumentShape) -> String {
        let repeats = shape.isRepeated ? "*" : ""
        let head = "\(repeats)\(shape.displayName)[\(escaped(shape.summary))]"
        return shape.role == .flag
            ? shellQuoted(head)
            : shellQuoted("\(head):\(escaped(shape.placeholder)):\(action(shape.completion))")
    }

    private func action(_ completion: ValueCompletion) -> String {
        switch completion {
        case .nothing: " "
        case .words(let words): "(\(words.joined(separator: " ")))"
        case .files: "_files"
        case .folders: "_files -/"
        }
    }

    /// Colons and brackets have a meaning inside a specification.
    private func escaped(_ text: String) -> String {
        text.map { ":[]\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
