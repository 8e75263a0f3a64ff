import Checking
import Foundation
import History
import Testing

/// How sensitive the judge is: every operator on many correct executions. What the judge lets
/// pass must be proven legal by somebody else, and what is proven legal must pass.
@Suite("What breaks a promise is found, under the promise it breaks")
struct CorruptionTests {
    /// Enough for every operator to find something to corrupt in several of them.
    private static let fewSeeds = 40

    /// `ALLOCDB_CORRUPTION_SEEDS` executions are corrupted by every operator.
    @Test("every mutant of a correct execution is blocked or proven legal")
    func everyMutantIsKilled() async throws {
        let count = SeedRuns.count("ALLOCDB_CORRUPTION_SEEDS", default: Self.fewSeeds)
        let pieces = try await SeedRuns.pieces(SeedRuns.seeds(count)) { seeds in
            try seeds.map(Self.corrupt)
        }
        let table = CorruptionScores(pieces.flatMap { $0 })
        print(table.text)
        for complaint in table.complaints.prefix(40) { Issue.record("\(complaint)") }
        guard count >= Self.fewSeeds else { return }
        for row in table.rows {
            #expect(row.score.mutants >= 3, "\(row.name)")
            // What is known not to be seen is struck from the list when it is.
            let isHole = CorruptionScores.knownHoles[row.name] != nil
            #expect((row.score.survivors > 0) == isHole, "\(row.name)")
        }
        #expect(table.rows.count >= 60)
        guard count == Self.fewSeeds else { return }
        try compare(table.document)
    }

    /// `UPDATE_DOCUMENTS=1 swift test --filter CorruptionTests` writes the file anew.
    private func compare(_ document: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/reference/judge-sensitivity.md")
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] != nil {
            try document.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == document)
    }

    private static func corrupt(_ seed: UInt64) throws -> [String: CorruptionScore] {
        let execution = try ExecutionGenerator.execution(seed: seed, shape: .varied(seed))
        // Of a record that does not pass nothing follows from its not passing.
        guard Judge.judge(execution.record).verdict == .passed else { return [:] }
        #expect(
            try LegalityProof.exists(
                for: RecordEditor(execution.record), truth: execution.log),
            "seed \(seed): no proof that a correct execution is legal")
        var scores: [String: CorruptionScore] = [:]
        for corruption in CorruptionOperator.all {
            guard let mutant = corruption.mutant(of: execution.record, seed: seed) else { continue }
            let judgement = Judge.judge(mutant.record)
            let isLegal =
                try mutant.editor.map {
                    try isProven($0, execution.log, of: corruption, seed: seed, judgement)
                } ?? false
            scores[corruption.name] = CorruptionScore(
                corruption, seed: seed, judgement, isLegal: isLegal)
        }
        return scores
    }
    /// What passes deserves a long search. What does not gets a short one, for whether it is
    /// still explained by what really happened; of few executions, in few of them.
    private static func isProven(
        _ editor: RecordEditor, _ log: [Execution.Effect], of corruption: CorruptionOperator,
        seed: UInt64, _ judgement: Judgement
    ) throws -> Bool {
        // A command that nobody was ever told of is legal, and yet what a healed cluster owes.
        guard corruption.expected.isDisjoint(with: .ambiguity) else { return false }
        if judgement.verdict == .passed {
            return try LegalityProof.exists(for: editor, truth: log, budget: 3000)
        }
        let isThorough = SeedRuns.count("ALLOCDB_CORRUPTION_SEEDS", default: 0) > 0
        guard isThorough || seed % 5 == 0 else { return false }
        return try LegalityProof.exists(for: editor, truth: log, budget: 300)
    }
}
