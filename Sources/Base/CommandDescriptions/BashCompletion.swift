/// Completion for bash 4 and later. The script walks the words before the cursor to find the
/// command, then offers that command's options, or values of the option just typed.
struct BashCompletion {
    let tool: CommandDescription

    var script: String {
        let function = tool.completionFunction
        var lines = [
            "# bash completion of \(tool.name); load it with:",
            "#   source <(\(tool.name) completions bash)",
            "\(function)() {",
            "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}",
            "    local command='' word index",
            "    # bash takes `--name=value` apart into three words",
            "    if [[ $current == '=' ]]; then",
            "        current=''",
            "    elif [[ $previous == '=' ]]; then",
            "        previous=${COMP_WORDS[COMP_CWORD-2]}",
            "    fi",
            "    COMPREPLY=()",
            "    for ((index = 1; index < COMP_CWORD; index++)); do",
            "        word=${COMP_WORDS[index]}",
            "        case \"$command $word\" in",
        ]
        for entry in tool.listedTree.dropFirst() {
            let parent = entry.path.dropFirst().dropLast().map { " " + $0 }.joined()
            lines.append("            \(shellQuoted("\(parent) \(entry.command.name)")))")
            lines.append("                command=\"$command $word\" ;;")
        }
        lines.append("            ' help') command=' help' ;;")
        lines += ["        esac", "    done", "    case \"$command $previous\" in"]
        for entry in tool.listedTree {
            let parent = entry.path.dropFirst().map { " " + $0 }.joined()
            for shape in entry.command.options where shape.role == .option {
                lines.append("        \(shellQuoted("\(parent) \(shape.displayName)")))")
                lines.append("            \(offer(values: shape.completion))")
                lines.append("            return ;;")
            }
        }
        lines += ["    esac", "    case \"$command\" in"]
        for entry in tool.listedTree {
            let command = entry.path.dropFirst().map { " " + $0 }.joined()
            lines.append("        \(shellQuoted(command)))")
            lines += words(of: entry.command, isRoot: entry.path.count == 1)
                .map { "            " + $0 }
            lines.append("            ;;")
        }
        let names = tool.listedSubcommands.map(\.name)
        lines.append("        ' help') \(offer(values: .words(names))) ;;")
        lines += ["    esac", "}", "complete -F \(function) \(shellQuoted(tool.name))"]
        return lines.map { $0 + "\n" }.joined()
    }

    private func offer(values: ValueCompletion) -> String {
        switch values {
        case .nothing: ":"
        case .words(let words):
            "COMPREPLY=($(compgen -W \(shellQuoted(words.joined(separator: " "))) -- \"$current\"))"
        case .files:
            "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$current\")"
        case .folders:
            "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$current\")"
        }
    }

    private func words(of command: CommandDescription, isRoot: Bool) -> [String] {
        var options = command.completableOptions.map(\.name)
        if isRoot { options.append("--version") }
        let named = command.completableCommands(isRoot: isRoot).map(\.name)
        let plain =
            command.positionals.first.map { offer(values: $0.completion) }
            ?? offer(values: .words(named))
        return [
            "if [[ $current == -* ]]; then",
            "    \(offer(values: .words(options)))",
            "else",
            "    \(plain)",
            "fi",
        ]
    }
}
