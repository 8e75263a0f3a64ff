import Foundation
import Searching
import TestSupport

/// Histories as people write them, and what is found in them.
enum Histories {
    static func report(
        _ text: String, _ kind: ModelKind, limits: SearchLimits = .init()
    ) throws -> (history: OperationHistory, report: SearchReport) {
        let history = try HistoryFormat.read(Array(text.utf8), kind: kind)
        return (history, try SearchCheck.check(history, kind: kind, limits: limits))
    }

    /// `linearizable`, the line of the operation that nothing explains, or the budget.
    static func outcome(_ text: String, _ kind: ModelKind) throws -> String {
        let (history, report) = try report(text, kind)
        switch report.verdict {
        case .linearizable: return "linearizable"
        case .notLinearizable(let violation):
            return "line \(history.operations[violation.operation].line)"
        case .unknown(let exhaustion): return exhaustion.budget.rawValue
        }
    }

    static func text(_ sample: SampleHistory) -> String {
        var text = ""
        sample.generate { text += $0 }
        return text
    }

    /// Jepsen entries in EDN from `process type function value`.
    static func edn(_ lines: [String]) -> String {
        lines.map { line in
            let words = line.split(separator: " ", maxSplits: 3)
            let value = words.count > 3 ? words[3] : "nil"
            return "{:process \(words[0]), :type :\(words[1]), :f :\(words[2]), :value \(value)}\n"
        }.joined()
    }
}
