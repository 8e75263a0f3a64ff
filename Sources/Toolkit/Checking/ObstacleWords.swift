import History

/// Turns the place where a replay got stuck into the promise that is broken there.
struct ObstacleWords {
    let log: WitnessLog

    func finding(for obstacle: WitnessReplay.Obstacle) -> Finding {
        switch obstacle.kind {
        case .unexplained: unexplained(obstacle)
        case .slotWentBack(let entry, let last):
            Finding(
                .slotRegression, stage: .witness, events: entry.events,
                explanation: "\(place(entry)) carries slot \(list(entry.slots)), below slot "
                    + "\(last), which the log had reached before.")
        case .executedAgain(let entry, let first): again(entry, first)
        case .answer(let entry, let expected, let slot):
            answer(entry, expected: expected, slot: slot, obstacle.model)
        }
    }

    private func unexplained(_ obstacle: WitnessReplay.Obstacle) -> Finding {
        let next = log.entries.keys.filter { $0 > obstacle.lsn }.min()
        let neighbours = [LSN(obstacle.lsn.rawValue - 1), next].compactMap { $0 }
            .compactMap { log.entries[$0] }
        return Finding(
            .unexplainedEffect, stage: .witness, events: neighbours.flatMap(\.events),
            explanation: "LSN \(obstacle.lsn) lies below acknowledged ones, but no client was "
                + "told of it, no command with an unknown outcome can stand there, and no tick "
                + "under way can have expired a lease there: no lease was due.")
    }

    private func again(
        _ entry: WitnessLog.Entry, _ first: AllocationModel.RememberedOperation
    ) -> Finding {
        let original = log.entries[first.lsn]
        let isSame = first.operation == entry.operation
        return Finding(
            isSame ? .duplicateExecution : .conflictAccepted, stage: .witness,
            events: (original?.events ?? []) + entry.events,
            explanation: isSame
                ? "\(place(entry)) had been executed before, at LSN \(first.lsn), and is "
                    + "remembered until slot \(first.retireAfter): it was executed twice."
                : "\(place(entry)) was answered \(Words.of(entry.answer)), but its operation id "
                    + "stands for another command (\(Words.of(first.operation)), LSN "
                    + "\(first.lsn)) until slot \(first.retireAfter): it must be refused as "
                    + "operation_conflict.")
    }

    private func answer(
        _ entry: WitnessLog.Entry, expected: ModelAnswer, slot: Slot, _ model: AllocationModel
    ) -> Finding {
        let (code, cause, why) = classify(entry, expected: expected, model)
        return Finding(
            code, stage: .witness,
            events: (cause.flatMap { log.entries[$0]?.events } ?? [])
                + entry.events,
            explanation: "\(place(entry)), slot \(slot), was answered "
                + "\(Words.of(entry.answer)) at \(Words.time(entry.answeredAt)); the log up to "
                + "there calls for \(Words.of(expected)). \(why)")
    }

    /// The promise, the LSN of the command that is contradicted, and the reason in words.
    private func classify(
        _ entry: WitnessLog.Entry, expected: ModelAnswer, _ model: AllocationModel
    ) -> (FindingCode, LSN?, String) {
        switch (entry.answer, expected) {
        case (.ok, .refused(let code)): accepted(entry, insteadOf: code, model)
        case (.ok(let result), .ok(let right)): (Self.difference(result, right), nil, "")
        case (.refused(let code), _): refused(entry, code, model)
        }
    }

    private func accepted(
        _ entry: WitnessLog.Entry, insteadOf code: RefusalCode, _ model: AllocationModel
    ) -> (FindingCode, LSN?, String) {
        switch entry.operation {
        case .createResource:
            (.lostWrite, nil, "The resource had been created before: that creation is gone.")
        case .reserve(let id, _, _): overlap([id], insteadOf: code, model)
        case .reserveBundle(let ids, _, _): overlap(ids, insteadOf: code, model)
        case .confirm(let id, let holder, let epoch), .release(let id, let holder, let epoch):
            holding(id, holder, epoch, insteadOf: code, model)
        case .reclaim(let id) where model.leases[id]?.retireAfter == nil && model.leases[id] != nil:
            transition(.reclaimWithoutRevoke, id, model)
        case .revoke(let id), .reclaim(let id): transition(.illegalTransition, id, model)
        case .tickExpirations, .getResource, .getReservation: (.wrongResult, nil, "")
        }
    }

    private func transition(
        _ code: FindingCode, _ id: ReservationID, _ model: AllocationModel
    ) -> (FindingCode, LSN?, String) {
        (code, model.leases[id]?.createdLSN, "The lease was \(Words.of(model.leases[id]?.view)).")
    }

    /// Which value of an acknowledgement is wrong; one that has another number of values, or more
    /// than one wrong, is wrong as a whole.
    private static func difference(_ result: CommitResult, _ right: CommitResult) -> FindingCode {
        let wrong = [
            (result.reservationID != right.reservationID, FindingCode.wrongReservationID),
            (result.deadline != right.deadline, .wrongDeadline),
            (result.epoch != right.epoch, .wrongFirstEpoch),
        ].filter(\.0)
        let isWhole =
            result.reservationID != nil && result.deadline != nil && result.epoch != nil
            && right.reservationID != nil
        return isWhole && wrong.count == 1 ? wrong[0].1 : .wrongResult
    }

