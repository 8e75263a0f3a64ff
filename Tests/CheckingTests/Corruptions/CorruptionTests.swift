import Checking
import History
import Testing

@Suite("What breaks a promise is found, under the promise it breaks", .serialized)
struct CorruptionTests {
    @Test("every corruption of a correct execution is found", arguments: CorruptionOperator.all)
    func corruptionIsFound(_ corruption: CorruptionOperator) throws {
        var applied = 0
        var killed = 0
        var named = 0
        for seed in 1...UInt64(50) {
            var editor = RecordEditor(try ExecutionGenerator.generate(seed: seed))
            var random = SeededRandom(seed: seed &* 7919)
            guard corruption.apply(&editor, &random) else { continue }
            applied += 1
            let judgement = Judge.judge(editor.record())
            let isKilled = judgement.verdict != .passed
            let isNamed = judgement.findings.first.map { corruption.expected.contains($0.code) }
            if isKilled { killed += 1 }
            if isNamed == true { named += 1 }
            #expect(isKilled, "seed \(seed): passed")
            #expect(
                isNamed == true,
                "seed \(seed): \(judgement.findings.first.map { "\($0.code): \($0.explanation)" } ?? "nothing")"
            )
        }
        print("corruption: \(corruption.name): \(killed)/\(applied) killed, \(named) by promise")
        #expect(applied >= 3)
    }
}
