import Switch
import SystemCalls
import Testing

/// Ports whose far ends the test holds.
private struct Cables {
    let ethernet: EthernetSwitch
    let ports: [PortID]
    let ends: [FileDescriptor]

    init(_ count: Int) throws {
        ethernet = try EthernetSwitch(seed: 3)
        var ports: [PortID] = []
        var ends: [FileDescriptor] = []
        for _ in 0..<count {
            let pair = try PacketPair()
            ports.append(try ethernet.attach(PacketPort(pair.first)))
            ends.append(pair.second)
        }
        self.ports = ports
        self.ends = ends
        for port in ports.indices { try send(from: port, to: nil, number: 0) }
        for port in ports.indices {
            for _ in 0..<count - 1 { _ = try receive(at: port) }
        }
    }

    func send(from: Int, to: Int?, number: Int) throws {
        let bytes = frame(from: ports[from], to: to.map { ports[$0] }, number: number)
        _ = try bytes.withUnsafeBytes { try ends[from].write($0) }
    }

    func receive(at port: Int, within limit: Duration = .seconds(20)) throws -> Int? {
        guard try ends[port].waitUntilReadable(.after(limit)) else { return nil }
        return number(of: try ends[port].read(atMost: 2048))
    }
}

@Suite("The switch with ports")
struct LiveSwitchTests {
    @Test("frames cross the switch in order, also more than a port takes at once")
    func crossing() throws {
        let cables = try Cables(3)
        defer { cables.ethernet.stop() }
        let sender = try WorkerThread(name: "sender") {
            for number in 0..<2000 {
                let descriptor = cables.ends[0]
                while (try? cables.send(from: 0, to: 1, number: number)) == nil {
                    _ = try? descriptor.waitUntilWritable(.after(.seconds(1)))
                }
            }
        }
        for number in 0..<2000 { #expect(try cables.receive(at: 1) == number) }
        sender.join()
        #expect(cables.ethernet.counts(of: cables.ports[1])?.overflowed == 0)
    }

    @Test("a rule holds for every frame after the call returned")
    func changing() throws {
        let cables = try Cables(2)
        defer { cables.ethernet.stop() }
        for round in 0..<200 {
            let rules = cables.ethernet.change(adding: [
                SwitchRule(
                    [LinkPattern(from: cables.ports[0], to: cables.ports[1])], [.cut],
                    lease: .seconds(3600))
            ])
            try cables.send(from: 0, to: 1, number: 1_000_000 + round)
            while cables.ethernet.status(of: rules[0])?.counts.dropped == 0 {
                sleepThread(for: .microseconds(50))
            }
            cables.ethernet.change(adding: [], removing: rules)
            try cables.send(from: 0, to: 1, number: round)
            #expect(try cables.receive(at: 1) == round)
        }
    }

    @Test("a lease runs out although no frame comes")
    func lease() throws {
        let cables = try Cables(2)
        defer { cables.ethernet.stop() }
        let rule = cables.ethernet.change(adding: [
            SwitchRule([LinkPattern()], [.cut], lease: .milliseconds(20))
        ])[0]
        let deadline = Deadline.after(.seconds(20))
        while cables.ethernet.status(of: rule)?.life == .standing, !deadline.isPassed {
            sleepThread(for: .milliseconds(1))
        }
        #expect(cables.ethernet.status(of: rule)?.life == .expired)
    }

    @Test("a delayed frame comes not before its time, and comes without another one")
    func delay() throws {
        let cables = try Cables(2)
        defer { cables.ethernet.stop() }
        cables.ethernet.change(adding: [
            SwitchRule(
                [LinkPattern()], [.delay(by: .milliseconds(30), jitter: .zero)],
                lease: .seconds(3600))
        ])
        let start = Instant.now
        try cables.send(from: 0, to: 1, number: 5)
        #expect(try cables.receive(at: 1) == 5)
        #expect(Instant.now - start >= .milliseconds(30))
    }

    @Test("a port whose other end is gone fails alone")
    func closedPort() throws {
        let cables = try Cables(3)
        defer { cables.ethernet.stop() }
        cables.ends[2].close()
        let deadline = Deadline.after(.seconds(20))
        while cables.ethernet.failure(of: cables.ports[2]) == nil, !deadline.isPassed {
            sleepThread(for: .milliseconds(1))
        }
        #expect(cables.ethernet.failure(of: cables.ports[2]) != nil)
        try cables.send(from: 0, to: nil, number: 8)
        #expect(try cables.receive(at: 1) == 8)
    }
}
