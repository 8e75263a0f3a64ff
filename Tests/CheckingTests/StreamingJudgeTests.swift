import Foundation
import History
import Reporting
import Testing

@testable import Checking

@Suite("The streaming judge says what the judge in memory says, or nothing")
struct StreamingJudgeTests {
    private func stream(_ record: RunRecord) -> Result<Judgement, Declined> {
        Judge.stream([PlainChunk(record.events)], record.header)
    }

    /// True when the stream judged; then both must agree in everything.
    private func agree(_ record: RunRecord, _ name: String) -> Bool {
        guard case .success(let streamed) = stream(record) else { return false }
        let judgement = Judge.judge(record)
        #expect(streamed == judgement, "\(name)")
        return true
    }

    @Test("correct executions are judged by the stream, with the same statistics")
    func correctExecutions() throws {
        let workloads = [
            "generated", "reservation_contention", "ambiguous_write_retry",
            "failover_read_fences", "expiration_and_recovery", "lease_safety",
        ]
        var streamed = 0
        var reasons: [Declined: Int] = [:]
        let count = 1200
        for seed in 1...UInt64(count) {
            var record = try ExecutionGenerator.generate(
                seed: seed, shape: seed % 2 == 0 ? ExecutionShape() : .varied(seed))
            record.header.workload = workloads[Int(seed) % workloads.count]
            if case .failure(let reason) = stream(record) { reasons[reason, default: 0] += 1 }
            if agree(record, "seed \(seed)") { streamed += 1 }
        }
        print("streamed: \(streamed) of \(count) correct executions; declined: \(reasons)")
        #expect(streamed > count / 4)
    }

    @Test("no corruption passes the stream", arguments: CorruptionOperator.all)
    func corruptions(_ corruption: CorruptionOperator) throws {
        for seed in 1...UInt64(20) {
            let execution = try ExecutionGenerator.generate(seed: seed)
            guard let mutant = corruption.mutant(of: execution, seed: seed) else { continue }
            _ = agree(mutant.record, "\(corruption.name), seed \(seed)")
        }
    }

    @Test("fixtures are judged the same by both", arguments: FindingCode.allCases)
    func fixtures(_ code: FindingCode) throws {
        for file in try FixtureTests.files(of: code.rawValue) {
            let record = try #require(JudgedHistory(of: file.path).record)
            _ = agree(record, "\(code.rawValue)/\(file.lastPathComponent)")
        }
    }
}
