import Checking
import History

/// What became of the mutants of one operator.
struct CorruptionScore: Sendable {
    private(set) var mutants = 0
    private(set) var legal = 0
    private(set) var killed = 0
    /// Passed, and nothing proves them legal.
    private(set) var survivors = 0
    /// Mutants that should have ended otherwise, in words.
    private(set) var complaints: [String] = []

    init() {}

    init(
        _ corruption: CorruptionOperator, seed: UInt64, _ judgement: Judgement, isLegal: Bool
    ) {
        mutants = 1
        let place = "\(corruption.name), seed \(seed)"
        let found = judgement.findings.first { $0.severity != .note }
        let words = found.map { "\($0.code): \($0.explanation)" } ?? "nothing"
        switch (judgement.verdict, isLegal) {
        case (.passed, true): legal = 1
        case (.passed, false):
            survivors = 1
            guard CorruptionScores.knownHoles[corruption.name] == nil else { return }
            complaints = ["\(place): passed, and nothing proves it legal"]
        case (_, true): complaints = ["\(place): proven legal, but found \(words)"]
        case (.blocked, false), (.unknown, false):
            killed = 1
            let isNamed = judgement.findings.contains { corruption.expected.contains($0.code) }
            if !isNamed { complaints = ["\(place): found under another name: \(words)"] }
        }
    }

    mutating func add(_ other: CorruptionScore) {
        mutants += other.mutants
        legal += other.legal
        killed += other.killed
        survivors += other.survivors
        complaints += other.complaints
    }

    /// Of the mutants that nothing proves legal, in percent.
    var killRate: String {
        let wrong = mutants - legal
        guard wrong > 0 else { return "-" }
        return killed == wrong
            ? "100 %" : "\(killed * 1000 / wrong / 10).\(killed * 1000 / wrong % 10) %"
    }
}

/// The operators with what became of their mutants.
struct CorruptionScores {
    /// Operators of which some mutants pass though nothing proves them legal, with the reason.
    static let knownHoles: [String: String] = [
        "report fewer expiries than there were": unproven,
        "hide what a tick expired": unproven,
        "drop a refused command": unproven,
        "send a tick at the end": unproven,
        "show another end": unproven,
    ]

    private static let unproven =
        "the judge finds an explanation in which every tick makes what it reports; the search for "
        + "a proof that an allocator may have done that finds none within its bound"

    let rows: [(name: String, score: CorruptionScore)]

    init(_ scores: [[String: CorruptionScore]]) {
        rows = CorruptionOperator.all.map { corruption in
            var sum = CorruptionScore()
            for score in scores { if let one = score[corruption.name] { sum.add(one) } }
            return (corruption.name, sum)
        }
    }

    var complaints: [String] { rows.flatMap(\.score.complaints) }

    private var total: CorruptionScore {
        var sum = CorruptionScore()
        for row in rows { sum.add(row.score) }
        return sum
    }

    var text: String {
        let lines = (rows + [("all \(rows.count) operators", total)]).map { name, score in
            "corruption: \(name): \(score.mutants) mutants, \(score.legal) legal, "
                + "\(score.killed) killed, \(score.killRate)"
        }
        return lines.joined(separator: "\n")
    }

    private var holes: String {
        Self.knownHoles.sorted { $0.key < $1.key }.map { "- *\($0.key)*: \($0.value)." }
            .joined(separator: "\n")
    }

    var document: String {
        let rows = (self.rows + [("**all \(self.rows.count) operators**", total)]).map {
            name, score in
            "| \(name) | \(score.mutants) | \(score.legal) | \(score.killed) | \(score.killRate) |"
        }
        return """
            # How sensitive the judge is

            Correct executions of the allocator, with lost answers, retries, ticks, bundles and
            full tables, are corrupted in one point each, and judged. A mutant counts as killed
            when the judge does not let it pass and names a promise that the corruption breaks. It
            counts as legal when a search over the engine's kernel, which shares nothing with the
            judge, finds a whole course of events that the allocator may have taken; such a mutant
            must pass. The kill rate is that of the others.

            This file is written by `UPDATE_DOCUMENTS=1 swift test --filter CorruptionTests`; the
            same test compares the two. `ALLOCDB_CORRUPTION_SEEDS=N` tries N executions instead,
            and `ALLOCDB_EXECUTION_SEED=N` the one of that seed.

            | operator | mutants | legal | killed | kill rate |
            |---|---|---|---|---|
            \(rows.joined(separator: "\n"))

            ## What is not seen

            \(holes)

            """
    }
}
