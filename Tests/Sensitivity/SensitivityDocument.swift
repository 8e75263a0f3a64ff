import Conducting
import SystemCalls

/// `docs/reference/sensitivity.md`: which run finds which bug, how surely and how soon.
struct SensitivityDocument {
    let rows: [Row]
    /// Runs with the real daemon.
    let sound: [Row]
    let lanes: Int

    var text: String {
        let runs = rows.reduce(0) { $0 + $1.detections.count }
        let found = rows.reduce(0) { $0 + $1.found.count }
        var lines = [
            "# Sensitivity", "",
            "Does this tool find what it looks for? `Tests/BrokenReplica` is the real daemon with "
                + "one of \(rows.count) bugs; no product of the package contains it. Each bug is "
                + "put to the run of `matrices/sensitivity.yaml` that must find it, once for each "
                + "seed. The table is written by", "", "```sh", "make sensitivity", "```", "",
            "which goes on where it was cut off, and takes `SEEDS=10`, `LANES=2` and "
                + "`BUGS=name,name`. What was measured lies under `artifacts/sensitivity`; remove "
                + "that folder after a change of the program.", "",
            "This one: \(runs) runs with a bug, \(found) of them blocked for a reason that fits, on "
                + "\(lanes) lanes of a machine with \(Processors.count) processors, with a debug "
                + "build.", "",
        ]
        lines += table + [""] + reading + [""] + soundLines
        return lines.joined(separator: "\n") + "\n"
    }

    private var table: [String] {
        [
            "| Bug | What the daemon does wrong | Run | Found | Evidence: median, worst | "
                + "Run: median, worst | Findings, by seeds |",
            "|---|---|---|---|---|---|---|",
        ]
            + rows.map { row in
                let codes = row.codes.map { "`\($0.code)` \($0.seeds)" }
                return "| `\(row.name)` | \(row.breaks) | `\(row.run)` | \(row.found.count) of "
                    + "\(row.detections.count) | \(Self.seconds(row.evidence)) | "
                    + "\(Self.seconds(row.runs)) | "
                    + "\(codes.isEmpty ? "-" : codes.joined(separator: ", ")) |"
            }
    }

    private var reading: [String] {
        [
            "*Found* counts seeds whose run was blocked with a finding that tells of this bug "
                + "(`Tests/BugCatalogue/BugFacts.swift`); those findings come first in the last "
                + "column, the most telling first. The judge names causes and not consequences, so "
                + "most runs have one finding: which one depends on what clients asked first.",
            "",
            "*Evidence* is the time from the begin of the window to the moment at which the record "
                + "held a whole proof, that is, all operations of a finding had ended. Where no "
                + "finding names operations (a replica that declares itself faulted), the time of "
                + "the whole run stands for it. *Run* is the time from the start of the replicas "
                + "to the verdict with its bundle. Both are those of the seeds that found the bug.",
        ]
    }

    private var soundLines: [String] {
        guard !sound.isEmpty else { return [] }
        let lines = sound.map { row in
            let passed = row.detections.count { $0.verdict == .passed }
            return "| `\(row.run)` | \(passed) of \(row.detections.count) |"
        }
        return [
            "## The same runs with the real daemon", "", "| Run | Passed |", "|---|---|",
        ] + lines
    }

    private static func seconds(_ sorted: [Double]) -> String {
        guard let worst = sorted.last else { return "-" }
        return "\(tenths(sorted[sorted.count / 2])), \(tenths(worst)) s"
    }

    private static func tenths(_ seconds: Double) -> String {
        let number = Int((seconds * 10).rounded(.up))
        return "\(number / 10).\(number % 10)"
    }
}
