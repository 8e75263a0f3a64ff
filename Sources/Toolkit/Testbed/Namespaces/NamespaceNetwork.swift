import ClusterProtocol
import LeaseKernel
import Switch
public import SystemCalls

/// The machines of one cluster as network namespaces: one for each replica and one for the
/// clients, each with a tap whose other end is a switch in this process.
///
/// Nothing of the host's network is touched, and nothing has a name: namespaces, taps and daemons
/// go away with this process, however it ends. Every cluster has the same addresses, in networks
/// that do not know of each other. Control ports are on the loopback of their namespaces, which
/// no packet fault reaches.
public final class NamespaceNetwork: Sendable {
    public let packets: PacketNetwork
    private let ethernet: EthernetSwitch
    private let namespaces: [NetworkParty: NetworkNamespace]

    static let interface = "net0"
    static let clientPort: UInt16 = 7001
    static let protocolPort: UInt16 = 7002
    static let probePort: UInt16 = 7003
    /// Of replica 1; the next have the next.
    static let firstControlPort: UInt16 = 7101

    static let parties: [NetworkParty] =
        (1...ClusterLayout.replicaCount).map { .replica(ReplicaID(UInt64($0))) } + [.clients]

    /// All chances of packet faults follow from the seed and the order of the frames.
    public init(seed: UInt64) throws(TestbedError) {
        try NamespaceAccess.ensure()
        do throws(SystemError) {
            let ethernet = try EthernetSwitch(seed: seed)
            var namespaces: [NetworkParty: NetworkNamespace] = [:]
            var places: [NetworkParty: PacketNetwork.Place] = [:]
            for party in Self.parties {
                let namespace = try NetworkNamespace(
                    name: "net \(party)", socketStock: party == .clients ? 32 : 4)
                namespaces[party] = namespace
                let (tap, probe) = try namespace.perform { () throws(SystemError) in
                    try Self.furnish(party)
                }
                let port = try ethernet.attach(PacketPort(tap))
                places[party] = PacketNetwork.Place(
                    port: port, address: party.address(port: Self.probePort), probe: probe)
            }
            self.ethernet = ethernet
            self.namespaces = namespaces
            packets = PacketNetwork(ethernet: ethernet, places: places)
        } catch {
            throw .system(during: "making the network namespaces", error)
        }
    }

    /// Makes the tap of a namespace, and a socket for probes; on the namespace's thread.
    private static func furnish(
        _ party: NetworkParty
    ) throws(SystemError) -> (FileDescriptor, DatagramSocket) {
        // Neighbours ask each other nothing by IPv6, so that each frame is somebody's message;
        // many short connections do not run out of ports. A kernel without these settings has
        // at most a few frames more and a few ports less.
        for (name, value) in [
            ("ipv6/conf/all/disable_ipv6", "1"), ("ipv6/conf/default/disable_ipv6", "1"),
            ("ipv4/tcp_tw_reuse", "1"), ("ipv4/ip_local_port_range", "10240 65535"),
        ] {
            try? FileSystem.write(Array(value.utf8), to: "/proc/sys/net/\(name)")
        }
        let tap = try NetworkInterfaces.makeTap(
            InterfaceSettings(
                name: interface, hardwareAddress: party.hardwareAddress,
                address: party.addressNumber))
        // Known for good: what is lost is then exactly what a rule loses, and a fault does not
        // outlive itself as a wrong or missing neighbour.
        for other in parties where other != party {
            try NetworkInterfaces.addNeighbour(
                other.addressNumber, at: other.hardwareAddress, on: interface)
        }
        return (tap, try DatagramSocket(binding: party.address(port: probePort)))
    }

    deinit { end() }

    /// Ends everything; daemons that still run in it are killed.
    public func end() {
        ethernet.stop()
        for namespace in namespaces.values { namespace.end() }
    }

    // MARK: - For the testbed

    /// From where clients speak to replicas.
    public var clients: NetworkPlace { place(of: .clients) }

    func place(of party: NetworkParty) -> NetworkPlace {
        // Every party has one from the beginning.
        namespaces[party].map { .namespace($0) } ?? .own
    }

    func addresses(of replica: ReplicaID) -> ReplicaAddresses {
        let party = NetworkParty.replica(replica)
        let control = Self.firstControlPort + UInt16(clamping: replica.rawValue) - 1
        return ReplicaAddresses(
            control: .loopback(port: control), client: party.networkAddress(Self.clientPort),
            protocol: party.networkAddress(Self.protocolPort))
    }

    /// Starts a process that lives in the replica's namespace and dies with it.
    func start(
        in replica: ReplicaID,
        _ body: @escaping @Sendable () throws(SystemError) -> ChildProcess
    ) throws(SystemError) -> ChildProcess {
        guard let namespace = namespaces[.replica(replica)] else {
            throw SystemError(call: "start", code: 0, subject: "no namespace of \(replica)")
        }
        return try namespace.perform(body)
    }
}
