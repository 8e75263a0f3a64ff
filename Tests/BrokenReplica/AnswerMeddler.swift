import BugCatalogue
import ClusterProtocol
import LeaseKernel
import Replication

/// The replica does the right thing and says another.
struct AnswerMeddler: Meddler {
    let bug: Bug
    private var submits = 0
    /// Answered already, with a lie.
    private var denied: Set<RequestToken> = []

    /// So many commands are carried out before one is denied.
    private static let deedsBetweenDenials = 40

    init(_ bug: Bug) {
        self.bug = bug
    }

    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput? {
        guard bug == .deniesDeeds, case .client(let token, .submit) = input,
            replica.status.role == .primary
        else { return input }
        submits += 1
        if submits % Self.deedsBetweenDenials == 0 {
            denied.insert(token)
            let lie = ClientResponse.submitRejected(
                Rejection(.overloaded(queueDepth: 1024, queueCapacity: 1024)))
            if let bytes = try? lie.encoded() { effects.append(.reply(token, bytes)) }
        }
        return input
    }

    mutating func done(_ effect: LiveEffect) -> LiveEffect? {
        guard case .reply(let token, let bytes) = effect else { return effect }
        if denied.remove(token) != nil { return nil }
        guard case .committed(var submit)? = try? ClientResponse(decoding: bytes),
            let deadline = submit.outcome.deadline,
            bug == .promisesLonger || bug == .changesAnswers && submit.fromRetryCache
        else { return effect }
        submit.outcome = CommandOutcome(
            submit.outcome.code, reservationID: submit.outcome.reservationID,
            epoch: submit.outcome.epoch, deadline: Slot(deadline.rawValue + 1))
        guard let changed = try? ClientResponse.committed(submit).encoded() else { return effect }
        return .reply(token, changed)
    }
}
