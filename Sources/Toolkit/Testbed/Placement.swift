import ClusterProtocol
import LeaseKernel
import SystemCalls

/// Where on networks the daemons of a cluster on this machine stand.
public enum Placement: Sendable {
    /// All on the loopback of this process, on ports that were free.
    case loopback
    /// Each in a namespace of its own.
    case namespaces(NamespaceNetwork)

    /// The placement of a kind of testbed. All chances of packet faults follow from the seed.
    /// Refuses, with the reason, what this machine or this user cannot have.
    public init(_ kind: TestbedKind, seed: UInt64) throws(TestbedError) {
        switch kind {
        case .local: self = .loopback
        case .namespaces: self = .namespaces(try NamespaceNetwork(seed: seed))
        case .ssh:
            throw .refused(
                testbed: kind.rawValue, reason: "its machines are none of this machine's own")
        }
    }

    public var kind: TestbedKind {
        switch self {
        case .loopback: .local
        case .namespaces: .namespaces
        }
    }

    var packets: PacketNetwork? {
        switch self {
        case .loopback: nil
        case .namespaces(let network): network.packets
        }
    }

    /// From where clients speak to replicas.
    var clients: NetworkPlace {
        switch self {
        case .loopback: .own
        case .namespaces(let network): network.place(of: .clients)
        }
    }

    /// From where this tool speaks to a replica: a place that no packet fault reaches.
    func place(of replica: ReplicaID) -> NetworkPlace {
        switch self {
        case .loopback: .own
        case .namespaces(let network): network.place(of: .replica(replica))
        }
    }

    /// Where the replicas listen, and what keeps others off these ports as long as it lives.
    func addresses() throws(SystemError) -> (ReplicaAddresses.OfThree, FreePorts?) {
        switch self {
        case .loopback:
            let ports = try FreePorts(9)
            return (ReplicaAddresses.loopback(ports: ports.numbers), ports)
        case .namespaces(let network):
            let addresses = (
                network.addresses(of: ReplicaID(1)), network.addresses(of: ReplicaID(2)),
                network.addresses(of: ReplicaID(3))
            )
            return (addresses, nil)
        }
    }

    /// Starts a daemon where its replica stands.
    func start(
        _ replica: ReplicaID, executable: String, arguments: [String],
        environment: [String: String]?, log: FileDescriptor
    ) throws(SystemError) -> ChildProcess {
        switch self {
        case .loopback:
            return try ChildProcess(
                executable: executable, arguments: arguments, environment: environment,
                output: .descriptor(log), error: .descriptor(log))
        case .namespaces(let network):
            return try network.start(in: replica) { () throws(SystemError) in
                try ChildProcess(
                    executable: executable, arguments: arguments, environment: environment,
                    output: .descriptor(log), error: .descriptor(log), endsWithThread: true)
            }
        }
    }

    /// The cluster is over.
    func end() {
        switch self {
        case .loopback: break
        case .namespaces(let network): network.end()
        }
    }
}
