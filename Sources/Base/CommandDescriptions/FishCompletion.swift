/// Completion for fish: one `complete` line per command, option and value list. A small function
/// in the script finds out which command the line has reached.
struct FishCompletion {
    let tool: CommandDescription

    private var reached: String { "_" + tool.completionFunction + "_at" }

    var script: String {
        var lines = [
            "# fish completion of \(tool.name); load it with:",
            "#   \(tool.name) completions fish | source",
            "function \(reached)",
            "    set -l command ''",
            "    for word in (commandline -opc)[2..-1]",
            "        switch \"$command $word\"",
        ]
        for entry in tool.listedTree.dropFirst() {
            let parent = entry.path.dropFirst().dropLast().map { " " + $0 }.joined()
            lines.append("            case \(shellQuoted("\(parent) \(entry.command.name)"))")
            lines.append("                set command \"$command $word\"")
        }
        lines += [
            "            case ' help'", "                set command ' help'", "        end",
            "    end", "    test \"$command\" = \"$argv[1]\"", "end",
            "complete -c \(tool.name) -f",
        ]
        for entry in tool.listedTree {
            let isRoot = entry.path.count == 1
            let place = entry.path.dropFirst().map { " " + $0 }.joined()
            lines += rules(of: entry.command, place: place, isRoot: isRoot)
        }
        for child in tool.listedSubcommands {
            lines.append(rule(" help", "-a \(child.name) -d \(shellQuoted(child.summary))"))
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func rule(_ place: String, _ rest: String) -> String {
        "complete -c \(tool.name) -n \(shellQuoted("\(reached) \"\(place)\"")) \(rest)"
    }

    private func rules(
        of command: CommandDescription, place: String, isRoot: Bool
    ) -> [String] {
        var lines = command.completableCommands(isRoot: isRoot).map { child in
            rule(place, "-a \(child.name) -d \(shellQuoted(child.summary))")
        }
        for shape in command.options {
            let name = "-l \(shape.name) -d \(shellQuoted(shape.summary))"
            lines.append(rule(place, name + (shape.role == .flag ? "" : values(shape.completion))))
        }
        for shape in command.positionals {
            switch shape.completion {
            case .nothing: continue
            case .words(let words):
                lines.append(rule(place, "-a \(shellQuoted(words.joined(separator: " ")))"))
            case .files: lines.append(rule(place, "-F"))
            case .folders: lines.append(rule(place, "-a '(__fish_complete_directories)'"))
            }
        }
        lines.append(rule(place, "-s h -l help -d 'Explains this command'"))
        if isRoot { lines.append(rule(place, "-l version -d 'Prints the version'")) }
        return lines
    }

    private func values(_ completion: ValueCompletion) -> String {
        switch completion {
        case .nothing: " -x"
        case .words(let words): " -x -a \(shellQuoted(words.joined(separator: " ")))"
        case .files: " -r -F"
        case .folders: " -x -a '(__fish_complete_directories)'"
        }
    }
}
