import Checking
import CommandDescriptions
import Interchange
import JSONText
import Reporting
import Terminal

/// The judgements of some histories, the worst first, ready to be printed.
struct AnalyzeResults {
    struct Row: Sendable {
        /// How the history is named.
        var path: String
        var history: JudgedHistory?
        /// Why there was nothing to read.
        var problem: String?

        var verdict: Judgement.Verdict {
            history?.verdict ?? .unknown(problem ?? "there was nothing to read")
        }

        var findings: [JudgedHistory.Finding] { history?.findings ?? [] }
        var form: String { history?.form?.words ?? "unreadable" }

        var word: String {
            switch verdict {
            case .passed: "passed"
            case .blocked: "blocked"
            case .unknown: "unknown"
            }
        }

        fileprivate var badness: Int {
            switch verdict {
            case .passed: 0
            case .unknown: 1
            case .blocked: 2
            }
        }
    }

    let rows: [Row]
    let selection: PromiseSelection

    init(_ rows: [Row], selection: PromiseSelection) {
        // Sorting is stable: equals stay in the order given.
        self.rows = rows.enumerated().sorted {
            ($0.element.badness, $1.offset) > ($1.element.badness, $0.offset)
        }.map(\.element)
        self.selection = selection
    }

    var exitCode: ExitCode {
        switch rows.first?.verdict {
        case .blocked: .blocked
        case .unknown, nil: .unknown
        case .passed: .passed
        }
    }

    // MARK: - Text

    func text(on terminal: Terminal) -> String {
        let details = rows.filter { rows.count == 1 || $0.verdict != .passed }
            .map { detail($0, on: terminal) }
        let parts = (rows.count == 1 ? [] : [table(on: terminal)]) + details
        return parts.map { lines in lines.map { $0 + "\n" }.joined() }.joined(separator: "\n")
    }

    private static func style(_ verdict: Judgement.Verdict) -> TextStyle {
        switch verdict {
        case .passed: .green
        case .blocked: .red
        case .unknown: .yellow
        }
    }

    /// One line for each history.
    private func table(on terminal: Terminal) -> [String] {
        let counts = ["blocked", "unknown", "passed"].map { word in
            "\(rows.count { $0.word == word }) \(word)"
        }
        var lines = ["\(rows.count) histories: " + counts.joined(separator: ", "), ""]
        let codes = rows.map(Self.codes)
        let widest = max(8, codes.map(\.count).max() ?? 0)
        lines.append("  VERDICT  " + Self.padded("FINDINGS", widest) + "  HISTORY")
        for (row, codes) in zip(rows, codes) {
            let verdict = terminal.styled(
                Self.padded(row.word.uppercased(), 7), Self.style(row.verdict))
            lines.append("  \(verdict)  \(Self.padded(codes, widest))  \(row.path)")
        }
        if !selection.leftOut.isEmpty { lines += ["", "  " + leftOutWords] }
        return lines
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// The first code and how many more.
    private static func codes(_ row: Row) -> String {
        guard let first = row.findings.first else { return "-" }
        let more = row.findings.count - 1
        return first.code.rawValue + (more > 0 ? " and \(more) more" : "")
    }

    private var leftOutWords: String {
        "left out on request: " + selection.leftOut.map(\.rawValue).joined(separator: ", ")
    }

    private func detail(_ row: Row, on terminal: Terminal) -> [String] {
        let width = terminal.textWidth
        let verdict = row.word.uppercased()
        let limit =
            row.verdict == .passed ? row.history?.limitation.map { " \($0)" } ?? "" : ""
        var lines = [
            "\(terminal.styled(verdict, Self.style(row.verdict)))\(limit)  \(row.path)  "
                + "(\(row.form))"
        ]
        if case .unknown(let reason) = row.verdict {
            lines += TextLayout.wrap(reason, width: width, indent: "  ")
        }
        let facts = (row.history?.counts ?? []).map { "\($0.count) \($0.name)" }
        lines += TextLayout.wrap(facts.joined(separator: ", "), width: width, indent: "  ")
        for (offset, finding) in row.findings.enumerated() {
            lines.append("")
            lines += Self.lines(finding, number: offset + 1, on: terminal)
        }
        if !row.findings.isEmpty { lines.append("") }
        var notes = row.history?.notes ?? []
        if rows.count == 1, !selection.leftOut.isEmpty { notes.append(leftOutWords) }
        for note in notes {
            lines += TextLayout.wrap("note: \(note)", width: width, indent: "  ")
        }
        return lines
    }

    /// Operations of one finding that are listed; JSON lists all.
    private static let mostOperations = 40

    private static func lines(
        _ finding: JudgedHistory.Finding, number: Int, on terminal: Terminal
    ) -> [String] {
        let width = terminal.textWidth
        var lines = [
            "  \(number). \(terminal.styled(finding.code.rawValue, .bold))  (promise "
                + "\(finding.code.promise.number), \(finding.severity.words), decided by "
                + "\(finding.stage.rawValue))"
        ]
        lines += TextLayout.wrap(finding.explanation, width: width, indent: "     ")
        for place in finding.operations.prefix(mostOperations) {
            let words = place.words.map { ": \($0)" } ?? ""
            lines += TextLayout.wrap(
                "\(place.description)\(words)", width: width, indent: "     - "
            )
            .enumerated().map { $0.offset == 0 ? $0.element : "       " + $0.element.dropFirst(7) }
        }
        let more = finding.operations.count - mostOperations
        if more > 0 { lines.append("     and \(more) more") }
        return lines
    }
}
