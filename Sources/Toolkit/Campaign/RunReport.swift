import Checking
import Matrix
import Nemesis
import Reporting
import Testbed
import Workload

/// The report of one run for people, in Markdown.
struct RunReport {
    let result: RunResult
    let descriptor: RunDescriptor
    let options: RunOptions
    let window: Duration
    let schedule: NemesisSchedule
    let statistics: JudgementStatistics?

    static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000
    }

    /// The command that asks the same questions again.
    static func reproduction(_ options: RunOptions, _ window: Duration) -> String {
        var words = [
            "allocdb-jepsen", "run", options.runID, "--testbed", options.testbed.rawValue,
            "--replica-binary", options.replicaBinary,
            "--fault-window", "\(window.components.seconds)", "--concurrency",
            "\(options.concurrency)", "--rate", rate(options.rate), "--seed", "\(options.seed)",
            "--output-root", options.outputRoot,
        ]
        words += options.faults.words
        switch options.style {
        case .concurrent: break
        case .scripted: words += ["--style", options.style.rawValue]
        }
        return words.map(quoted).joined(separator: " ")
    }

    private static func rate(_ rate: Double) -> String {
        rate == rate.rounded() && rate < 1e9 ? "\(Int64(rate))" : "\(rate)"
    }

    /// As a POSIX shell takes it for one word.
    static func quoted(_ word: String) -> String {
        let isPlain = word.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "-_./=:,".unicodeScalars.contains(scalar))
        }
        if isPlain, !word.isEmpty { return word }
        return "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }

    var text: String {
        var lines = ["# \(descriptor.id): \(result.verdict.word)", ""]
        if let reason = result.verdict.reason { lines += ["\(reason)", ""] }
        if result.wasInterrupted { lines += ["The run was ended early on request.", ""] }
        lines += [GateEvidence.sentence(result), ""]
        lines += findings + table + remarks
        lines += [
            "## Again", "", "    \(Self.reproduction(options, window))", "",
            "The seed fixes what each client intends and which faults are planned; what happens "
                + "also depends on timing.", "",
        ]
        return lines.joined(separator: "\n")
    }

    private var findings: [String] {
        guard !result.findings.isEmpty else { return [] }
        var lines = ["## Findings", ""]
        for (index, finding) in result.findings.enumerated() {
            lines += ["\(index + 1). **\(finding.code)**: \(finding.explanation)", ""]
        }
        return lines
    }

    private var table: [String] {
        var rows: [(String, String)] = [
            ("workload", descriptor.workload.rawValue), ("nemesis", descriptor.nemesis.rawValue),
            ("seed", "\(options.seed)"), ("clients", "\(options.concurrency)"),
            ("window", "\(Self.seconds(window)) s"),
            ("duration", "\(Self.seconds(result.elapsed)) s"),
            ("attempts", "\(result.operations)"), ("ambiguous attempts", "\(result.ambiguous)"),
            ("faults injected", "\(result.faultsInjected) of \(schedule.stepCount) planned"),
        ]
        if let statistics {
            rows += [
                ("commands", "\(statistics.logicalCommands)"),
                ("committed", "\(statistics.committed)"), ("refused", "\(statistics.refused)"),
                ("reads", "\(statistics.reads)"),
                ("definite failures", "\(statistics.definiteFailures)"),
                ("ambiguities resolved", "\(statistics.resolvedAmbiguities)"),
                ("ambiguities unresolved", "\(statistics.unresolvedAmbiguities)"),
                ("expiries inferred", "\(statistics.inferredExpiries)"),
                ("last LSN", "\(statistics.lastLSN)"),
            ]
            rows += CoverageSight.allCases.compactMap { sight in
                statistics.sights[sight].map { ("seen: \(sight.words)", "\($0)") }
            }
        }
        if let figures = result.figures {
            let share = figures.availability.map { "\((($0 * 1000).rounded(.down)) / 10) %" }
            let longest = figures.recoveries.max().map { "\(Self.seconds($0)) s" }
            rows += [
                ("writes available", share ?? "-"),
                ("longest time from a heal to the next success", longest ?? "-"),
            ]
        }
        return ["## Numbers", "", "| | |", "|---|---|"]
            + rows.map { "| \($0.0) | \($0.1) |" } + [""]
    }

    private var remarks: [String] {
        guard !result.remarks.isEmpty else { return [] }
        return ["## Remarks", ""] + result.remarks.map { "- \($0)" } + [""]
    }
}
