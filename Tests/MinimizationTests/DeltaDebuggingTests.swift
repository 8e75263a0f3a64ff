import Minimization
import Randomness
import Testing

@Suite("making a list smaller")
struct DeltaDebuggingTests {
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

    @Test("what needs nothing is left nothing")
    func nothing() {
        #expect(DeltaDebugging.smallest(of: 9) { _ in true } == [])
        #expect(DeltaDebugging.smallest(of: 0) { _ in false } == [])
        #expect(DeltaDebugging.smallest(of: 1) { _ in false } == [0])
    }
}
