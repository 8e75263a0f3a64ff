/// One attempt in the words of text version 1 (validation.md 8.5).
struct TextMapping {
    typealias Omission = TextExport.Omission

    let attempt: AttemptSummary
    let leases: KnownLeases

    func result() -> Result<(TextOperation, TextOutcome), Omission> {
        do throws(Omission) {
            let operation = try operation()
            return .success((operation, try outcome(of: operation)))
        } catch {
            return .failure(error)
        }
    }

    private func operation() throws(Omission) -> TextOperation {
        let invocation = attempt.invocation
        let id = invocation.operationID
        let slot = invocation.slot
        switch invocation.operation {
        case .createResource: throw .creationOfResource
        case .reserve(let resource, let holder, let ttl):
            return TextOperation(
                .reserve, operationID: id, resourceID: resource, holderID: holder,
                requestSlot: slot, ttl: ttl)
        case .reserveBundle(let resources, let holder, let ttl):
            return TextOperation(
                .reserveBundle, operationID: id, resourceID: resources.first,
                resourceIDs: resources, holderID: holder, requestSlot: slot, ttl: ttl)
        case .confirm(let reservation, let holder, let epoch):
            return ofHolder(.confirm, reservation, holder, epoch)
        case .release(let reservation, let holder, let epoch):
            return ofHolder(.release, reservation, holder, epoch)
        case .revoke(let reservation):
            return TextOperation(
                .revoke, operationID: id, reservationID: reservation, requestSlot: slot)
        case .reclaim(let reservation):
            return TextOperation(
                .reclaim, operationID: id, reservationID: reservation, requestSlot: slot)
        case .tickExpirations:
            return TextOperation(.tickExpirations, operationID: id ?? inventedID, requestSlot: slot)
        case .getResource(let resource, let required):
            return TextOperation(.getResource, resourceID: resource, requiredLSN: required)
        case .getReservation(let reservation, let required):
            return TextOperation(
                .getReservation, reservationID: reservation, requiredLSN: required,
                requestSlot: slot)
        }
    }

    /// A tick carries no id on the wire, but the reference's gate demands one of every mutating
    /// line. Ids of commands are far below these.
    private var inventedID: OperationID {
        OperationID(1 << 127 | UInt128(attempt.invocation.attempt.rawValue))
    }

    private func ofHolder(
        _ kind: TextOperation.Kind, _ reservation: ReservationID, _ holder: HolderID,
        _ epoch: LeaseEpoch
    ) -> TextOperation {
        let members = leases[reservation]?.members ?? []
        return TextOperation(
            kind, operationID: attempt.invocation.operationID, resourceID: members.first,
            resourceIDs: members.count > 1 ? members : [], reservationID: reservation,
            holderID: holder, leaseEpoch: epoch, requestSlot: attempt.invocation.slot)
    }

    private func outcome(of operation: TextOperation) throws(Omission) -> TextOutcome {
        switch attempt.outcome {
        case .committed(let lsn, let result, _):
            return .committedWrite(lsn, try writeResult(lsn, result, operation))
        case .refused(_, let code, _): return .definiteFailure(Self.reason(code))
        case .ticked(_, let lastLSN):
            guard let lastLSN else { throw .tickWithoutEffect }
            let entries = leases.expired(by: attempt.invocation.attempt).flatMap { lease in
                lease.members.map { member in
                    TextWriteResult.Expired(
                        member, lease.holder, lease.reservation, releasedLSN: lastLSN)
                }
            }
            return .committedWrite(lastLSN, .tickExpired(entries))
        case .read(let answer, let facts): return try read(answer, facts)
        case .failed(let failure): return .definiteFailure(try Self.reason(failure))
        case .ambiguous(let ambiguity): return .ambiguous(Self.reason(ambiguity))
        }
    }

