import Campaign
import JSONText
import SystemCalls
import Terminal

/// What is to be written where; kept apart from writing it so that tests can read it.
struct DisplayOutput: Equatable {
    var standardOutput = ""
    var standardError = ""

    func write() {
        if !standardOutput.isEmpty { StandardStreams.writeOutput(standardOutput) }
        if !standardError.isEmpty { StandardStreams.writeError(standardError) }
    }
}

/// Shows the progress of one run: one updating block on a terminal, plain lines elsewhere, JSON
/// lines, or nothing.
struct RunDisplay {
    enum Mode {
        case silent
        case json
        case terminal(Terminal)
    }

    /// Between two lines that say the same phase and the same fault.
    static let lineInterval = Duration.seconds(5)
    static let jsonInterval = Duration.seconds(1)

    let mode: Mode
    private var block = UpdatingBlock()
    private var lastLine: RunSnapshot?

    init(mode: Mode) {
        self.mode = mode
    }

    mutating func show(_ snapshot: RunSnapshot) -> DisplayOutput {
        switch mode {
        case .silent:
            return DisplayOutput()
        case .json:
            guard isDue(snapshot, every: Self.jsonInterval) else { return DisplayOutput() }
            return DisplayOutput(standardOutput: snapshot.json.compact + "\n")
        case .terminal(let terminal) where terminal.isInteractive:
            let lines = snapshot.block(on: terminal)
            return DisplayOutput(standardError: block.draw(lines, width: terminal.width))
        case .terminal:
            guard isDue(snapshot, every: Self.lineInterval) else { return DisplayOutput() }
            return DisplayOutput(standardError: snapshot.line + "\n")
        }
    }

    /// Takes the block away: the result says it all.
    mutating func end() -> DisplayOutput {
        DisplayOutput(standardError: block.clear())
    }

    private mutating func isDue(_ snapshot: RunSnapshot, every interval: Duration) -> Bool {
        if let lastLine, lastLine.phase == snapshot.phase,
            lastLine.currentFault == snapshot.currentFault,
            snapshot.elapsed - lastLine.elapsed < interval
        {
            return false
        }
        lastLine = snapshot
        return true
    }
}

extension RunSnapshot {
    /// The updating block: what is going on, how far it is, and how the cluster stands.
    func block(on terminal: Terminal) -> [String] {
        let head =
            terminal.styled(runID, .bold) + "  " + terminal.styled(phase.rawValue, .cyan)
            + "  " + elapsed.clock
        var lines = [head]
        if window > .zero {
            let cells = 30
            let share = min(1, windowElapsed.inSeconds / window.inSeconds)
            let full = Int(share * Double(cells))
            let bar =
                String(repeating: "█", count: full)
                + terminal.styled(String(repeating: "░", count: cells - full), .dim)
            lines.append("  window     \(bar)  \(windowElapsed.clock) of \(window.clock)")
        }
        let doubtful = ambiguous > 0 ? TextStyle.yellow : nil
        lines.append(
            "  operations \(operations), \(Int(operationsPerSecond.rounded())) per second, "
                + terminal.styledIf(doubtful, "\(ambiguous) ambiguous (\(unresolved) open)"))
        let fault = terminal.styledIf(currentFault == nil ? nil : .red, currentFault ?? "none")
        lines.append("  fault      \(fault)  (\(faultsInjected) so far)")
        for (offset, replica) in replicas.enumerated() {
            let label = offset == 0 ? "  replicas   " : "             "
            lines.append(label + replica.words(on: terminal))
        }
        if findings > 0 {
            lines.append("  " + terminal.styled("findings   \(findings)", .red))
        }
        return lines
    }

    /// One plain line with the same facts.
    var line: String {
        let plain = Terminal(isInteractive: false, hasColour: false, width: Terminal.usualWidth)
        var parts = ["[\(elapsed.clock)] \(phase.rawValue)"]
        if window > .zero { parts.append("\(windowElapsed.clock) of \(window.clock)") }
        parts.append("\(operations) operations (\(Int(operationsPerSecond.rounded()))/s)")
        parts.append("\(ambiguous) ambiguous")
        parts.append("fault: \(currentFault ?? "none")")
        parts += replicas.map { "replica " + $0.words(on: plain) }
        if findings > 0 { parts.append("findings: \(findings)") }
        return parts.joined(separator: ", ")
    }

    var json: JSONText {
        .object([
            "event": .string("progress"), "run_id": .string(runID),
            "phase": .string(phase.rawValue),
            "elapsed_secs": .seconds(elapsed), "window_elapsed_secs": .seconds(windowElapsed),
            "window_secs": .seconds(window), "operations": .number(operations),
            "operations_per_second": .number((operationsPerSecond * 10).rounded() / 10),
            "ambiguous": .number(ambiguous), "unresolved": .number(unresolved),
            "current_fault": .optional(currentFault), "faults_injected": .number(faultsInjected),
            "replicas": .array(
                replicas.map { replica in
                    .object([
                        "id": .number(replica.id), "role": .string(replica.role),
                        "view": .optional(replica.view), "commit_lsn": .optional(replica.commitLSN),
                    ])
                }),
            "findings": .number(findings),
        ])
    }
}

extension RunSnapshot.Replica {
    func words(on terminal: Terminal) -> String {
        let style: TextStyle? =
            switch role {
            case "primary": .green
            case "down", "faulted": .red
            case "backup": nil
            case _: .yellow
            }
        var text = "\(id) " + terminal.styledIf(style, role)
        if let view { text += " view \(view)" }
        if let commitLSN { text += " lsn \(commitLSN)" }
        return text
    }
}

extension Terminal {
    func styledIf(_ style: TextStyle?, _ text: String) -> String {
        style.map { styled(text, $0) } ?? text
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// `0:07`, `12:34` or `1:02:03`.
    var clock: String {
        let whole = max(0, components.seconds)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let minutes = whole / 60
        return minutes < 60
            ? "\(minutes):\(two(whole % 60))"
            : "\(minutes / 60):\(two(minutes % 60)):\(two(whole % 60))"
    }
}

extension JSONText {
    /// Seconds with milliseconds.
    static func seconds(_ duration: Duration) -> JSONText {
        .number((duration.inSeconds * 1000).rounded() / 1000)
    }
}
