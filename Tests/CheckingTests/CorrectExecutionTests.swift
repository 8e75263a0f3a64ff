import Checking
import History
import Testing

@Suite("A correct execution is never blocked")
struct CorrectExecutionTests {
    private struct Outcome {
        var count = 0
        var failures: [String] = []
        /// The judge reached the bound of its search, and said so.
        var undecided: [UInt64] = []
        var sights = ExecutionSights()
        var expiries = 0
        var resolved = 0
    }

    /// `ALLOCDB_CORRECT_EXECUTIONS` executions; a night takes 100000.
    @Test("executions of the kernel pass, whatever happens in them")
    func correctExecutionsPass() async throws {
        let count = SeedRuns.count("ALLOCDB_CORRECT_EXECUTIONS", default: 2000)
        let seeds = SeedRuns.seeds(count)
        let pieces = try await SeedRuns.pieces(seeds) { try Self.judgeAll($0) }
        var all = Outcome()
        for piece in pieces {
            all.count += piece.count
            all.failures += piece.failures
            all.undecided += piece.undecided
            all.sights.add(piece.sights)
            all.expiries += piece.expiries
            all.resolved += piece.resolved
        }
        for failure in all.failures.prefix(20) { Issue.record("\(failure)") }
        print(
            "correct executions: \(all.count) cases, seeds \(seeds.first ?? 0) to "
                + "\(seeds.last ?? 0), \(all.failures.count) blocked, undecided "
                + "\(all.undecided.sorted()), \(all.expiries) inferred expiries, "
                + "\(all.resolved) resolved ambiguities")
        #expect(all.count == seeds.count)
        #expect(all.undecided.count <= count / 1000)
        guard seeds.count >= 1000 else { return }
        #expect(all.sights.missing(least: count / 100) == [])
    }

    private static func judgeAll(_ seeds: [UInt64]) throws -> Outcome {
        var outcome = Outcome()
        for seed in seeds {
            let execution = try ExecutionGenerator.execution(seed: seed, shape: .varied(seed))
            let judgement = Judge.judge(execution.record)
            outcome.count += 1
            outcome.sights.add(execution.sights)
            outcome.expiries += judgement.statistics.inferredExpiries
            outcome.resolved += judgement.statistics.resolvedAmbiguities
            // Whoever asks again when nobody remembers has asked in vain; that is found, and is
            // the client's fault.
            let isTooLate = execution.sights.counts[.askedAgainTooLate] != nil
            let findings = judgement.findings.filter {
                !(isTooLate && $0.code == .unprovenResolution)
            }
            if let finding = findings.first(where: { $0.severity == .blocks }) {
                outcome.failures.append(
                    "seed \(seed): \(finding.code): \(finding.explanation) "
                        + "(alone: ALLOCDB_EXECUTION_SEED=\(seed))")
            } else if findings.contains(where: { $0.severity == .suspicious }) {
                outcome.undecided.append(seed)
            }
        }
        return outcome
    }

    /// One ambiguous attempt that nobody remembered when the command was answered, and one that
    /// somebody may have: a full table had refused it.
    @Test("executions that were blocked once, wrongly, pass", arguments: [3567, 8223] as [UInt64])
    func blockedOnce(seed: UInt64) throws {
        #expect(try Self.judgeAll([seed]).failures == [])
    }

    @Test("commands whose outcome stays unknown do not block, and do not pass for resolved")
    func unresolvedIsNoted() throws {
        for seed in 1...UInt64(200) {
            var shape = ExecutionShape.varied(seed)
            shape.resolves = false
            var record = try ExecutionGenerator.generate(seed: seed, shape: shape)
            record.isComplete = false
            let judgement = Judge.judge(record)
            #expect(
                judgement.verdict != .blocked,
                "seed \(seed): \(judgement.findings.first?.explanation ?? "")")
            #expect(
                judgement.statistics.unresolvedAmbiguities
                    == judgement.findings.count {
                        $0.code == .unresolvedAmbiguity || $0.code == .unprovenResolution
                    })
        }
    }
}
