import Checking
import History

/// The commands of which nobody could say at the time whether they were executed, and what became
/// of them.
struct AmbiguitySection {
    fileprivate struct Command {
        var kind: Operation.Kind
        var operation: Operation
        var firstSent: RunInstant
        var reasons: [Ambiguity] = []
        /// When it became ambiguous first.
        var doubtedAt: RunInstant?
        /// The first answer that tells what became of it.
        var told: (at: RunInstant, wasExecuted: Bool)?
        var attempts = 0
    }

    private let commands: [(id: OperationID, command: Command)]
    /// Ambiguous attempts without an identity: reads and ticks, for which nothing is to resolve.
    private let nameless: [Operation.Kind: Int]

    /// Commands that are still unresolved are listed up to this many.
    static let mostListed = 30

    init(_ activity: RunActivity) {
        var commands: [OperationID: Command] = [:]
        var order: [OperationID] = []
        var nameless: [Operation.Kind: Int] = [:]
        for attempt in activity.attempts {
            guard let id = attempt.invocation.operationID else {
                if attempt.look == .ambiguous { nameless[attempt.kind, default: 0] += 1 }
                continue
            }
            if commands[id] == nil { order.append(id) }
            commands[
                id,
                default: Command(
                    kind: attempt.kind, operation: attempt.invocation.operation,
                    firstSent: attempt.sentAt)
            ].take(attempt)
        }
        self.nameless = nameless
        self.commands = order.compactMap { id in
            guard let command = commands[id], !command.reasons.isEmpty else { return nil }
            return (id, command)
        }
    }

    func write(to html: inout HTMLText) {
        html.element("section", ["class": "card", "id": "ambiguity"]) { html in
            html.element("h2", "Ambiguity")
            html.element(
                "p", ["class": "lead"],
                "A command is ambiguous when an attempt of it ended without saying whether it was "
                    + "executed. It is repeated under its identity until the log answers.")
            guard !commands.isEmpty || !nameless.isEmpty else {
                html.element("p", ["class": "none"], "Every attempt was told its outcome.")
                return
            }
            writeTable(to: &html)
            writeUnresolved(to: &html)
        }
    }

    private func writeTable(to html: inout HTMLText) {
        let headings =
            ["Commands"] + reasons.map(PageWords.words) + [
                "executed", "refused", "unresolved", "half resolved within", "longest",
            ]
        html.element("div", ["class": "scroll"]) { html in
            html.element("table", ["id": "ambiguity-table"]) { html in
                html.element(
                    "caption",
                    "Ambiguous commands by operation: why (attempts), what became of them "
                        + "(commands), and how long after the first doubt that was known")
                html.element("thead") { html in
                    html.element("tr") { html in
                        html.element("th", ["scope": "col"], "Operation")
                        for name in headings {
                            html.element("th", ["scope": "col", "class": "number"], name)
                        }
                    }
                }
                html.element("tbody") { html in
                    for kind in Operation.Kind.allCases { writeRow(kind, to: &html) }
                }
            }
        }
        let reads = nameless.values.reduce(0, +)
        if reads > 0 {
            html.element(
                "p", ["class": "lead"],
                "Besides, \(PageWords.counted(reads, "read or tick", "reads and ticks")) had no "
                    + "certain answer; they carry no identity, and there is nothing to resolve.")
        }
    }

    /// The reasons that occurred.
    private var reasons: [Ambiguity] {
        Ambiguity.allCases.filter { reason in
            commands.contains { $0.command.reasons.contains(reason) }
        }
    }

    private func writeRow(_ kind: Operation.Kind, to html: inout HTMLText) {
        let own = commands.map(\.command).filter { $0.kind == kind }
        guard !own.isEmpty else { return }
        let reasons = reasons.map { reason in
            own.reduce(0) { $0 + $1.reasons.count { $0 == reason } }
        }
        let executed = own.count { $0.told?.wasExecuted == true }
        let refused = own.count { $0.told?.wasExecuted == false }
        let delays = own.compactMap(\.delay).sorted()
        html.element("tr") { html in
            html.element("th", ["scope": "row"], kind.rawValue)
            let counts =
                [own.count] + reasons + [executed, refused, own.count - executed - refused]
            for count in counts {
                html.element("td", ["class": "number"], count == 0 ? "–" : PageWords.count(count))
            }
            for delay in [delays.isEmpty ? nil : delays[(delays.count - 1) / 2], delays.last] {
                html.element(
                    "td", ["class": "number"],
                    delay.map { PageWords.duration(nanoseconds: $0) } ?? "–")
            }
        }
    }

    private func writeUnresolved(to html: inout HTMLText) {
        let open = commands.filter { $0.command.told == nil }
        guard !open.isEmpty else { return }
        html.element("h4", "Unresolved to the end")
        html.element("ul", ["class": "remarks"]) { html in
            for (id, command) in open.prefix(Self.mostListed) {
                html.element("li") { html in
                    html.write(
                        "\(Words.of(command.operation)), first sent "
                            + "\(PageWords.time(command.firstSent)), "
                            + "\(PageWords.counted(command.attempts, "attempt")), operation ")
                    html.element("code", "\(id)")
                }
            }
        }
        if open.count > Self.mostListed {
            html.element("p", ["class": "lead"], "and \(open.count - Self.mostListed) more")
        }
    }
}

extension AmbiguitySection.Command {
    /// From the first doubt to the answer.
    fileprivate var delay: UInt64? {
        guard let told, let doubtedAt else { return nil }
        return told.at > doubtedAt ? told.at.rawValue - doubtedAt.rawValue : 0
    }

    fileprivate mutating func take(_ attempt: RunActivity.Attempt) {
        attempts += 1
        switch attempt.outcome {
        case .ambiguous(let reason):
            reasons.append(reason)
            let at = attempt.endedAt ?? attempt.sentAt
            doubtedAt = min(at, doubtedAt ?? at)
        case .committed: tell(attempt, wasExecuted: true)
        // A remembered conflict speaks of another command under the same identity, and says with
        // that that this one was not executed.
        case .refused: tell(attempt, wasExecuted: false)
        case .ticked, .read, .failed: break
        }
    }

    private mutating func tell(_ attempt: RunActivity.Attempt, wasExecuted: Bool) {
        let at = attempt.endedAt ?? attempt.sentAt
        if told.map({ at < $0.at }) ?? true { told = (at, wasExecuted) }
    }
}
