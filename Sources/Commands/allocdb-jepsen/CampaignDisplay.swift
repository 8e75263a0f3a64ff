import CommandDescriptions
import Conducting
import JSONText
import SystemCalls
import Terminal

/// Shows a campaign: on a terminal one line per lane that is drawn again in place, below the runs
/// that have ended; elsewhere a line when a run begins, changes its phase, and ends; or JSON lines.
struct CampaignDisplay {
    let mode: RunDisplay.Mode
    private var block = UpdatingBlock()
    private var phases: [Int: String] = [:]

    init(mode: RunDisplay.Mode) {
        self.mode = mode
    }

    mutating func show(_ event: CampaignEvent) -> DisplayOutput {
        switch mode {
        case .silent: return DisplayOutput()
        case .json:
            return DisplayOutput(standardOutput: json(event).map { $0.compact + "\n" } ?? "")
        case .terminal(let terminal) where terminal.isInteractive:
            return DisplayOutput(standardError: draw(event, terminal))
        case .terminal(let terminal):
            return DisplayOutput(standardError: line(event, terminal).map { $0 + "\n" } ?? "")
        }
    }

    mutating func end() -> DisplayOutput { DisplayOutput(standardError: block.clear()) }

    // MARK: - Terminals

    private mutating func draw(_ event: CampaignEvent, _ terminal: Terminal) -> String {
        switch event {
        case .began, .line: return ""
        case .ended:
            return block.clear() + (line(event, terminal).map { $0 + "\n" } ?? "")
        case .moment(let snapshot):
            return block.draw(snapshot.block(on: terminal), width: terminal.width)
        }
    }

    private mutating func line(_ event: CampaignEvent, _ terminal: Terminal) -> String? {
        switch event {
        case .began(let request, let lane, _):
            phases[lane] = nil
            return "lane \(lane): begins \(request.number) \(request.runID), seed \(request.seed)"
        case .line(let request, let lane, let json):
            guard let phase = json["phase"].string, phases[lane] != phase else { return nil }
            phases[lane] = phase
            return "lane \(lane): \(request.number) \(request.runID): \(phase)"
        case .ended(let request, let lane, let outcome, _):
            let word = terminal.styled(
                outcome.verdict.word.uppercased(), CampaignSummary.style(outcome.verdict.word))
            var text = "\(word)  \(request.number) \(request.runID)  lane \(lane), "
            text += "\(outcome.operations) operations, \(outcome.faults) faults"
            if let first = outcome.findings.first { text += ", \(first.code)" }
            if case .unknown(let reason) = outcome.verdict { text += ": \(reason)" }
            return text
        case .moment: return nil
        }
    }

    // MARK: - Programs

    private func json(_ event: CampaignEvent) -> JSONText? {
        func object(
            _ name: String, _ request: RunRequest, _ lane: Int, _ more: [JSONText.Member]
        ) -> JSONText {
            .object(
                [
                    .init("event", .string(name)), .init("lane", .number(lane)),
                    .init("number", .number(request.number)),
                    .init("run_id", .string(request.runID)), .init("seed", .number(request.seed)),
                ] + more)
        }
        switch event {
        case .began(let request, let lane, let attempt):
            return object("run_begin", request, lane, [.init("attempt", .string(attempt))])
        case .line(let request, let lane, .object(let members)):
            let known: Set = ["event", "run_id", "lane", "number", "seed"]
            return object("progress", request, lane, members.filter { !known.contains($0.name) })
        case .ended(let request, let lane, let outcome, let attempt):
            return object(
                "run_end", request, lane, outcome.members + [.init("attempt", .string(attempt))])
        case .line, .moment: return nil
        }
    }
}

extension CampaignSnapshot {
    /// The updating block: the whole, then every lane.
    func block(on terminal: Terminal) -> [String] {
        var head =
            terminal.styled("campaign \(name)", .bold)
            + "  \(endedCount) of \(total) done  \(elapsed.clock)"
        for (word, count) in ended.sorted(by: { $0.key < $1.key }) where word != "passed" {
            head += "  " + terminal.styled("\(count) \(word)", CampaignSummary.style(word))
        }
        return [head]
            + lanes.enumerated().map { index, lane in
                "  \(index + 1)  " + (lane.map { $0.words(on: terminal) } ?? "-")
            }
    }
}

extension LaneProgress {
    func words(on terminal: Terminal) -> String {
        var parts = [request.runID + "  " + terminal.styled(phase, .cyan)]
        if window > .zero {
            let cells = 8
            let share = min(1, windowElapsed.inSeconds / window.inSeconds)
            let full = Int(share * Double(cells))
            let rest = String(repeating: "░", count: cells - full)
            parts.append(
                String(repeating: "█", count: full) + terminal.styled(rest, .dim)
                    + " \(windowElapsed.clock) of \(window.clock)")
        }
        parts.append("\(operations) ops")
        if ambiguous > 0 { parts.append(terminal.styled("\(ambiguous) ambiguous", .yellow)) }
        if let currentFault { parts.append(terminal.styled(currentFault, .red)) }
        if findings > 0 { parts.append(terminal.styled("\(findings) findings", .red)) }
        return parts.joined(separator: "  ")
    }
}