    private func overlap(
        _ ids: [ResourceID], insteadOf code: RefusalCode, _ model: AllocationModel
    ) -> (FindingCode, LSN?, String) {
        let held = ids.compactMap { id in
            model.resources[id]?.reservation.flatMap { model.leases[$0] }.map { (id, $0) }
        }
        guard code == .resourceBusy, let (id, lease) = held.first else {
            return (.illegalTransition, nil, "")
        }
        let words =
            "Resource \(id) was held by reservation \(lease.id): \(Words.of(lease.view)), and "
            + "nothing in the record ended that lease."
        let taken: FindingCode = lease.members.count > 1 ? .stolenMember : .doubleAllocation
        return (lease.state == .revoking ? .earlyReuse : taken, lease.createdLSN, words)
    }

    private func holding(
        _ id: ReservationID, _ holder: HolderID, _ epoch: LeaseEpoch, insteadOf code: RefusalCode,
        _ model: AllocationModel
    ) -> (FindingCode, LSN?, String) {
        let lease = model.leases[id]
        let words = "The lease was \(Words.of(lease?.view))."
        return switch code {
        case .holderMismatch: (.wrongHolderAccepted, lease?.createdLSN, words)
        case .staleEpoch where epoch > lease?.epoch ?? epoch:
            (.futureEpochAccepted, lease?.createdLSN, words + " That epoch did not exist yet.")
        case .reservationRetired: (.endedLeaseAccepted, lease?.createdLSN, words)
        case .staleEpoch where lease?.retireAfter != nil:
            (.endedLeaseAccepted, lease?.createdLSN, words)
        case .reservationNotFound where model.highestRetired.map { id <= $0 } ?? false:
            (.endedLeaseAccepted, nil, "The lease had ended, and was forgotten since.")
        case .staleEpoch: (.staleHolderAccepted, lease?.createdLSN, words)
        case .invalidState where lease?.state == .revoking:
            (.releaseWhileRevoking, lease?.createdLSN, words)
        case .noop, .alreadyExists, .resourceTableFull, .resourceNotFound, .resourceBusy,
            .bundleTooLarge, .ttlOutOfRange, .reservationTableFull, .reservationMemberTableFull,
            .expirationIndexFull, .operationTableFull, .operationConflict, .invalidState,
            .reservationNotFound, .slotOverflow:
            (.illegalTransition, lease?.createdLSN, words)
        }
    }

    /// A refusal that the log does not call for. Where the thing it denies was acknowledged
    /// before, that acknowledgement was lost.
    private func refused(
        _ entry: WitnessLog.Entry, _ code: RefusalCode, _ model: AllocationModel
    ) -> (FindingCode, LSN?, String) {
        let created = entry.operation.reservationID.flatMap { model.leases[$0]?.createdLSN }
        switch code {
        case .reservationNotFound where created != nil:
            return (.lostWrite, created, "The reservation had been granted before.")
        case .resourceNotFound
        where entry.operation.resources.allSatisfy { model.resources[$0] != nil }:
            return (.lostWrite, nil, "The resource had been created before.")
        case .resourceBusy:
            if let (lease, words) = halfReleased(entry, model) {
                return (.partialRelease, lease.createdLSN, words)
            }
            return (.falseRefusal, created, "")
        case _:
            return (.falseRefusal, created, "")
        }
    }

    /// The bundle that ended before, when what is asked for was in it and is said to be held still,
    /// while another of its members was given away again.
    private func halfReleased(
        _ entry: WitnessLog.Entry, _ model: AllocationModel
    ) -> (ModelLease, String)? {
        let wanted = Set(entry.operation.resources)
        // The model has granted what the allocator refused.
        let granted = model.leases.values.first { $0.createdLSN == entry.lsn }
        guard let granted, wanted == Set(granted.members) else { return nil }
        let ended = model.leases.values.filter {
            $0.retireAfter != nil && $0.members.count > 1 && !wanted.isDisjoint(with: $0.members)
        }
        guard let bundle = ended.max(by: { $0.id < $1.id }) else { return nil }
        let other = model.leases.values.filter {
            $0.createdLSN > bundle.releasedLSN ?? LSN(.max) && $0.id != granted.id
                && !Set($0.members).isDisjoint(with: bundle.members)
        }.min { $0.id < $1.id }
        guard let other, wanted.isDisjoint(with: other.members) else { return nil }
        return (
            bundle,
            "It was a member of reservation \(bundle.id) (\(Words.of(bundle.view))), which ended at "
                + "LSN \(bundle.releasedLSN ?? LSN(0)); another member was granted again in "
                + "reservation \(other.id)."
        )
    }

    private func place(_ entry: WitnessLog.Entry) -> String {
        "Operation \(entry.operationID) (\(Words.of(entry.operation))) at LSN \(entry.lsn)"
    }

    private func list(_ slots: [Slot]) -> String {
        slots.map(\.description).joined(separator: " or ")
    }
}

extension Operation {
    var reservationID: ReservationID? {
        switch self {
        case .confirm(let id, _, _), .release(let id, _, _), .revoke(let id), .reclaim(let id),
            .getReservation(let id, _):
            id
        case .createResource, .reserve, .reserveBundle, .tickExpirations, .getResource: nil
        }
    }

    var resources: [ResourceID] {
        switch self {
        case .createResource(let id), .reserve(let id, _, _), .getResource(let id, _): [id]
        case .reserveBundle(let ids, _, _): ids
        case .confirm, .release, .revoke, .reclaim, .tickExpirations, .getReservation: []
        }
    }
}
