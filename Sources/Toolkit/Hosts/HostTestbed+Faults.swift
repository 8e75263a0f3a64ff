import ClusterProtocol
public import LeaseKernel
import Synchronization
import SystemCalls
public import Testbed

/// What can be done to the daemons on machines besides ending them.
extension HostTestbed {
    public func pause(_ replica: ReplicaID, lease: Duration) throws(TestbedError) {
        guard isRunning(replica) else { return }
        try machine(replica).pause(lease: lease)
    }

    public func proceed(_ replica: ReplicaID) throws(TestbedError) {
        try machine(replica).proceed()
    }

    public func isPaused(_ replica: ReplicaID) -> Bool {
        guard let daemon = try? machine(replica).report() else { return false }
        guard case .running(_, let isStopped) = daemon else { return false }
        return isStopped
    }

    public func isolate(_ replica: ReplicaID, lease: Duration) throws(TestbedError) {
        let machine = try machine(replica)
        var faults = FaultState(workspaceRoot: machine.folder)
        do throws(FaultState.UnknownReplica) {
            try faults.isolate(replica)
        } catch {
            throw .unknownReplica(replica)
        }
        try machine.isolate(faults, lease: lease)
        _ = state.withLock { $0.isolated.insert(replica) }
    }

    public func heal(_ replica: ReplicaID) throws(TestbedError) {
        try machine(replica).heal()
        _ = state.withLock { $0.isolated.remove(replica) }
    }

    public func isIsolated(_ replica: ReplicaID) -> Bool {
        state.withLock { $0.isolated.contains(replica) }
    }

    public func clientPort(_ replica: ReplicaID) -> PortState {
        guard let address = layout.replica(replica)?.addresses.client,
            let socket = SocketAddress("\(address)")
        else { return .silent }
        return PortState(asking: socket, in: clientPlace)
    }

    public func checkpoint(_ replica: ReplicaID) throws(TestbedError) {
        guard let address = layout.replica(replica)?.addresses.control,
            let port = ControlPort(address, in: clientPlace)
        else { throw .unknownReplica(replica) }
        if let answer = port.checkpoint() {
            throw .controlRequestFailed("checkpoint", replica, answer: answer)
        }
    }
}
