import Checking
import History
import Testing

@Suite("A correct execution is never blocked")
struct CorrectExecutionTests {
    @Test("executions of the kernel with retries, ambiguity, expiry, bundles and concurrency pass")
    func correctExecutionsPass() throws {
        var expiries = 0
        var resolved = 0
        let count = 1000
        for seed in 1...UInt64(count) {
            let record = try ExecutionGenerator.generate(seed: seed)
            let judgement = Judge.judge(record)
            #expect(
                judgement.verdict == .passed,
                "seed \(seed): \(judgement.verdict) \(judgement.findings.first?.explanation ?? "")")
            expiries += judgement.statistics.inferredExpiries
            resolved += judgement.statistics.resolvedAmbiguities
            if judgement.verdict != .passed { break }
        }
        print(
            "correct executions: \(count) cases, \(expiries) inferred expiries, "
                + "\(resolved) resolved ambiguities")
        // The executions must exercise what makes judging hard.
        #expect(expiries > count && resolved > count)
    }

    @Test("commands whose outcome stays unknown do not block, and do not pass for resolved")
    func unresolvedIsNoted() throws {
        var shape = ExecutionGenerator.Shape()
        shape.resolves = false
        for seed in 1...UInt64(200) {
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
