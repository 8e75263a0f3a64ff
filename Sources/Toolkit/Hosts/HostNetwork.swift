import ClusterProtocol
import Remote
import Synchronization
import SystemCalls

/// The network of a cluster as its machines see it: a connection to a replica is opened by the
/// machine on which that replica runs, so that no route to it is needed from here.
final class HostNetwork: StreamSource {
    private let machines: [SocketAddress: any Remote]

    init(_ machines: [SocketAddress: any Remote]) {
        self.machines = machines
    }

    func stream(
        to address: SocketAddress, until deadline: Deadline
    ) throws(SystemError) -> FileDescriptor {
        guard let machine = machines[address] else { throw .unreachable("\(address)") }
        return try machine.stream(to: address, until: deadline)
    }
}
