import ClusterProtocol
public import History
import LeaseKernel
public import SystemCalls

/// Says what an exchange with a replica proves (validation.md 8.5, in the finer outcomes of our
/// own record).
///
/// The rule behind every line: an attempt *failed* only if it certainly was not executed, and was
/// *committed* only if the log's answer is here. Everything else that may have reached a replica
/// is ambiguous. Nothing that the answer does not carry is filled in from the request.
public enum AnswerClassifier {
    public static func outcome(
        of operation: History.Operation,
        _ exchange: Result<[UInt8], OneShotExchange.Failure>
    ) -> Outcome {
        switch exchange {
        case .success(let bytes):
            outcome(of: operation, ClientReply(bytes: bytes))
        case .failure(let failure):
            outcome(of: operation, failure)
        }
    }

    /// The exchange broke off. No connection means that nothing was sent. After that only a
    /// complete answer that arrived before the break can help: no answer's beginning is another
    /// answer, so complete means what it says.
    private static func outcome(
        of operation: History.Operation, _ failure: OneShotExchange.Failure
    ) -> Outcome {
        let broken = Outcome.ambiguous(failure.cause.isTimeout ? .timeout : .transportLoss)
        switch failure.progress {
        case .connecting: return .failed(.connectionRefused)
        case .sending: return broken
        case .receiving(let bytes):
            let reply = ClientReply(bytes: bytes)
            switch reply {
            case .response, .text: return outcome(of: operation, reply)
            case .empty, .undecodable: return broken
            }
        }
    }

    private static func outcome(
        of operation: History.Operation, _ reply: ClientReply
    ) -> Outcome {
        switch reply {
        case .empty: .ambiguous(.transportLoss)
        case .undecodable: .ambiguous(.unintelligibleAnswer)
        case .text(let text): outcome(text)
        case .response(let response):
            switch operation {
            case .getResource: resourceRead(response)
            case .getReservation: leaseRead(response)
            case .tickExpirations: tick(response)
            case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim:
                submit(response)
            }
        }
    }

    private static func outcome(_ text: TextReply) -> Outcome {
        switch text {
        case .notPrimary(let role):
            .failed(.notPrimary(role: History.ReplicaRole(rawValue: role.word)))
        case .isolated: .failed(.isolated)
        case .replicaFaulted: .failed(.replicaFaulted)
        case .emptyRequest, .invalidRequest, .requestUnreadable: .failed(.invalidRequest)
        case .requestTooLarge: .failed(.commandTooLarge)
        case .protocolError, .commitPublishedNothing, .commitAppliedNothing:
            .ambiguous(.indefiniteWrite)
        case .other: .ambiguous(.unintelligibleAnswer)
        }
    }

    private static func submit(_ response: ClientResponse) -> Outcome {
        switch response {
        case .committed(let answer): committed(answer)
        case .submitRejected(let rejection): rejected(rejection)
        case .resource, .resourceNotFound, .resourceFenceNotApplied, .lease, .leaseNotFound,
            .leaseRetired, .leaseFenceNotApplied, .metrics, .resourceEngineHalted,
            .leaseEngineHalted, .tickApplied, .tickRejected:
            .ambiguous(.unintelligibleAnswer)
        }
    }

    private static func committed(_ answer: CommittedSubmit) -> Outcome {
        let lsn = History.LSN(answer.appliedLSN.rawValue)
        guard let code = RefusalCode(rawValue: answer.outcome.code.wireValue) else {
            let result = CommitResult(
                reservationID: answer.outcome.reservationID.map {
                    History.ReservationID($0.rawValue)
                },
                epoch: answer.outcome.epoch.map { History.LeaseEpoch($0.rawValue) },
                deadline: answer.outcome.deadline.map { History.Slot($0.rawValue) })
            return .committed(lsn, result, fromRetryCache: answer.fromRetryCache)
        }
        return .refused(lsn, code, fromRetryCache: answer.fromRetryCache)
    }

