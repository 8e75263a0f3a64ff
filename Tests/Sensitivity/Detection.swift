import Checking
import Conducting
import History
import Reporting
import SystemCalls

/// How one run with one bug ended.
struct Detection {
    let seed: UInt64
    /// Codes of the findings, in their order and without repetitions.
    let codes: [String]
    let verdict: RunOutcome.Verdict
    /// Of the whole run, from the start of the replicas to the bundle.
    let runSeconds: Double
    /// From the begin of the window to the moment at which the record held a whole proof; nil
    /// where no finding names operations.
    let evidenceSeconds: Double?

    init(_ outcome: RunOutcome, seed: UInt64, attempt: String) {
        self.seed = seed
        verdict = outcome.verdict
        runSeconds = outcome.elapsedSeconds
        codes = outcome.findings.reduce(into: []) { codes, finding in
            if !codes.contains(finding.code) { codes.append(finding.code) }
        }
        evidenceSeconds = outcome.bundle.flatMap { bundle in
            let path = Path.join(Path.join(attempt, bundle), "history.record")
            guard let record = try? RunRecord(contentsOf: path) else { return nil }
            return Self.evidence(in: record)
        }
    }

    /// Blocked, and for a reason that fits.
    func isFound(_ codes: [String]) -> Bool {
        verdict == .blocked && !Set(codes).isDisjoint(with: self.codes)
    }

    /// When the first of the findings was complete: all its operations had ended.
    private static func evidence(in record: RunRecord) -> Double? {
        let times = Dictionary(
            record.events.map { ($0.sequence, $0.time.rawValue) }, uniquingKeysWith: { $1 })
        let begin = record.events.first {
            if case .note(RunFigures.windowBegins) = $0.content { true } else { false }
        }
        guard let begin else { return nil }
        let ends = Judge.judge(record).findings.filter { $0.severity == .blocks }
            .compactMap { finding in finding.events.compactMap { times[$0] }.max() }
        guard let first = ends.min() else { return nil }
        // A resource may be created, and proved to be wrong, before the window begins.
        return Double(first - min(first, begin.time.rawValue)) / 1e9
    }
}

/// What the runs with one bug came to.
struct Row {
    let name: String
    let breaks: String
    let run: String
    let expected: [String]
    let detections: [Detection]

    var found: [Detection] { detections.filter { $0.isFound(expected) } }
    var evidence: [Double] { found.map { $0.evidenceSeconds ?? $0.runSeconds }.sorted() }
    var runs: [Double] { found.map(\.runSeconds).sorted() }

    /// Codes of the findings, the expected ones first, each with the number of seeds.
    var codes: [(code: String, seeds: Int)] {
        var counts: [String: Int] = [:]
        for detection in detections {
            for code in detection.codes { counts[code, default: 0] += 1 }
        }
        let known = expected.filter { counts[$0] != nil }
        let others = counts.keys.filter { !expected.contains($0) }.sorted()
        return (known + others).map { ($0, counts[$0] ?? 0) }
    }
}
