import ClusterProtocol
import LeaseKernel
import Replication
import Synchronization

/// The state after the last entry that was applied, for somebody who looks past the replica.
final class SeenState: Sendable {
    private let state = Mutex<Kernel?>(nil)

    var kernel: Kernel? { state.withLock { $0 } }

    /// The allocator's own rules; what they lead to is kept here.
    var rules: LiveSettings.Rules {
        { kernel, entry throws(EntryFailure) in
            let executed = try kernel.carryOut(entry)
            let copy = kernel
            self.state.withLock { $0 = copy }
            return executed
        }
    }
}

/// Answers reads at once from whatever the replica has applied, without asking anybody whether it
/// may, as long as it has the role in which it does so.
struct ReadMeddler: Meddler {
    let role: ReplicaRole
    let seen: SeenState

    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput? {
        guard case .client(let token, let request) = input, replica.status.role == role,
            let kernel = seen.kernel, let answer = answer(request, kernel),
            let bytes = try? answer.encoded()
        else { return input }
        effects.append(.reply(token, bytes))
        return nil
    }

    private func answer(_ request: ClientRequest, _ kernel: Kernel) -> ClientResponse? {
        switch request {
        case .getResource(let id, let fence):
            guard fence ?? LSN(0) <= kernel.lastAppliedLSN ?? LSN(0) else { return nil }
            return kernel.resource(id).map { .resource(ResourceView($0)) } ?? .resourceNotFound
        case .getLease(let id, let fence, let slot):
            guard fence ?? LSN(0) <= kernel.lastAppliedLSN ?? LSN(0) else { return nil }
            switch kernel.reservation(id, at: slot) {
            case .found(let reservation): return .lease(LeaseView(reservation))
            case .retired: return .leaseRetired
            case .notFound: return .leaseNotFound
            }
        case .submit, .getMetrics, .tickExpirations: return nil
        }
    }
}
