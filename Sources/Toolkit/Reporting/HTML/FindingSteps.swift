import Checking
import History

/// The operations of a finding in the order of sending, in words, with the faults between them.
struct FindingSteps {
    private enum Row {
        case attempt(Int)
        case fault(RunActivity.Fault, isBegin: Bool)
    }

    private let activity: RunActivity
    private let involved: [Int]
    private let letters: OperationLetters
    private let from: RunInstant
    private let to: RunInstant

    init(_ activity: RunActivity, _ involved: [Int], _ letters: OperationLetters) {
        self.activity = activity
        self.involved = involved
        self.letters = letters
        let attempts = involved.map { activity.attempts[$0] }
        from = attempts.map(\.sentAt).min() ?? RunInstant(0)
        to = attempts.map { $0.endedAt ?? $0.sentAt }.max() ?? from
    }

    func write(to html: inout HTMLText) {
        let (faults, further) = faultRows
        let shown = involved.prefix(FindingsSection.mostSteps).map { index in
            (time: activity.attempts[index].sentAt, row: Row.attempt(index))
        }
        // Stable: where times are equal, operations come before faults.
        let rows = (shown + faults).enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }
        html.element("h4", "The operations, in order")
        if let sentence { html.element("p", ["class": "lead"], sentence) }
        html.element("div", ["class": "scroll"]) { html in
            html.element("table") { html in
                html.element("thead") { html in
                    html.element("tr") { html in
                        for name in ["", "Sent", "Answered", "By", "To", "Asked", "Answer"] {
                            html.element("th", ["scope": "col"], name)
                        }
                    }
                }
                html.element("tbody") { html in
                    for row in rows { write(row.element.row, to: &html) }
                }
            }
        }
        writeRemainder(further, to: &html)
    }

    /// How far apart they are, and what was done to the cluster meanwhile.
    private var sentence: String? {
        guard involved.count > 1, let first = involved.first, let last = involved.last else {
            return nil
        }
        let gap = activity.attempts[last].sentAt.rawValue - activity.attempts[first].sentAt.rawValue
        let faults = activity.faults.filter { $0.from <= to && ($0.to ?? activity.end) >= from }
        let meanwhile =
            faults.isEmpty
            ? "no fault was active"
            : "\(PageWords.counted(faults.count, "fault")) "
                + (faults.count == 1 ? "was active" : "were active")
        return "The last was sent \(PageWords.duration(nanoseconds: gap)) after the first; in that "
            + "time \(meanwhile)."
    }

    private func writeRemainder(_ furtherFaults: Int, to html: inout HTMLText) {
        let more = involved.count - FindingsSection.mostSteps
        var parts: [String] = []
        if more > 0 { parts.append(PageWords.counted(more, "further operation")) }
        if furtherFaults > 0 { parts.append(PageWords.counted(furtherFaults, "further fault")) }
        if !parts.isEmpty {
            html.element(
                "p", ["class": "lead"],
                "Not listed: \(parts.joined(separator: " and ")); `analyze --format json` names "
                    + "all events.")
        }
        html.element(
            "button",
            [
                "type": "button", "data-from": "\(from.rawValue / 1000)",
                "data-to": "\(to.rawValue / 1000)",
            ], "Show this time in the charts")
    }

    /// Begins and ends of faults between the first and the last moment, and those that were
    /// active at the first.
    private var faultRows: (rows: [(time: RunInstant, row: Row)], further: Int) {
        var rows: [(time: RunInstant, row: Row)] = []
        for fault in activity.faults {
            let end = fault.to ?? activity.end
            guard fault.from <= to, end >= from else { continue }
            rows.append((fault.from, .fault(fault, isBegin: true)))
            if let end = fault.to, end <= to {
                rows.append((end, .fault(fault, isBegin: false)))
            }
        }
        rows.sort { $0.time < $1.time }
        // The last ones before the answer that does not fit tell most.
        return (
            Array(rows.suffix(FindingsSection.mostFaults)),
            max(0, rows.count - FindingsSection.mostFaults)
        )
    }

    private func write(_ row: Row, to html: inout HTMLText) {
        switch row {
        case .attempt(let index): write(index, to: &html)
        case .fault(let fault, let isBegin):
            html.element("tr", ["class": "fault"]) { html in
                html.element("td", "")
                html.element(
                    "td", ["class": "time"],
                    PageWords.time(isBegin ? fault.from : fault.to ?? activity.end))
                html.element(
                    "td", ["colspan": "5"],
                    isBegin
                        ? "fault begins: \(fault.detail.isEmpty ? fault.kind : fault.detail)"
                        : "fault is over: \(fault.kind)")
            }
        }
    }

    private func write(_ index: Int, to html: inout HTMLText) {
        let attempt = activity.attempts[index]
        let id = attempt.invocation.operationID
        html.element("tr") { html in
            html.element("td") { html in
                html.element(
                    "abbr",
                    [
                        "class": "op",
                        "title": id.map { "operation \($0)" } ?? "has no operation id",
                    ], letters[index] ?? "")
            }
            html.element("td", ["class": "time"], PageWords.time(attempt.sentAt))
            html.element(
                "td", ["class": "time"], attempt.endedAt.map(PageWords.time) ?? "never")
            html.element("td", PageWords.process(attempt.process))
            html.element("td", "replica \(attempt.invocation.endpoint)")
            html.element(
                "td",
                Words.of(attempt.invocation.operation)
                    + (attempt.invocation.slot.map { ", in slot \($0)" } ?? ""))
            html.element("td") { html in
                html.element("span", ["class": "mark \(attempt.look.name)"], "")
                html.write(PageWords.answer(attempt.outcome))
            }
        }
    }
}
