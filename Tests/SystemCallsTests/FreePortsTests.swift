import SystemCalls
import Testing

@Suite("free ports")
struct FreePortsTests {
    @Test("are different, bindable, and nobody's outgoing connection takes them")
    func found() throws {
        let ports = try FreePorts(50).numbers
        #expect(Set(ports).count == 50)
        for port in ports { _ = try TCPListener(binding: .loopback(port: port)) }
        let text = String(
            decoding: try FileSystem.read("/proc/sys/net/ipv4/ip_local_port_range", limit: 100),
            as: UTF8.self)
        let bounds = text.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
        #expect(ports.allSatisfy { !(bounds[0]...bounds[1]).contains($0) })
    }

    @Test("what one has claimed nobody else finds, though no server is up on it")
    func claimed() throws {
        var held: [FreePorts] = []
        var seen: Set<UInt16> = []
        for _ in 0..<100 {
            let ports = try FreePorts(9)
            held.append(ports)
            #expect(seen.isDisjoint(with: ports.numbers))
            seen.formUnion(ports.numbers)
        }
        #expect(seen.count == 900)
    }

    @Test("a name of the machine has one holder, until that one lets go")
    func name() throws {
        let name = "allocdb-test-\(Processes.ownID)"
        var first = try MachineName.take(name)
        #expect(first != nil)
        #expect(try MachineName.take(name) == nil)
        first = nil
        #expect(try MachineName.take(name) != nil)
        #expect(throws: SystemError.self) {
            try MachineName.take(String(repeating: "n", count: 108))
        }
    }
}
