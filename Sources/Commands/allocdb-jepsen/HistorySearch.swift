import CommandDescriptions
import JSONText
import Searching
import SystemCalls
import Terminal

/// The search of one history file, ready to be printed.
struct HistorySearch {
    enum Ending: Equatable {
        case linearizable
        case notLinearizable(Violation)
        case unknown(String)
    }

    static let fileLimit = 1 << 32

    let path: String
    let kind: ModelKind
    var form = "unreadable"
    var ending = Ending.unknown("not searched")
    var history: OperationHistory?
    var report: SearchReport?
    var milliseconds = 0

    init(of path: String, kind: ModelKind, limits: SearchLimits) {
        self.path = path
        self.kind = kind
        do {
            let history = try read()
            self.history = history
            guard !history.operations.isEmpty else {
                ending = .unknown("the history holds no operation")
                return
            }
            let clock = ContinuousClock()
            let start = clock.now
            let report = try SearchCheck.check(history, kind: kind, limits: limits)
            milliseconds = Int(start.duration(to: clock.now) / .milliseconds(1))
            self.report = report
            switch report.verdict {
            case .linearizable: ending = .linearizable
            case .notLinearizable(let violation): ending = .notLinearizable(violation)
            case .unknown(let exhaustion): ending = .unknown(words(for: exhaustion, report))
            }
        } catch {
            ending = .unknown("\(error)")
        }
    }

    private mutating func read() throws -> OperationHistory {
        let bytes = try FileSystem.read(path, limit: Self.fileLimit)
        form = HistoryFormat.detect(bytes)?.rawValue ?? form
        return try HistoryFormat.read(bytes, kind: kind)
    }

    private func words(for exhaustion: Exhaustion, _ report: SearchReport) -> String {
        let reason =
            switch exhaustion.budget {
            case .time: "the time limit was reached"
            case .memory: "the memory limit was reached"
            case .concurrency:
                "more than \(LinearizabilitySearch.openLimit) answered operations were open at once"
            }
        let key = report.key.flatMap { history?.keys[$0] }.map { " of key \($0)" } ?? ""
        return "\(reason) after \(exhaustion.reached) of \(exhaustion.total) operations\(key), "
            + "with \(exhaustion.frontier) configurations; \(report.partitionsDone) of "
            + "\(report.partitions) partitions were done"
    }

    var exitCode: ExitCode {
        switch ending {
        case .linearizable: .passed
        case .notLinearizable: .blocked
        case .unknown: .unknown
        }
    }

    var word: String {
        switch ending {
        case .linearizable: "linearizable"
        case .notLinearizable: "not linearizable"
        case .unknown: "unknown"
        }
    }
}

extension HistorySearch {
    func text(on terminal: Terminal) -> String {
        let style: TextStyle =
            switch ending {
            case .linearizable: .green
            case .notLinearizable: .red
            case .unknown: .yellow
            }
        let width = terminal.textWidth
        let title = terminal.styled(word.uppercased(), style)
        var lines = ["\(title)  \(path)  (\(form), \(kind.rawValue))"]
        switch ending {
        case .linearizable: break
        case .notLinearizable(let violation):
            for sentence in sentences(of: violation) {
                lines += TextLayout.wrap(sentence, width: width, indent: "  ")
            }
        // A reading error points with a caret: its lines stay as they are.
        case .unknown(let reason):
            lines += reason.split(separator: "\n").map { "  \($0)" }
        }
        if let report, let history {
            let facts =
                "\(history.operations.count) operations, \(report.partitions) partitions, "
                + "at most \(report.largestFrontier) configurations, \(milliseconds) ms"
            lines += TextLayout.wrap(facts, width: width, indent: "  ")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func sentences(of violation: Violation) -> [String] {
        guard let history else { return [] }
        let shown = 8
        var sentences = [
            "The first answer that nothing explains: \(history.describe(violation.operation)). "
                + "All answers before it can be explained."
        ]
        let states = violation.possibilities.reduce(into: [String]()) {
            if !$0.contains($1.state) { $0.append($1.state) }
        }
        let isPart = violation.possibilities.count < violation.possibilityCount
        sentences.append(
            "Before it, the object could be in: " + states.joined(separator: "; ")
                + (isPart ? "; and more" : "") + ".")
        if !violation.concurrent.isEmpty {
            sentences.append("Open at the same time, and tried in every order:")
            sentences += violation.concurrent.prefix(shown).map { "- \(history.describe($0))" }
            let rest = violation.concurrent.count - shown
            if rest > 0 { sentences.append("- and \(rest) more") }
        }
        return sentences
    }

    var json: JSONText {
        var reason: String?
        var violation = JSONText.null
        switch ending {
        case .linearizable: break
        case .notLinearizable(let found): violation = json(of: found)
        case .unknown(let text): reason = text
        }
        return .object([
            "history": .string(path), "form": .string(form), "model": .string(kind.rawValue),
            "verdict": .string(word), "reason": .optional(reason),
            "key": .optional(report?.key.flatMap { history?.keys[$0] }),
            "violation": violation,
            "operations": .optional(history?.operations.count),
            "partitions": .optional(report?.partitions),
            "partitions_done": .optional(report?.partitionsDone),
            "largest_frontier": .optional(report?.largestFrontier),
            "milliseconds": .number(milliseconds),
            "peak_memory_bytes": .optional(ProcessMemory.peakBytes()),
        ])
    }

    private func json(of violation: Violation) -> JSONText {
        guard let history else { return .null }
        func operation(_ index: Int) -> JSONText {
            .object([
                "line": .number(history.operations[index].line),
                "words": .string(history.describe(index)),
            ])
        }
        return .object([
            "operation": operation(violation.operation),
            "concurrent": .array(violation.concurrent.map(operation)),
            "possibilities": .array(
                violation.possibilities.map { possibility in
                    .object([
                        "state": .string(possibility.state),
                        "done_lines": .array(
                            possibility.done.map { .number(history.operations[$0].line) }),
                    ])
                }),
            "possibility_count": .number(violation.possibilityCount),
        ])
    }
}
