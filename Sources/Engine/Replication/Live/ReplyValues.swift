package import ClusterProtocol
import LeaseEngine
package import LeaseKernel

// From the kernel's words to those of the client protocol (wire-api.md 3).

extension CommittedSubmit {
    init(_ applied: AppliedCommand) {
        self.init(
            appliedLSN: applied.lsn, outcome: applied.outcome,
            fromRetryCache: applied.isFromRetryTable)
    }
}

extension ResourceView {
    package init(_ resource: Resource) {
        let state: State =
            switch resource.state {
            case .available: .available
            case .reserved: .reserved
            case .confirmed: .active
            case .revoking: .revoking
            }
        self.init(
            resourceID: resource.id, state: state, currentLeaseID: resource.currentReservation,
            version: resource.version)
    }
}

extension LeaseView {
    package init(_ reservation: Reservation) {
        let state: State =
            switch reservation.state {
            case .reserved: .reserved
            case .confirmed: .active
            case .released: .released
            case .expired: .expired
            case .revoking: .revoking
            case .revoked: .revoked
            }
        self.init(
            leaseID: reservation.id, holderID: reservation.holder, state: state,
            epoch: reservation.epoch, createdLSN: reservation.createdLSN,
            deadline: reservation.deadline, releasedLSN: reservation.releasedLSN,
            retireAfter: reservation.retireAfter, members: reservation.members)
    }
}

extension Rejection.Code {
    static func slotOverflow(_ overflow: SlotOverflow) -> Self {
        let kind: Rejection.SlotOverflowKind =
            switch overflow.kind {
            case .operationWindow: .operationWindow
            case .deadline: .deadline
            case .reservationHistory: .reservationHistory
            }
        return .slotOverflow(kind, requestSlot: overflow.requestSlot, delta: overflow.delta)
    }

    init(_ error: SubmissionError) {
        switch error {
        case .engineHalted, .crashInjected: self = .engineHalted
        case .invalidRequest(.bufferTooShort): self = .invalidRequest(.bufferTooShort)
        case .invalidRequest(.invalidCommandTag(let tag)):
            self = .invalidRequest(.invalidCommandTag(tag))
        case .invalidRequest(.invalidLayout), .refused: self = .invalidRequest(.invalidLayout)
        case .slotOverflow(let overflow): self = .slotOverflow(overflow)
        case .commandTooLarge(let length, let maximum):
            self = .commandTooLarge(encodedLength: length, maxCommandBytes: maximum)
        case .lsnExhausted(let last): self = .lsnExhausted(lastApplied: last)
        case .overloaded(let depth, let capacity):
            self = .overloaded(queueDepth: depth, queueCapacity: capacity)
        case .walFile: self = .storageFailure
        }
    }
}
