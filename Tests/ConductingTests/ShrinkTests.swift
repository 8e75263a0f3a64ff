import Conducting
import Randomness
import Testing

@Suite("making a run smaller")
struct ShrinkTests {
    struct Stop: Error {}

    @Test("what is found shows it, and nothing of it can be left out")
    func minimal() throws {
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            let count = random.index(below: 40) + 1
            // Any of a few sets of elements is enough on its own.
            let causes = (0...random.index(below: 3)).map { _ in
                Set((0...random.index(below: 4)).map { _ in random.index(below: count) })
            }
            func shows(_ part: [Int]) -> Bool {
                causes.contains { $0.isSubset(of: part) }
            }
            var asked = 0
            let found = DeltaDebugging.smallest(of: count) { part in
                asked += 1
                return shows(part)
            }
            #expect(shows(found), "seed \(seed)")
            #expect(found == found.sorted())
            for index in found.indices {
                var less = found
                less.remove(at: index)
                #expect(!shows(less), "seed \(seed): \(found) without \(found[index])")
            }
            #expect(asked <= count * count + 3 * count + 1, "seed \(seed)")
        }
    }

    @Test("a finding that needs no fault leaves none")
    func noFaults() {
        #expect(DeltaDebugging.smallest(of: 9) { _ in true } == [])
        #expect(DeltaDebugging.smallest(of: 0) { _ in false } == [])
        #expect(DeltaDebugging.smallest(of: 1) { _ in false } == [0])
    }

    static let original = ShrinkCandidate(faultsOfRounds: [1, 3, 2, 1], window: 100)

    /// Shown by the second fault of the second round, if the window is long enough for it.
    static func shows(_ candidate: ShrinkCandidate) -> Bool {
        candidate.kept[1].contains(1) && candidate.window >= 9
    }

    @Test("rounds, then faults of rounds, and the window are cut to what is needed")
    func search() {
        var search = ShrinkSearch(Self.original)
        var asked: [ShrinkCandidate] = []
        let isReproduced = search.search { candidate in
            asked.append(candidate)
            return Self.shows(candidate)
        }
        #expect(isReproduced)
        #expect(search.best.kept == [[], [1], [], []])
        #expect((9...10).contains(search.best.window))
        #expect(Set(asked).count == asked.count, "something was asked twice")
        #expect(asked.first == Self.original)
    }

    @Test("a search that is stopped keeps its best, and goes on with the same questions")
    func resumed() throws {
        var whole: [ShrinkCandidate] = []
        var complete = ShrinkSearch(Self.original)
        _ = complete.search { candidate in
            whole.append(candidate)
            return Self.shows(candidate)
        }
        for stop in 1..<whole.count {
            var asked: [ShrinkCandidate] = []
            var search = ShrinkSearch(Self.original)
            #expect(throws: Stop.self) {
                _ = try search.search { candidate throws(Stop) in
                    if asked.count == stop { throw Stop() }
                    asked.append(candidate)
                    return Self.shows(candidate)
                }
            }
            #expect(asked == Array(whole.prefix(stop)))
            #expect(search.best == search.original || Self.shows(search.best))
        }
    }

    @Test("what cannot be shown again is said to be so")
    func notReproduced() {
        var search = ShrinkSearch(Self.original)
        #expect(!search.search { _ in false })
        #expect(search.best == search.original)
    }
}
