extension CommandDescription {
    /// The reference page of this tool: every listed command with its arguments, examples and
    /// exit statuses, as Markdown. `level` is the depth of the tool's own heading.
    public func markdownReference(level: Int = 2) -> String {
        listedTree.map { entry in
            let heading = String(repeating: "#", count: level + min(entry.path.count - 1, 2))
            return entry.command.markdownSection(path: entry.path, heading: heading)
        }.joined(separator: "\n")
    }

    private func markdownSection(path: [String], heading: String) -> String {
        let full = path.joined(separator: " ")
        var lines = ["\(heading) \(full)", "", summary + "."]
        lines += ["", "```", ([full] + usageWords).joined(separator: " "), "```"]
        for paragraph in discussion { lines += ["", paragraph] }
        if !listedSubcommands.isEmpty {
            let rows = listedSubcommands.map { child in
                ["[`\(child.name)`](#\(anchor(path + [child.name])))", child.summary]
            }
            lines += markdownTable(["Command", "What it does"], rows)
        }
        if !arguments.isEmpty {
            let rows = arguments.map { shape in
                [
                    "`\(shape.spelling)\(shape.isRepeated ? "..." : "")`",
                    shape.summary,
                    shape.role == .flag ? "" : shape.expectation,
                    shape.isRequired ? "required" : shape.defaultText.map { "`\($0)`" } ?? "",
                ]
            }
            lines += markdownTable(["Argument", "Meaning", "Value", "Default"], rows)
        }
        if !examples.isEmpty {
            lines += ["", "Examples:", "", "```sh"]
            for example in examples { lines += ["# " + example.purpose, example.line] }
            lines.append("```")
        }
        if !exitStatuses.isEmpty {
            let rows = exitStatuses.map { [String($0.code), $0.meaning] }
            lines += markdownTable(["Exit status", "Meaning"], rows)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The name a Markdown renderer gives a heading.
    private func anchor(_ path: [String]) -> String {
        path.joined(separator: "-").lowercased()
    }

    private func markdownTable(_ titles: [String], _ rows: [[String]]) -> [String] {
        func row(_ cells: [String]) -> String {
            let escaped = cells.map { cell in
                cell.split(separator: "|", omittingEmptySubsequences: false).joined(
                    separator: "\\|")
            }
            return "| " + escaped.joined(separator: " | ") + " |"
        }
        return ["", row(titles), "|" + String(repeating: "---|", count: titles.count)]
            + rows.map(row)
    }
}
