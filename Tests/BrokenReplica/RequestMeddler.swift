import BugCatalogue
import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// The replica is told something else than the client said. All replicas log the same, so nothing
/// but the answers gives it away.
struct RequestMeddler: Meddler {
    let bug: Bug
    private var seen: [OperationID: Command] = [:]
    private var invented: UInt128 = 0

    init(_ bug: Bug) {
        self.bug = bug
    }

    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput? {
        guard case .client(let token, let request) = input else { return input }
        return .client(token, changed(request))
    }

    private mutating func changed(_ request: ClientRequest) -> ClientRequest {
        switch request {
        case .submit(let slot, let payload):
            guard let command = try? CommandCodec.decodeClient(payload) else { return request }
            return .submit(slot: slot, payload: CommandCodec.encode(changed(command)))
        case .getResource(let resource, _) where bug == .ignoresFences:
            return .getResource(resource, requiredLSN: nil)
        case .getLease(let lease, _, let slot) where bug == .ignoresFences:
            return .getLease(lease, requiredLSN: nil, currentSlot: slot)
        case .tickExpirations(let slot) where bug == .expiresEarly:
            return .tickExpirations(currentSlot: Slot(slot.rawValue + 1))
        case .getResource, .getLease, .getMetrics, .tickExpirations: return request
        }
    }

    private mutating func changed(_ request: ClientCommand) -> ClientCommand {
        let first = seen[request.operationID]
        if first == nil { seen[request.operationID] = request.command }
        let isConflict = first != nil && first != request.command
        if bug == .forgetsOperations && first == request.command
            || bug == .acceptsConflicts && isConflict
        {
            // Different for each process, so that no two lives of a daemon invent the same.
            invented += 1
            let id =
                UInt128(1) << 127 | UInt128(UInt32(bitPattern: Processes.ownID)) << 64 | invented
            return ClientCommand(
                operationID: OperationID(id), clientID: request.clientID,
                command: request.command)
        }
        if bug == .halvesBundles,
            case .reserveBundle(let members, let holder, let ttl) = request.command,
            let anchor = members.first
        {
            return ClientCommand(
                operationID: request.operationID, clientID: request.clientID,
                command: .reserveBundle([anchor], holder: holder, ttlSlots: ttl))
        }
        return request
    }
}
