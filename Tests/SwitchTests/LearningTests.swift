import Switch
import SystemCalls
import Testing

@Suite("What a switch without rules does")
struct LearningTests {
    @Test("a frame for an unknown address goes to all others, once known to one alone")
    func learning() {
        var bench = Bench(ports: 0)
        let ports = (0..<4).compactMap { _ in bench.core.attach() }
        bench.send(frame(from: ports[0], to: ports[2], number: 1), from: ports[0])
        #expect(bench.delivered.map(\.link.to) == [ports[1], ports[2], ports[3]])
        bench.delivered = []
        bench.send(frame(from: ports[2], to: ports[0], number: 2), from: ports[2])
        #expect(bench.delivered.map(\.link.to) == [ports[0]])
        bench.delivered = []
        bench.send(frame(from: ports[0], to: ports[2], number: 3), from: ports[0])
        #expect(bench.delivered.map(\.link.to) == [ports[2]])
    }

    @Test("an address that moves to another port is found there")
    func moving() {
        var bench = Bench(ports: 3)
        let moved = frame(from: bench.ports[0], to: nil, number: 1)
        bench.send(moved, from: bench.ports[2])
        bench.delivered = []
        bench.send(
            frame(from: bench.ports[1], to: bench.ports[0], number: 2), from: bench.ports[1])
        #expect(bench.delivered.map(\.link.to) == [bench.ports[2]])
    }

    @Test("broadcasts reach all, frames to oneself nobody")
    func groups() {
        var bench = Bench(ports: 3)
        bench.send(frame(from: bench.ports[1], to: nil, number: 1), from: bench.ports[1])
        #expect(bench.delivered.map(\.link.to) == [bench.ports[0], bench.ports[2]])
        bench.delivered = []
        bench.send(
            frame(from: bench.ports[1], to: bench.ports[1], number: 1), from: bench.ports[1])
        #expect(bench.delivered.isEmpty)
    }

    @Test("what is no frame is ignored", arguments: [0, 1, 13, 65_537])
    func oddSizes(byteCount: Int) {
        var bench = Bench(ports: 2)
        bench.send([UInt8](repeating: 255, count: byteCount), from: bench.ports[0])
        #expect(bench.delivered.isEmpty)
    }

    @Test("more addresses than the table holds are all still reached")
    func manyAddresses() {
        var bench = Bench(ports: 2)
        for number in 0..<10_000 {
            var bytes = frame(from: bench.ports[0], to: bench.ports[1], number: number)
            bytes.replaceSubrange(8..<12, with: (0..<4).map { UInt8((number >> ($0 * 8)) & 255) })
            bench.send(bytes, from: bench.ports[0])
        }
        #expect(bench.delivered.count == 10_000)
    }

    @Test("a switch has 64 ports and no more")
    func portLimit() {
        var bench = Bench(ports: SwitchCore.portLimit)
        #expect(bench.ports.count == SwitchCore.portLimit)
        #expect(bench.core.attach() == nil)
    }
}
