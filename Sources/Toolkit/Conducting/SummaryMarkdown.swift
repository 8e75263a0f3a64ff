extension CampaignSummary {
    /// `summary.md`, in the Markdown of GitHub. Links are relative to the campaign's folder.
    public var markdown: String {
        var lines = [
            "# Campaign \(plan.name): \(verdict.rawValue)", "",
            "\(countWords). Seed \(plan.seed), \(plan.lanes) lanes, allocdb-jepsen \(toolVersion).",
            gateWords, "",
            "| # | Run | Verdict | Operations | Ambiguous | Faults | Available | Recovery | Seed |",
            "|---:|---|---|---:|---|---:|---:|---:|---:|",
        ]
        for row in rows {
            let words = RowWords(row: row)
            let name = Self.escaped(row.request.runID)
            let run = row.evidence.map { "[\(name)](<\($0)>)" } ?? name
            let verdict = row.word == "passed" ? row.word : "**\(row.word)**"
            let cells = [
                "\(row.request.number)", run, verdict, words.operations,
                words.ambiguous, words.faults, words.availability, words.recovery, words.seed,
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        lines += [""] + problems
        lines += [
            "Available: share of the window's tenths of a second with a write in flight in which one "
                + "succeeded. Recovery: median and longest time from the end of a fault to the next "
                + "write that succeeded.", "",
        ]
        return lines.joined(separator: "\n")
    }

    private var problems: [String] {
        var lines: [String] = []
        for row in rows {
            guard let outcome = row.outcome, outcome.verdict != .passed else { continue }
            lines += [
                "## \(row.request.number) \(Self.escaped(row.request.runID)): \(row.word)", "",
            ]
            if case .unknown(let reason) = outcome.verdict { lines += [Self.escaped(reason), ""] }
            for finding in outcome.findings {
                lines.append(
                    "- **\(Self.escaped(finding.code))**: "
                        + Self.escaped(finding.explanation))
            }
            if !outcome.findings.isEmpty { lines.append("") }
            if let evidence = row.evidence { lines += ["[Evidence](<\(evidence)>)", ""] }
        }
        return lines
    }

    /// Text that Markdown takes for nothing but text, on one line.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#", "&", "~":
                // Inside of a word an underscore means nothing, and names would be hard to read.
                if character == "_", result.last?.isLetter == true {
                    result.append(character)
                } else {
                    result += "\\\(character)"
                }
            case _ where character.isNewline: result += " "
            case _ where character.unicodeScalars.contains { $0.value < 0x20 }: break
            case _: result.append(character)
            }
        }
        return result
    }
}
