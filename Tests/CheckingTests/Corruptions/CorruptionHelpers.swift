import History

extension SeededRandom {
    mutating func maybePick<Element>(_ values: [Element]) -> Element? {
        values.isEmpty ? nil : pick(values)
    }
}

extension History.Operation {
    var isGrant: Bool {
        switch self {
        case .reserve, .reserveBundle: true
        default: false
        }
    }

    var members: [ResourceID] {
        switch self {
        case .reserve(let id, _, _): [id]
        case .reserveBundle(let ids, _, _): ids
        default: []
        }
    }

    var reservation: ReservationID? {
        switch self {
        case .confirm(let id, _, _), .release(let id, _, _), .revoke(let id), .reclaim(let id): id
        default: nil
        }
    }

    var fence: LSN? {
        switch self {
        case .getResource(_, let fence), .getReservation(_, let fence): fence
        default: nil
        }
    }
}

extension Outcome {
    var isCommitted: Bool { if case .committed = self { true } else { false } }
}

extension LeaseView {
    func changed(
        holder: HolderID? = nil, epoch: LeaseEpoch? = nil, deadline: Slot? = nil,
        members: [ResourceID]? = nil
    ) -> LeaseView {
        LeaseView(
            reservationID: reservationID, holder: holder ?? self.holder, state: state,
            epoch: epoch ?? self.epoch, createdLSN: createdLSN, deadline: deadline ?? self.deadline,
            releasedLSN: releasedLSN, retireAfter: retireAfter, members: members ?? self.members)
    }
}

extension RecordEditor {
    mutating func changeGrant(
        _ random: inout SeededRandom, _ change: (CommitResult) -> CommitResult
    ) -> Bool {
        guard let index = random.maybePick(soleCommits { $0.invocation.operation.isGrant }),
            case .committed(let lsn, let result, _) = entries[index].outcome
        else { return false }
        entries[index].outcome = .committed(lsn, change(result), fromRetryCache: false)
        return true
    }

    /// Turns a refusal into an acknowledgement with the values it would carry.
    mutating func accept(
        _ random: inout SeededRandom, refusedFor code: RefusalCode,
        where isEligible: (RecordEditor, Int) -> Bool = { _, _ in true }
    ) -> Bool {
        guard let index = random.maybePick(refusals(code).filter({ isEligible(self, $0) })),
            case .refused(let lsn, _, _) = entries[index].outcome
        else { return false }
        let operation = entries[index].invocation.operation
        let slot = entries[index].invocation.slot ?? Slot(0)
        let result: CommitResult =
            switch operation {
            case .reserve(_, _, let ttl), .reserveBundle(_, _, let ttl):
                CommitResult(
                    reservationID: ReservationID(UInt128(lsn.rawValue)), epoch: LeaseEpoch(1),
                    deadline: Slot(slot.rawValue + ttl.rawValue))
            default: .empty
            }
        for other in entries.indices
        where entries[other].invocation.operationID == entries[index].invocation.operationID {
            if case .refused(lsn, code, let cached) = entries[other].outcome {
                entries[other].outcome = .committed(lsn, result, fromRetryCache: cached)
            }
        }
        return true
    }

    /// Gives every attempt that was refused at that LSN another reason.
    mutating func setRefusal(_ code: RefusalCode, at lsn: LSN) {
        for index in entries.indices {
            if case .refused(lsn, _, let cached) = entries[index].outcome {
                entries[index].outcome = .refused(lsn, code, fromRetryCache: cached)
            }
        }
    }

    mutating func changeRead(
        _ random: inout SeededRandom,
        _ change: (RecordEditor, Int, ReadAnswer) -> ReadAnswer?
    ) -> Bool {
        for _ in 0..<20 {
            guard let index = random.maybePick(reads()),
                case .read(let answer, let facts) = entries[index].outcome
            else { return false }
            if let new = change(self, index, answer), new != answer {
                entries[index].outcome = .read(new, facts)
                return true
            }
        }
        return false
    }

    mutating func changeLease(
        _ random: inout SeededRandom, _ change: (LeaseView) -> LeaseView?
    ) -> Bool {
        changeRead(&random) { _, _, answer in
            if case .lease(let view) = answer { change(view).map(ReadAnswer.lease) } else { nil }
        }
    }
}
