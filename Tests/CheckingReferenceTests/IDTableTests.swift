import History
import Testing

@testable import Checking

@Suite("A table of identifiers answers as a dictionary does")
struct IDTableTests {
    @Test("through random insertions, replacements and removals", arguments: 1...5)
    func random(_ seed: Int) {
        var state = UInt64(seed)
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var table = IDTable<OperationID, UInt64>()
        var dictionary: [OperationID: UInt64] = [:]
        for step in 0..<20_000 as Range<UInt64> {
            // Keys that differ in either half, with gaps and without.
            let number = UInt128(next(300))
            let key = OperationID(next(2) == 0 ? number : number << 64)
            switch next(4) {
            case 0: #expect(table.take(key) == dictionary.removeValue(forKey: key))
            case 1:
                table[key] = nil
                dictionary[key] = nil
            case 2:
                #expect(table.replace(step, for: key) == dictionary.updateValue(step, forKey: key))
            default:
                table[key] = step
                dictionary[key] = step
            }
            #expect(table[key] == dictionary[key])
            #expect(table.count == dictionary.count)
        }
        for half in 0..<300 as Range<UInt128> {
            for key in [OperationID(half), OperationID(half << 64)] {
                #expect(table[key] == dictionary[key], "seed \(seed)")
            }
        }
    }
}
