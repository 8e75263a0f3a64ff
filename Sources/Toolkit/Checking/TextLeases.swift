import History

/// Conclusions about leases from a text of version 1.
extension TextJudge {
    private typealias Row = TextEvidence.Row

    /// Acknowledged at an LSN above the one that raised the epoch. An answer that was only repeated
    /// stands at its first LSN; what was not acknowledged breaks nothing.
    func staleHolder(
        _ reservation: ReservationID, _ id: OperationID?, _ attempted: LeaseEpoch
    ) -> [TextFinding] {
        let rows = evidence.byReservation[reservation] ?? []
        let accepted = rows.first { row in
            row.event.operation.operationID == id && row.event.operation.leaseEpoch == attempted
                && row.committed != nil
        }
        guard let accepted, let lsn = accepted.committed?.lsn else { return [] }
        var epoch = LeaseEpoch(1)
        var raising: [LSN: Row] = [:]
        for row in rows {
            guard let (at, result) = row.committed, at < lsn else { continue }
            switch result {
            case .reserved(_, _, _, let first, _): epoch = first
            case .revoked: raising[at] = raising[at] ?? row
            case .confirmed, .released, .reclaimed, .tickExpired: break
            }
        }
        let (sum, overflow) = epoch.rawValue.addingReportingOverflow(UInt64(raising.count))
        let current = LeaseEpoch(overflow ? .max : sum)
        guard let last = raising.max(by: { $0.key < $1.key }), attempted < current else {
            return []
        }
        return [
            TextFinding(
                code: .staleHolderAccepted, severity: .blocks, stage: .witness,
                lines: [last.value.line, accepted.line],
                explanation:
                    "Reservation \(reservation) was revoked at LSN \(last.key), which made "
                    + "its epoch \(current). The \(accepted.event.operation.kind.rawValue) with "
                    + "epoch \(attempted) was acknowledged at LSN \(lsn), after that.")
        ]
    }

    func doubleAllocation(
        _ resource: ResourceID, _ existing: OperationID, _ conflicting: OperationID
    ) -> [TextFinding] {
        guard let first = grant(of: resource, by: existing),
            let (firstLSN, firstResult) = first.committed,
            case .reserved(_, _, let reservation, _, let deadline) = firstResult
        else { return [] }
        guard let second = grant(of: resource, by: conflicting, not: first.line),
            let (secondLSN, _) = second.committed
        else { return [sameBundle(first, resource) ?? confirmed(first, resource, conflicting)] }
        let between = (evidence.byReservation[reservation] ?? []).filter { row in
            row.committed.map { $0.lsn > firstLSN && $0.lsn < secondLSN } ?? false
        }
        let confirm = between.first { row in
            if case .confirmed = row.committed?.result { true } else { false }
        }
        let revoke = between.first { row in
            if case .revoked = row.committed?.result { true } else { false }
        }
        let doubt = doubt(
            about: reservation, before: secondLSN, isConfirmed: confirm != nil,
            deadline: deadline, second)
        let code: FindingCode =
            revoke != nil
            ? .earlyReuse : first.members.count > 1 ? .stolenMember : .doubleAllocation
        let lines =
            [first.line] + [confirm, revoke].compactMap { $0?.line } + [second.line]
        return [
            TextFinding(
                code: code, severity: doubt == nil ? .blocks : .suspicious, stage: .witness,
                lines: lines,
                explanation: "Resource \(resource) was granted at LSN \(firstLSN) in reservation "
                    + "\(reservation), deadline \(deadline), and again at LSN \(secondLSN). "
                    + (doubt
                        ?? (confirm == nil
                            ? "By the deadlines that were answered the first was not due yet, and "
                                + "nothing in the text can have ended it."
                            : "It had been confirmed, so it could not expire, and nothing in the "
                                + "text can have ended it."))
            )
        ]
    }

    private func grant(of resource: ResourceID, by id: OperationID, not line: Int = 0) -> Row? {
        (evidence.byOperation[id] ?? []).first { row in
            guard row.line != line, row.members.contains(resource),
                case .reserved = row.committed?.result
            else { return false }
            return true
        }
    }

    /// Why the first lease may have ended before the second grant; nil when it cannot.
    private func doubt(
        about reservation: ReservationID, before lsn: LSN, isConfirmed: Bool, deadline: Slot,
        _ second: Row
    ) -> String? {
        let ends = (evidence.byReservation[reservation] ?? []).filter { row in
            row.event.operation.kind == .release || row.event.operation.kind == .reclaim
        }
        if ends.contains(where: { $0.committed.map { $0.lsn < lsn } ?? false }) {
            return "A release or reclaim of the first stands before that."
        }
        let told = Set(ends.filter { $0.committed != nil }.map(\.event.operation.operationID))
        if let open = ends.first(where: {
            $0.isAmbiguous && !told.contains($0.event.operation.operationID)
        }) {
            return
                "The \(open.event.operation.kind.rawValue) in line \(open.line), of which nobody "
                + "knows whether it was executed, may have ended the first."
        }
        guard !isConfirmed else { return nil }
        guard case .reserved(_, _, _, _, let end) = second.committed?.result,
            let ttl = second.event.operation.ttl, end.rawValue >= ttl.rawValue
        else { return "Whether the first was due by then the text does not tell." }
        let slot = Slot(end.rawValue - ttl.rawValue)
        return slot < deadline
            ? nil
            : "By then, slot \(slot), the first was due and may have expired."
    }

    /// One bundle that names a resource twice must be refused.
    private func sameBundle(_ row: Row, _ resource: ResourceID) -> TextFinding? {
        guard row.members.count(where: { $0 == resource }) > 1 else { return nil }
        return TextFinding(
            code: .doubleAllocation, severity: .blocks, stage: .scan, lines: [row.line],
            explanation: "A bundle that names resource \(resource) twice was granted.")
    }

    private func confirmed(
        _ first: Row, _ resource: ResourceID, _ conflicting: OperationID
    ) -> TextFinding {
        let others = (evidence.byOperation[conflicting] ?? []).filter { $0.committed != nil }
        return TextFinding(
            code: .doubleAllocation, severity: .suspicious, stage: .witness,
            lines: [first.line] + others.prefix(1).map(\.line),
            explanation: "Resource \(resource), granted to operation "
                + "\(first.event.operation.operationID ?? OperationID(0)), is claimed by operation "
                + "\(conflicting) as well; the lines do not tell whose it was.")
    }

    func earlyExpiry(
        _ resource: ResourceID, _ reservation: ReservationID, _ deadline: Slot, _ slot: Slot
    ) -> [TextFinding] {
        let rows = evidence.byReservation[reservation] ?? []
        let involved = rows.filter { row in
            switch row.committed?.result {
            case .reserved, .tickExpired: true
            case .confirmed, .released, .revoked, .reclaimed, nil: false
            }
        }
        return [
            TextFinding(
                code: .earlyExpiry, severity: .suspicious, stage: .scan,
                lines: involved.map(\.line),
                explanation: "A tick of slot \(slot) is said to have expired reservation "
                    + "\(reservation) of resource \(resource), whose deadline is \(deadline). "
                    + "Which leases a tick expired is what the recorder believed, and slots in such "
                    + "texts may count from different moments.")
        ]
    }
}
