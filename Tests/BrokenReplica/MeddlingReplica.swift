import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// What is wrong with a daemon that meddles: one bug for each promise that a workload is about.
enum Meddling: String {
    /// A repeated command is executed again.
    case forgetsOperations = "forgets-operations"
    /// Another command under a used operation id is executed.
    case acceptsConflicts = "accepts-conflicts"
    /// A read is answered whatever LSN it demands.
    case ignoresFences = "ignores-fences"
    /// A tick expires what is due in the next slot.
    case expiresEarly = "expires-early"
    /// A bundle is granted although only its first member is reserved.
    case halvesBundles = "halves-bundles"
}

/// The real replica, except that it is told something else than the client said. All replicas log
/// the same, so nothing but the answers gives it away.
struct MeddlingReplica: ReplicaCore {
    private var replica: LiveReplica
    private let meddling: Meddling
    private var seen: [OperationID: Command] = [:]
    private var invented: UInt128 = 0

    init(_ replica: LiveReplica, _ meddling: Meddling) {
        self.replica = replica
        self.meddling = meddling
    }

    mutating func handle(_ input: LiveInput, at now: Instant, effects: inout [LiveEffect]) {
        var input = input
        if case .client(let token, let request) = input {
            input = .client(token, changed(request))
        }
        replica.handle(input, at: now, effects: &effects)
    }

    mutating func finishRound(at now: Instant, effects: inout [LiveEffect]) {
        replica.finishRound(at: now, effects: &effects)
    }

    var nextWakeUp: Instant { replica.nextWakeUp }
    var status: LiveStatus { replica.status }
    func explain(at now: Instant) -> [ExplainLine] { replica.explain(at: now) }

    private mutating func changed(_ request: ClientRequest) -> ClientRequest {
        switch request {
        case .submit(let slot, let payload):
            guard let command = try? CommandCodec.decodeClient(payload) else { return request }
            return .submit(slot: slot, payload: CommandCodec.encode(changed(command)))
        case .getResource(let resource, _) where meddling == .ignoresFences:
            return .getResource(resource, requiredLSN: nil)
        case .getLease(let lease, _, let slot) where meddling == .ignoresFences:
            return .getLease(lease, requiredLSN: nil, currentSlot: slot)
        case .tickExpirations(let slot) where meddling == .expiresEarly:
            return .tickExpirations(currentSlot: Slot(slot.rawValue + 1))
        case .getResource, .getLease, .getMetrics, .tickExpirations: return request
        }
    }

    private mutating func changed(_ request: ClientCommand) -> ClientCommand {
        let first = seen[request.operationID]
        if first == nil { seen[request.operationID] = request.command }
        switch meddling {
        case .forgetsOperations where first == request.command,
            .acceptsConflicts where first != nil && first != request.command:
            // Different for each process, so that no two lives of a daemon invent the same.
            invented += 1
            let id =
                UInt128(1) << 127 | UInt128(UInt32(bitPattern: Processes.ownID)) << 64 | invented
            return ClientCommand(
                operationID: OperationID(id), clientID: request.clientID,
                command: request.command)
        case .halvesBundles:
            guard case .reserveBundle(let members, let holder, let ttl) = request.command,
                let anchor = members.first
            else { return request }
            return ClientCommand(
                operationID: request.operationID, clientID: request.clientID,
                command: .reserveBundle([anchor], holder: holder, ttlSlots: ttl))
        case .forgetsOperations, .acceptsConflicts, .ignoresFences, .expiresEarly: return request
        }
    }
}
