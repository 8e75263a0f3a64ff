import SystemCalls
import Testing

@Suite("free ports")
struct FreePortsTests {
    @Test("shares never overlap: what one finds no other finds")
    func shares() throws {
        let count = 7
        var seen: [UInt16: Int] = [:]
        for index in 0..<count {
            for _ in 0..<20 {
                for port in try FreePorts.find(9, in: .init(index: index, of: count)) {
                    #expect(seen.updateValue(index, forKey: port) ?? index == index, "\(port)")
                }
            }
        }
        #expect(seen.count > 100)
    }
}
