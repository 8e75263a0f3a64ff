import Campaign
import CommandDescriptions
import JSONText
import Terminal

/// The result of a run as a person and as a program read it.
struct RunSummary {
    /// The first findings tell the story; the report holds the rest.
    static let shownFindings = 3

    let result: RunResult

    func text(on terminal: Terminal) -> String {
        let verdict = terminal.styled(result.verdict.word.uppercased(), verdictStyle)
        var lines = [
            "\(verdict)  \(result.runID)  seed \(result.seed), \(result.elapsed.clock) elapsed"
        ]
        if result.wasInterrupted, result.verdict != .interrupted {
            lines.append("  interrupted before its end")
        }
        if let reason = result.verdict.reason {
            lines += TextLayout.wrap(reason, width: terminal.textWidth, indent: "  ")
        }
        lines.append(
            "  \(result.operations) operations, \(result.ambiguous) ambiguous, "
                + "\(result.faultsInjected) faults")
        for (offset, finding) in result.findings.prefix(Self.shownFindings).enumerated() {
            lines += ["", "  \(offset + 1). " + terminal.styled(finding.code, .bold)]
            lines += TextLayout.wrap(
                finding.explanation, width: terminal.textWidth, indent: "     ")
        }
        if result.findings.count > Self.shownFindings {
            lines += ["", "  and \(result.findings.count - Self.shownFindings) more in the report"]
        }
        if !result.findings.isEmpty { lines.append("") }
        if let obstacle = result.gateObstacles.first {
            lines += TextLayout.wrap(
                "Not evidence for the release gate: \(obstacle).", width: terminal.textWidth,
                indent: "  ")
        }
        for remark in result.remarks {
            lines += TextLayout.wrap("note: " + remark, width: terminal.textWidth, indent: "  ")
        }
        for (name, path) in paths {
            if let path {
                lines.append("  " + name + String(repeating: " ", count: 9 - name.count) + path)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    var json: JSONText {
        .object([
            "event": .string("result"), "run_id": .string(result.runID),
            "verdict": .string(result.verdict.word),
            "reason": .optional(result.verdict.reason), "interrupted": .bool(result.wasInterrupted),
            "exit_status": .number(result.exitCode), "seed": .number(result.seed),
            "elapsed_secs": .seconds(result.elapsed), "operations": .number(result.operations),
            "ambiguous": .number(result.ambiguous),
            "faults_injected": .number(result.faultsInjected),
            "counts_for_gate": .bool(result.countsForGate),
            "gate_obstacles": .array(result.gateObstacles.map(JSONText.string)),
            "findings": .array(
                result.findings.map { finding in
                    .object([
                        "code": .string(finding.code),
                        "explanation": .string(finding.explanation),
                    ])
                }),
            "remarks": .array(result.remarks.map(JSONText.string)),
            "bundle": .optional(result.bundlePath), "report": .optional(result.reportPath),
            "history": .optional(result.historyPath),
        ])
    }

    private var paths: [(name: String, path: String?)] {
        [
            ("bundle", result.bundlePath), ("report", result.reportPath),
            ("history", result.historyPath),
        ]
    }

    private var verdictStyle: TextStyle {
        switch result.verdict {
        case .passed: .green
        case .blocked: .red
        case .unknown, .interrupted: .yellow
        }
    }
}
