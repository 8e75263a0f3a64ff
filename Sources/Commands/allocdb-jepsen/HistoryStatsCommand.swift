import CommandDescriptions
import History
import Interchange
import JSONText
import SystemCalls
import Terminal

enum HistoryStatsCommand {
    static let histories = RepeatedPositional(
        .file("HISTORY"), "Histories in any form, or bundles")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "stats", summary: "Counts what histories hold",
            discussion: [
                "Of each: what it is and whether it was cut off, events and bytes, how each kind "
                    + "of operation came out, and the faults. Nothing is judged."
            ],
            arguments: [histories, AnalyzeCommand.format],
            examples: [
                CommandExample(
                    "allocdb-jepsen history stats history.record", purpose: "One record"),
                CommandExample(
                    "allocdb-jepsen history stats --format json artifacts/*-*/",
                    purpose: "Many bundles, for a program"),
            ],
            exitStatuses: HistoryCommand.exitStatuses),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let paths = arguments[histories]
        guard !paths.isEmpty else { throw UsageError.missingArgument("HISTORY") }
        var status = ExitCode.passed.rawValue
        for (number, path) in paths.enumerated() {
            let result = HistoryCommand.reporting { () throws(InterchangeError) in
                let statistics = try Statistics(of: HistoryCommand.resolve(path))
                switch arguments[AnalyzeCommand.format] {
                case .text:
                    if number > 0 { StandardStreams.writeOutput("\n") }
                    StandardStreams.writeOutput(
                        statistics.text(width: Terminal.detect(1).textWidth))
                case .json: StandardStreams.writeOutput(statistics.json.compact + "\n")
                }
            }
            status = max(status, result)
        }
        return status
    }
}

extension Statistics {
    private var seconds: Double { span / .seconds(1) }

    private var bytesPerEvent: Double {
        eventCount == 0 ? 0 : Double(byteCount) / Double(eventCount)
    }

    func text(width: Int) -> String {
        var title = "\(path)  (\(form.words)"
        if let formatVersion { title += ", version \(formatVersion)" }
        var lines = [title + ")"]
        var facts: [String] = []
        if let header {
            facts.append(
                "run \(header.runID), seed \(header.seed), \(header.concurrency) clients, "
                    + "tool \(header.toolVersion)")
        }
        var amount = "\(eventCount) events"
        if let sequences { amount += " (\(sequences.lowerBound) to \(sequences.upperBound))" }
        amount += " in \(Self.decimal(seconds)) s; \(byteCount) bytes"
        if let chunkCount { amount += " in \(chunkCount) chunks" }
        facts.append(amount + ", \(Self.decimal(bytesPerEvent)) per event")
        facts.append(ending)
        if let obstacle = header?.origin.shortcoming { facts.append(obstacle) }
        if let lastLSN { facts.append("highest LSN \(lastLSN)") }
        for fact in facts where !fact.isEmpty {
            lines += TextLayout.wrap(fact, width: width, indent: "  ")
        }
        lines += table
        for fault in faults {
            lines.append("  fault \(fault.kind): \(fault.begun) begun, \(fault.ended) ended")
        }
        if notes > 0 { lines.append("  \(notes) notes") }
        return lines.map { $0 + "\n" }.joined()
    }

    private var ending: String {
        switch isWhole {
        case nil: ""
        case true?: "whole: it ends with its mark"
        case false?:
            "cut off: it lacks the mark of a finished recording"
                + (lostBytes > 0 ? ", and \(lostBytes) bytes at its end are torn" : "")
        }
    }

    private static let columns = [
        "operation", "asked", "succeeded", "refused", "failed", "ambiguous", "unanswered",
    ]

    private var table: [String] {
        guard !rows.isEmpty else { return [] }
        let cells =
            [Self.columns]
            + rows.map { row in
                [row.operation]
                    + [row.asked, row.succeeded, row.refused, row.failed, row.ambiguous, row.open]
                    .map { "\($0)" }
            }
        let widths = Self.columns.indices.map { column in
            cells.map { $0[column].count }.max() ?? 0
        }
        return cells.map { row in
            "  "
                + row.indices.map { column in
                    let blanks = String(
                        repeating: " ", count: widths[column] - row[column].count)
                    return column == 0 ? row[column] + blanks : blanks + row[column]
                }.joined(separator: "  ")
        }
    }

    /// One decimal.
    private static func decimal(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    var json: JSONText {
        .object([
            "history": .string(path), "form": .string(form.rawValue),
            "format_version": .optional(formatVersion), "run_id": .optional(header?.runID),
            "whole": isWhole.map { .bool($0) } ?? .null, "lost_bytes": .number(lostBytes),
            "obstacle": .optional(header?.origin.shortcoming), "events": .number(eventCount),
            "first_sequence": .optional(sequences?.lowerBound),
            "last_sequence": .optional(sequences?.upperBound), "seconds": .number(seconds),
            "bytes": .number(byteCount), "chunks": .optional(chunkCount),
            "bytes_per_event": .number(bytesPerEvent),
            "highest_lsn": .optional(lastLSN?.rawValue),
            "operations": .array(
                rows.map { row in
                    .object([
                        "operation": .string(row.operation), "asked": .number(row.asked),
                        "succeeded": .number(row.succeeded), "refused": .number(row.refused),
                        "failed": .number(row.failed), "ambiguous": .number(row.ambiguous),
                        "unanswered": .number(row.open),
                    ])
                }),
            "faults": .array(
                faults.map { fault in
                    .object([
                        "kind": .string(fault.kind), "begun": .number(fault.begun),
                        "ended": .number(fault.ended),
                    ])
                }), "notes": .number(notes),
        ])
    }
}
