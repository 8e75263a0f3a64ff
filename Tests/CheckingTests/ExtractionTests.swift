import Foundation
import History
import Reporting
import Testing

@testable import Checking

@Suite("The smallest part of a record that shows a finding")
struct ExtractionTests {
    private static func fixtures(_ prefix: String) throws -> [(name: String, record: RunRecord)] {
        try FindingCode.allCases.flatMap { code in
            try FixtureTests.files(of: code.rawValue)
                .filter { $0.lastPathComponent.hasPrefix(prefix) }
                .compactMap { file in
                    JudgedHistory(of: file.path).record.map {
                        ("\(code.rawValue)/\(file.lastPathComponent)", $0)
                    }
                }
        }
    }

    @Test("every finding of every fixture has an extract that shows it, and only it")
    func fixtures() throws {
        var sizes: [Int] = []
        for (name, record) in try Self.fixtures("violates-") {
            let extraction = Extraction(of: record, judged: Judge.judge(record))
            #expect(!extraction.pieces.isEmpty, "\(name)")
            for piece in extraction.pieces {
                let place = "\(name) \(piece.number)"
                guard let part = piece.record else {
                    Issue.record("\(place): no extract of \(piece.finding)")
                    continue
                }
                sizes.append(piece.operations)
                #expect(!piece.isStopped, "\(place)")
                #expect(piece.operations <= extraction.operations, "\(place)")
                #expect(Set(part.events).isSubset(of: record.events), "\(place)")
                let again = Judge.judge(part)
                #expect(
                    again.findings.contains {
                        $0.code == piece.finding.code && $0.events == piece.finding.events
                            && $0.severity == piece.finding.severity
                    }, "\(place): \(again.findings)")
                #expect(again.verdict != .passed, "\(place)")
                try Self.checkMinimal(piece, part, place)
            }
        }
        sizes.sort()
        print(
            "extracts of fixtures: \(sizes.count), operations \(sizes.first ?? 0) to "
                + "\(sizes.last ?? 0), median \(sizes[sizes.count / 2])")
        #expect(sizes.count >= 100)
        #expect(sizes[sizes.count / 2] <= 4)
    }

    /// Reads, idle ticks and failures may always go: nothing but the accused is left of them
    /// that the finding does not need.
    private static func checkMinimal(
        _ piece: Extraction.Piece, _ part: RunRecord, _ place: String
    ) throws {
        let oracle = ExtractOracle(
            piece.finding, among: Judge.judge(part).findings, .all)
        guard RecordIntegrity(part.events, extract: part.header.origin.extract).findings.isEmpty
        else { return }
        for attempt in RecordIntegrity(part.events, extract: part.header.origin.extract).attempts {
            guard Set(attempt.events).isDisjoint(with: piece.finding.events) else { continue }
            switch attempt.outcome {
            case .read, .failed, .ticked(0, nil): break
            case .committed, .refused, .ticked, .ambiguous: continue
            }
            var less = part
            less.events.removeAll { attempt.events.contains($0.sequence) }
            var effort = ExtractEffort(.max)
            #expect(try !oracle.shows(less, &effort), "\(place): without \(attempt)")
        }
    }

    @Test("an extract in which nothing is found is not a record that passed")
    func neverPasses() throws {
        for (name, record) in try Self.fixtures("fine-") {
            let judged = Judge.judge(record)
            let pieces = Extraction(of: record, judged: judged).pieces
            #expect(pieces.allSatisfy { $0.finding.severity == .note })
            for hides in [false, true] {
                var extract = record
                extract.header.origin = .extract(
                    RecordExtract(of: UInt64(record.events.count), mayHideEffects: hides))
                guard case .unknown(let reason) = Judge.judge(extract).verdict else {
                    Issue.record("\(name) is judged \(Judge.judge(extract).verdict)")
                    continue
                }
                #expect(!reason.isEmpty)
            }
        }
    }

    @Test("the bound on the search is kept, and said")
    func bounded() throws {
        let record = try #require(try Self.fixtures("violates-").first?.record)
        let none = Extraction(
            of: record, judged: Judge.judge(record), effort: .init(ofFinding: 0, ofRecord: 0))
        #expect(none.pieces.allSatisfy { $0.record == nil && $0.isStopped })
        // Enough for the first cut, not for the end.
        let some = Extraction(
            of: record, judged: Judge.judge(record), effort: .init(ofFinding: 3, ofRecord: 3))
        let piece = try #require(some.pieces.first)
        #expect(piece.isStopped)
        let part = try #require(piece.record)
        #expect(Judge.judge(part).findings.contains { $0.code == piece.finding.code })
    }

    /// Every other operator, on an execution of its own.
    @Test("of a corrupted execution little is left, and that shows what was found")
    func corrupted() throws {
        var shares: [Int] = []
        for (offset, corruption) in CorruptionOperator.all.enumerated() where offset % 2 == 0 {
            let seed = UInt64(offset % 16) + 1
            let execution = try ExecutionGenerator.execution(seed: seed, shape: .varied(seed))
            guard let mutant = corruption.mutant(of: execution.record, seed: seed) else { continue }
            let effort = Extraction.Effort(ofFinding: 60_000, ofRecord: 60_000)
            let extraction = Extraction(
                of: mutant.record, judged: Judge.judge(mutant.record), effort: effort)
            guard let piece = extraction.pieces.first, piece.finding.severity == .blocks else {
                continue
            }
            let place = "\(corruption.name), seed \(seed): \(piece.finding)"
            let part = try #require(piece.record, "\(place)")
            let again = Judge.judge(part)
            #expect(again.verdict == .blocked, "\(place)")
            #expect(
                again.findings.contains {
                    $0.code == piece.finding.code && $0.events == piece.finding.events
                }, "\(place)")
            shares.append(100 * piece.operations / extraction.operations)
        }
        shares.sort()
        print(
            "extracts of executions: \(shares.count), median \(shares[shares.count / 2]) percent "
                + "of the operations kept")
        #expect(shares.count >= 40)
        #expect(shares[shares.count / 2] <= 20)
    }
}
