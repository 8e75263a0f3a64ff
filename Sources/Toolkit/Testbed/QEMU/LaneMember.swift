public import LeaseKernel
import SystemCalls

/// One of the four machines of a lane.
public enum LaneMember: Hashable, Sendable, CustomStringConvertible, CaseIterable {
    /// Where clients and tools run.
    case control
    case replica(ReplicaID)

    public static let allCases: [LaneMember] =
        [.control] + (1...3).map { .replica(ReplicaID(UInt64($0))) }

    /// Its name on command lines, and the guest's own.
    public var description: String {
        switch self {
        case .control: "control"
        case .replica(let replica): "replica-\(replica)"
        }
    }

    /// Nil for a name of none.
    public init?(_ name: String) {
        guard let member = Self.allCases.first(where: { $0.description == name }) else {
            return nil
        }
        self = member
    }

    var party: NetworkParty {
        switch self {
        case .control: .clients
        case .replica(let replica): .replica(replica)
        }
    }

    /// On the network between the machines.
    var address: String {
        let text = party.address(port: 0).description
        return String(text.prefix { $0 != ":" })
    }

    var hardwareAddress: String { party.hardwareAddress.description }

    /// Ports of the guest that this machine reaches past all faults of the network.
    var forwardedPorts: [UInt16] {
        switch self {
        case .control: [MachineLane.sshPort]
        case .replica: [MachineLane.sshPort, MachineLane.controlPort]
        }
    }
}