    private func writeResult(
        _ lsn: LSN, _ result: CommitResult, _ operation: TextOperation
    ) throws(Omission) -> TextWriteResult {
        switch attempt.invocation.operation {
        case .createResource: throw .creationOfResource
        case .reserve(_, let holder, _), .reserveBundle(_, let holder, _):
            guard let reservation = result.reservationID, let epoch = result.epoch,
                let deadline = result.deadline, let resource = operation.resourceID
            else { throw .incompleteAnswer }
            return .reserved(resource, holder, reservation, epoch, expiresAt: deadline)
        case .confirm(let reservation, let holder, let epoch):
            return .confirmed(try resource(of: operation), holder, reservation, epoch)
        case .release(let reservation, let holder, _):
            return .released(
                try resource(of: operation), holder, reservation, releasedLSN: lsn)
        case .revoke(let reservation): return .revoked(reservation)
        case .reclaim(let reservation): return .reclaimed(reservation)
        case .tickExpirations, .getResource, .getReservation: throw .incompleteAnswer
        }
    }

    private func resource(of operation: TextOperation) throws(Omission) -> ResourceID {
        guard let resource = operation.resourceID else { throw .unknownLease }
        return resource
    }

    private func read(
        _ answer: ReadAnswer, _ facts: ServingFacts
    ) throws(Omission) -> TextOutcome {
        let target: TextRead.Target
        let state: TextRead.State
        switch answer {
        case .notFound: return .definiteFailure(.notFound)
        case .retired: return .definiteFailure(.retired)
        case .resource(let view):
            target = .resource
            state = try self.state(of: view)
        case .lease(let view):
            target = .reservation
            state = try self.state(of: view)
        }
        return .readOK(
            TextRead(
                target: target, servedBy: attempt.invocation.endpoint,
                servedRole: facts.role ?? .primary, observedLSN: facts.observedLSN ?? requiredLSN,
                state: state))
    }

    private var requiredLSN: LSN? {
        switch attempt.invocation.operation {
        case .getResource(_, let required), .getReservation(_, let required): required
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations:
            nil
        }
    }

    private func state(of view: ResourceView) throws(Omission) -> TextRead.State {
        if view.state == .available { return .resourceAvailable }
        guard let reservation = view.currentReservation else { throw .incompleteAnswer }
        guard let lease = leases[reservation] else { throw .unknownLease }
        return switch view.state {
        case .available: .resourceAvailable
        case .reserved: .resourceReserved(lease.holder, reservation, deadline: lease.deadline)
        case .confirmed, .revoking: .resourceConfirmed(lease.holder, reservation)
        }
    }

    private func state(of view: LeaseView) throws(Omission) -> TextRead.State {
        guard let anchor = view.members.first else { throw .incompleteAnswer }
        if view.state.isTerminal {
            return .reservationReleased(anchor, view.holder, releasedLSN: view.releasedLSN)
        }
        guard let deadline = view.deadline else { throw .incompleteAnswer }
        return .reservationActive(
            anchor, view.holder, deadline: deadline, confirmed: view.state != .reserved)
    }

    private static func reason(_ code: RefusalCode) -> TextOutcome.FailureReason {
        switch code {
        case .resourceBusy: .busy
        case .staleEpoch: .staleEpoch
        case .resourceNotFound, .reservationNotFound: .notFound
        case .reservationRetired: .retired
        case .noop, .alreadyExists, .resourceTableFull, .bundleTooLarge, .ttlOutOfRange,
            .reservationTableFull, .reservationMemberTableFull, .expirationIndexFull,
            .operationTableFull, .operationConflict, .invalidState, .holderMismatch,
            .slotOverflow:
            .conflict
        }
    }

    private static func reason(
        _ failure: DefiniteFailure
    ) throws(Omission) -> TextOutcome.FailureReason {
        switch failure {
        case .notPrimary: .notPrimary
        case .fenceNotApplied: .fenceNotApplied
        case .engineHalted, .lsnExhausted, .replicaFaulted: .engineHalted
        case .invalidRequest, .slotOverflow, .commandTooLarge: .invalidRequest
        case .overloaded: .busy
        case .isolated, .connectionRefused: throw .neverReachedAPrimary
        }
    }

    private static func reason(_ ambiguity: Ambiguity) -> TextOutcome.AmbiguityReason {
        switch ambiguity {
        case .timeout, .interrupted: .timeout
        case .transportLoss, .unintelligibleAnswer: .transportLoss
        case .indefiniteWrite: .indefiniteWrite
        }
    }
}
