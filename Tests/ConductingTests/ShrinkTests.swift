import Conducting
import Randomness
import Testing

@Suite("making a run smaller")
struct ShrinkTests {
    struct Stop: Error {}

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
