import CommandDescriptions
public import Terminal

/// The figures of one run in words, the same in every form of the summary.
struct RowWords {
    let row: CampaignSummary.Row

    var seed: String { "\(row.request.seed)" }
    var operations: String { row.outcome.map { "\($0.operations)" } ?? "-" }
    var faults: String { row.outcome.map { "\($0.faults)" } ?? "-" }

    /// Ambiguous commands and what became of them: `5: 3 took effect, 2 by retry`.
    var ambiguous: String {
        guard let outcome = row.outcome else { return "-" }
        let parts = RunOutcome.ambiguityWords.compactMap { word -> String? in
            guard let count = outcome.ambiguities[word], count > 0 else { return nil }
            return "\(count) " + word.split(separator: "_").joined(separator: " ")
        }
        let total = outcome.ambiguities.values.reduce(0, +)
        return parts.isEmpty ? "\(total)" : "\(total): " + parts.joined(separator: ", ")
    }

    var ambiguousCount: String {
        row.outcome.map { "\($0.ambiguities.values.reduce(0, +))" } ?? "-"
    }

    /// `99.3 %`.
    var availability: String {
        guard let share = row.outcome?.availability else { return "-" }
        return "\(Self.tenths(share * 100)) %"
    }

    /// Median and longest time from a heal to the next write that succeeded: `20 / 1400 ms`.
    var recovery: String {
        guard let outcome = row.outcome, let median = outcome.medianRecovery,
            let longest = outcome.recoverySeconds.max()
        else { return "-" }
        return "\(Int(median * 1000)) / \(Int(longest * 1000)) ms"
    }

    /// Rounded down, so that 100 means all.
    static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded(.down))
        return "\(tenths / 10).\(tenths % 10)"
    }

    static let titles = [
        "#", "run", "verdict", "operations", "ambiguous", "faults", "available", "recovery",
    ]

    var cells: [String] {
        [
            "\(row.request.number)", row.request.runID, row.word, operations, ambiguousCount,
            faults, availability, recovery,
        ]
    }
}

extension CampaignSummary {
    /// The summary for a person at a terminal. `folder` is where the rest lies.
    public func text(on terminal: Terminal, folder: String) -> String {
        let head = terminal.styled(verdict.rawValue.uppercased(), Self.style(verdict.rawValue))
        var lines = ["\(head)  campaign \(plan.name), seed \(plan.seed): \(countWords)", ""]
        let table = [RowWords.titles] + rows.map { RowWords(row: $0).cells }
        let widths = RowWords.titles.indices.map { column in
            table.map { $0[column].count }.max() ?? 0
        }
        for (index, cells) in table.enumerated() {
            let padded = cells.indices.map { column -> String in
                let blanks = String(repeating: " ", count: widths[column] - cells[column].count)
                let isText = column == 1 || column == 2
                let cell =
                    index > 0 && column == 2
                    ? terminal.styled(cells[column], Self.style(cells[column])) : cells[column]
                return isText ? cell + blanks : blanks + cell
            }
            lines.append("  " + padded.joined(separator: "  "))
        }
        for row in rows {
            guard let outcome = row.outcome, outcome.verdict != .passed else { continue }
            lines += ["", "  \(row.request.number) \(row.request.runID): \(row.word)"]
            if case .unknown(let reason) = outcome.verdict {
                lines += TextLayout.wrap(reason, width: terminal.textWidth, indent: "    ")
            }
            for finding in outcome.findings.prefix(3) {
                let paragraphs = "\(finding.code): \(finding.explanation)".split(separator: "\n")
                lines += paragraphs.flatMap {
                    TextLayout.wrap(String($0), width: terminal.textWidth, indent: "    ")
                }
            }
            if outcome.findings.count > 3 {
                lines.append("    and \(outcome.findings.count - 3) more findings")
            }
            if let evidence = row.evidence { lines.append("    \(folder)/\(evidence)") }
        }
        lines.append("")
        lines += TextLayout.wrap(gateWords, width: terminal.textWidth, indent: "  ")
        lines.append("  campaign  \(folder)")
        return lines.map { $0 + "\n" }.joined()
    }

    /// One sentence about the release gate.
    public var gateWords: String {
        let obstacles = gateObstacles
        guard let first = obstacles.first else { return "This is evidence for the release gate." }
        let others = obstacles.count > 1 ? " (and \(obstacles.count - 1) more reasons)" : ""
        return "This does not open the release gate: \(first)\(others)."
    }

    /// How a verdict is coloured.
    public static func style(_ word: String) -> TextStyle {
        switch word {
        case "passed": .green
        case "blocked": .red
        case _: .yellow
        }
    }
}
