import Checking
import CommandDescriptions
import History
import JSONText
import Reporting
import SystemCalls
import Terminal

/// The judgement of one history file, whatever its form, ready to be printed.
struct HistoryAnalysis {
    enum Verdict: Equatable {
        case passed
        case blocked
        case unknown(String)

        init(_ verdict: Judgement.Verdict) {
            switch verdict {
            case .passed: self = .passed
            case .blocked: self = .blocked
            case .unknown(let reason): self = .unknown(reason)
            }
        }

        var word: String {
            switch self {
            case .passed: "passed"
            case .blocked: "blocked"
            case .unknown: "unknown"
            }
        }
    }

    struct Entry: Equatable {
        var code: String
        /// The number of the broken promise in docs/reference/promises.md, where there is one.
        var promise: Int?
        var severity: String
        /// Sequences of the events involved.
        var events: [UInt64]
        var explanation: String
    }

    let path: String
    var form = "unreadable"
    var verdict = Verdict.passed
    var findings: [Entry] = []
    var notes: [String] = []
    var counts: [(name: String, count: UInt64)] = []

    /// Reads and judges. A bundle stands for the record in it. A file that cannot be read cannot
    /// be judged: unknown, with the reason.
    init(of given: String) {
        let record = Path.join(given, "history.record")
        path = FileSystem.exists(record) ? record : given
        do throws(HistoryFileError) {
            if try NativeRecordReader.isNativeRecord(path) {
                try judgeRecord()
            } else {
                judgeText()
            }
        } catch {
            verdict = .unknown("\(error)")
        }
    }

    private mutating func judgeRecord() throws(HistoryFileError) {
        form = "native record"
        let record = try RunRecord(contentsOf: path)
        let judgement = Judge.judge(record)
        verdict = Verdict(judgement.verdict)
        findings = judgement.findings.map { finding in
            Entry(
                code: finding.code.rawValue, promise: finding.code.promise.number,
                severity: finding.severity.words, events: finding.events.map(\.rawValue),
                explanation: finding.explanation)
        }
        if !record.isComplete {
            notes.append(
                "The record was cut off: it ends without the mark of a finished recording. What "
                    + "was asked and not answered in it counts as ambiguous.")
        }
        notes.append("run \(record.header.runID), seed \(record.header.seed)")
        let statistics = judgement.statistics
        counts = [
            ("events", statistics.events), ("attempts", statistics.attempts),
            ("logical commands", statistics.logicalCommands),
            ("committed", statistics.committed), ("refused", statistics.refused),
            ("reads", statistics.reads), ("definite failures", statistics.definiteFailures),
            ("ambiguous", statistics.ambiguousAttempts),
            ("ambiguous and unresolved", statistics.unresolvedAmbiguities),
        ].map { (name: $0.0, count: UInt64($0.1)) }
    }

    private mutating func judgeText() {
        form = "text version 1"
        let file: TextHistoryFile
        do throws(TextHistoryError) {
            file = try TextHistoryFile.read(path)
        } catch {
            let place = error.line.map { ", line \($0)" } ?? ""
            verdict = .unknown("cannot read the history\(place): \(error)")
            return
        }
        findings = file.report.blockers.map { blocker in
            let words = "\(blocker)".split(separator: " ", maxSplits: 1)
            return Entry(
                code: String(words.first?.dropFirst("blocker=".count) ?? ""), promise: nil,
                severity: Finding.Severity.blocks.words, events: [],
                explanation: words.count > 1 ? String(words[1]) : "")
        }
        counts = [
            (name: "events", count: UInt64(file.events)),
            (name: "logical commands", count: UInt64(file.report.commandCount)),
            (name: "committed", count: UInt64(file.committedWrites)),
        ]
        notes.append(
            "Text version 1 tells what was answered, not when it was asked: judged by the "
                + "reference analysis only. The order of events in time, the contents of reads "
                + "and the results of commands were not checked.")
        verdict = Verdict(file.verdict)
    }
}

extension HistoryAnalysis {
    func text(on terminal: Terminal) -> String {
        let style: TextStyle =
            switch verdict {
            case .passed: .green
            case .blocked: .red
            case .unknown: .yellow
            }
        let width = terminal.textWidth
        var lines = ["\(terminal.styled(verdict.word.uppercased(), style))  \(path)  (\(form))"]
        if case .unknown(let reason) = verdict {
            lines += TextLayout.wrap(reason, width: width, indent: "  ")
        }
        let facts = counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
        lines += TextLayout.wrap(facts, width: width, indent: "  ")
        for (offset, finding) in findings.enumerated() {
            let promise = finding.promise.map { "  (promise \($0))" } ?? ""
            lines += ["", "  \(offset + 1). \(terminal.styled(finding.code, .bold))\(promise)"]
            lines += TextLayout.wrap(finding.explanation, width: width, indent: "     ")
            if !finding.events.isEmpty {
                let events = finding.events.map(String.init).joined(separator: ", ")
                lines += TextLayout.wrap("events \(events)", width: width, indent: "     ")
            }
        }
        if !findings.isEmpty { lines.append("") }
        for note in notes {
            lines += TextLayout.wrap("note: \(note)", width: width, indent: "  ")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    var json: JSONText {
        var reason: String?
        if case .unknown(let text) = verdict { reason = text }
        return .object([
            "history": .string(path), "form": .string(form), "verdict": .string(verdict.word),
            "reason": .optional(reason),
            "counts": .object(
                counts.map { entry in
                    let name = entry.name.map { $0 == " " ? "_" : $0 }
                    return JSONText.Member(String(name), .number(entry.count))
                }),
            "findings": .array(
                findings.map { finding in
                    .object([
                        "code": .string(finding.code), "promise": .optional(finding.promise),
                        "severity": .string(finding.severity),
                        "events": .array(finding.events.map { .number($0) }),
                        "explanation": .string(finding.explanation),
                    ])
                }),
            "notes": .array(notes.map { .string($0) }),
        ])
    }
}
