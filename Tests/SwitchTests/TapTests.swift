import Switch
import SystemCalls
import Testing

/// Two network namespaces whose taps hang on one switch.
final class TwoHosts: Sendable {
    /// Whether this machine lets this process make network namespaces and taps.
    static let areAllowed: Bool = {
        guard let hosts = try? TwoHosts() else { return false }
        hosts.end()
        return true
    }()

    let ethernet: EthernetSwitch
    let hosts: [NetworkNamespace]
    let ports: [PortID]

    static func host(_ index: Int) -> SocketAddress.Host { .ipv4(0x0a4d_0001 + UInt32(index)) }

    init() throws {
        ethernet = try EthernetSwitch(seed: 1)
        var hosts: [NetworkNamespace] = []
        var ports: [PortID] = []
        for index in 0..<2 {
            let host = try NetworkNamespace(name: "host-\(index)")
            let tap = try host.perform { () throws(SystemError) in try Self.makeTap(index) }
            ports.append(try ethernet.attach(PacketPort(tap)))
            hosts.append(host)
        }
        self.hosts = hosts
        self.ports = ports
    }

    private static func hardwareAddress(_ index: Int) -> HardwareAddress {
        HardwareAddress(rawValue: 0x0200_0000_0001 + UInt64(index))
    }

    /// A tap whose namespace knows the other host, so that a cut stops packets and nothing else.
    private static func makeTap(_ index: Int) throws(SystemError) -> FileDescriptor {
        let tap = try NetworkInterfaces.makeTap(
            InterfaceSettings(
                name: "net0", hardwareAddress: hardwareAddress(index),
                address: 0x0a4d_0001 + UInt32(index)))
        try NetworkInterfaces.addNeighbour(
            0x0a4d_0001 + UInt32(1 - index), at: hardwareAddress(1 - index), on: "net0")
        return tap
    }

    func end() {
        ethernet.stop()
        for host in hosts { host.end() }
    }

    func listener() throws -> TCPListener {
        try hosts[1].perform { () throws(SystemError) in
            try TCPListener(binding: SocketAddress(host: Self.host(1), port: 7001))
        }
    }

    func connect(within limit: Duration = .seconds(20)) throws(SystemError) -> TCPConnection {
        try TCPConnection.connect(
            to: SocketAddress(host: Self.host(1), port: 7001), in: .namespace(hosts[0]),
            until: .after(limit))
    }
}

@Suite(
    "Namespaces on the switch",
    .enabled(if: TwoHosts.areAllowed, "this machine makes no network namespaces for us"))
struct TapTests {
    @Test("a connection made in one namespace reaches the other, byte by byte")
    func connection() throws {
        let hosts = try TwoHosts()
        defer { hosts.end() }
        let listener = try hosts.listener()
        for round in 0..<200 {
            let near = try hosts.connect()
            _ = try listener.descriptor.waitUntilReadable(.after(.seconds(20)))
            let far = try #require(try listener.accept())
            let bytes = [UInt8](repeating: UInt8(round), count: 4000)
            #expect(try bytes.withUnsafeBytes { try near.send($0) } == 4000)
            try near.finishSending()
            var received: [UInt8] = []
            while try far.descriptor.waitUntilReadable(.after(.seconds(20))) {
                guard case .bytes(let more) = try far.receive(atMost: 4096) else { break }
                received += more
            }
            #expect(received == bytes)
            near.close()
            far.close()
        }
    }

    @Test("nothing connects over a cut, and everything does once it is gone")
    func cutting() throws {
        let hosts = try TwoHosts()
        defer { hosts.end() }
        let listener = try hosts.listener()
        let cut = hosts.ethernet.change(adding: [
            SwitchRule(LinkPattern.cable(of: hosts.ports[1]), [.cut], lease: .seconds(3600))
        ])
        let error = #expect(throws: SystemError.self) {
            _ = try hosts.connect(within: .milliseconds(300))
        }
        #expect(error?.isTimeout == true)
        #expect((hosts.ethernet.status(of: cut[0])?.counts.dropped ?? 0) > 0)
        hosts.ethernet.change(adding: [], removing: cut)
        _ = try hosts.connect()
        withExtendedLifetime(listener) {}
    }

    @Test("a corrupted packet never reaches its reader")
    func corruption() throws {
        let hosts = try TwoHosts()
        defer { hosts.end() }
        let listener = try hosts.listener()
        let rule = hosts.ethernet.change(adding: [
            SwitchRule([LinkPattern()], [.corrupt(share: 0.2)], lease: .seconds(3600))
        ])[0]
        let near = try hosts.connect()
        _ = try listener.descriptor.waitUntilReadable(.after(.seconds(20)))
        let far = try #require(try listener.accept())
        let bytes = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try bytes.withUnsafeBytes { try near.send($0) } == bytes.count)
        var received: [UInt8] = []
        while received.count < bytes.count,
            try far.descriptor.waitUntilReadable(.after(.seconds(60)))
        {
            guard case .bytes(let more) = try far.receive(atMost: 1 << 16) else { break }
            received += more
        }
        #expect(received == bytes)
        #expect((hosts.ethernet.status(of: rule)?.counts.corrupted ?? 0) > 0)
    }

    @Test("a namespace that ended says so")
    func ended() throws {
        let hosts = try TwoHosts()
        hosts.end()
        #expect(throws: SystemError.self) { try hosts.hosts[0].perform { 1 } }
        #expect(throws: SystemError.self) { try hosts.connect() }
    }

    @Test("a child bound to a namespace lives in it and dies with it")
    func boundChild() throws {
        let host = try NetworkNamespace(name: "host")
        let child = try host.perform { () throws(SystemError) in
            try ChildProcess(executable: "sleep", arguments: ["600"], endsWithThread: true)
        }
        let own = try FileSystem.readLink("/proc/self/ns/net")
        #expect(try FileSystem.readLink("/proc/\(child.processID)/ns/net") != own)
        #expect(try child.poll() == nil)
        host.end()
        #expect(try child.wait(until: .after(.seconds(20))) == .signaled(number: 9))
    }

    @Test("a program that does not exist is an error, not a child")
    func missingProgram() throws {
        let error = #expect(throws: SystemError.self) {
            _ = try ChildProcess(
                executable: "/nowhere/at-all", arguments: [], endsWithThread: true)
        }
        #expect(error?.isMissing == true)
    }
}