    /// A rejection proves that nothing happened only if both its category and its code say so.
    private static func rejected(_ rejection: Rejection) -> Outcome {
        guard rejection.category == .definiteFailure, rejection.code.category == .definiteFailure
        else { return .ambiguous(.indefiniteWrite) }
        return switch rejection.code {
        case .engineHalted, .storageFailure: .ambiguous(.indefiniteWrite)
        case .invalidRequest: .failed(.invalidRequest)
        case .slotOverflow: .failed(.slotOverflow)
        case .commandTooLarge: .failed(.commandTooLarge)
        case .lsnExhausted: .failed(.lsnExhausted)
        case .overloaded: .failed(.overloaded)
        }
    }

    private static func tick(_ response: ClientResponse) -> Outcome {
        switch response {
        case .tickApplied(let count, let last):
            return .ticked(applied: count, lastLSN: last.map { History.LSN($0.rawValue) })
        case .tickRejected(let rejection):
            // Some of its expirations may be applied already, even when the code is a definite
            // one that stopped it half-way (wire-api.md 5).
            if case .overloaded = rejection.code, rejection.category == .definiteFailure {
                return .failed(.overloaded)
            }
            return .ambiguous(.indefiniteWrite)
        case .committed, .submitRejected, .resource, .resourceNotFound, .resourceFenceNotApplied,
            .lease, .leaseNotFound, .leaseRetired, .leaseFenceNotApplied, .metrics,
            .resourceEngineHalted, .leaseEngineHalted:
            return .ambiguous(.unintelligibleAnswer)
        }
    }

    private static func resourceRead(_ response: ClientResponse) -> Outcome {
        switch response {
        case .resource(let view): .read(.resource(HistoryView.of(view)), .unknown)
        case .resourceNotFound: .read(.notFound, .unknown)
        case .resourceFenceNotApplied(let fence): fenced(fence)
        case .resourceEngineHalted: .failed(.engineHalted)
        case .committed, .submitRejected, .lease, .leaseNotFound, .leaseRetired,
            .leaseFenceNotApplied, .metrics, .leaseEngineHalted, .tickApplied, .tickRejected:
            .ambiguous(.unintelligibleAnswer)
        }
    }

    private static func leaseRead(_ response: ClientResponse) -> Outcome {
        switch response {
        case .lease(let view): .read(.lease(HistoryView.of(view)), .unknown)
        case .leaseNotFound: .read(.notFound, .unknown)
        case .leaseRetired: .read(.retired, .unknown)
        case .leaseFenceNotApplied(let fence): fenced(fence)
        case .leaseEngineHalted: .failed(.engineHalted)
        case .committed, .submitRejected, .resource, .resourceNotFound, .resourceFenceNotApplied,
            .metrics, .resourceEngineHalted, .tickApplied, .tickRejected:
            .ambiguous(.unintelligibleAnswer)
        }
    }

    private static func fenced(_ fence: ReadFence) -> Outcome {
        .failed(.fenceNotApplied(lastApplied: fence.lastAppliedLSN.map { .init($0.rawValue) }))
    }
}

/// Views of the wire in the types of the record.
enum HistoryView {
    static func of(_ view: ClusterProtocol.ResourceView) -> History.ResourceView {
        let state: History.ResourceView.State =
            switch view.state {
            case .available: .available
            case .reserved: .reserved
            case .active: .confirmed
            case .revoking: .revoking
            }
        return History.ResourceView(
            resourceID: History.ResourceID(view.resourceID.rawValue), state: state,
            currentReservation: view.currentLeaseID.map { History.ReservationID($0.rawValue) },
            version: view.version)
    }

    static func of(_ view: ClusterProtocol.LeaseView) -> History.LeaseView {
        let state: History.LeaseView.State =
            switch view.state {
            case .reserved: .reserved
            case .active: .confirmed
            case .released: .released
            case .expired: .expired
            case .revoking: .revoking
            case .revoked: .revoked
            }
        return History.LeaseView(
            reservationID: History.ReservationID(view.leaseID.rawValue),
            holder: History.HolderID(view.holderID.rawValue), state: state,
            epoch: History.LeaseEpoch(view.epoch.rawValue),
            createdLSN: History.LSN(view.createdLSN.rawValue),
            deadline: view.deadline.map { History.Slot($0.rawValue) },
            releasedLSN: view.releasedLSN.map { History.LSN($0.rawValue) },
            retireAfter: view.retireAfter.map { History.Slot($0.rawValue) },
            members: view.members.map { History.ResourceID($0.rawValue) })
    }
}
