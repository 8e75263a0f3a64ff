/// A shell that completion scripts can be written for.
public enum CompletionShell: String, CaseIterable, Sendable {
    case bash
    case zsh
    case fish
}

extension CommandDescription {
    /// A script that teaches the shell to complete this tool's commands, options and values.
    /// `bash` and `fish` source it; `zsh` sources it or finds it as `_<tool>` in its `fpath`.
    public func completionScript(for shell: CompletionShell) -> String {
        switch shell {
        case .bash: BashCompletion(tool: self).script
        case .zsh: ZshCompletion(tool: self).script
        case .fish: FishCompletion(tool: self).script
        }
    }

    /// A name that every shell accepts for a function.
    var completionFunction: String {
        "_" + String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }

    /// The words that may follow this command's name as subcommands; `help` and `--version`
    /// belong to the root.
    func completableCommands(isRoot: Bool) -> [(name: String, summary: String)] {
        guard !listedSubcommands.isEmpty else { return [] }
        let own = listedSubcommands.map { (name: $0.name, summary: $0.summary) }
        return isRoot ? own + [("help", "Explains a command")] : own
    }

    var completableOptions: [(name: String, summary: String)] {
        options.map { (name: $0.displayName, summary: $0.summary) }
            + [("--help", "Explains this command")]
    }
}

/// One word in single quotes, safe in each of the three shells.
func shellQuoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        + "'"
}
