import BugCatalogue
import LeaseKernel
import Replication

/// State machines with one wrong rule. All replicas have the same one, but a restart replays the
/// log by the right rules.
struct BrokenRules: Sendable {
    let bug: Bug

    /// Applies an entry, with what is wrong before or after.
    func apply(
        _ entry: PreparedEntry, to kernel: inout Kernel
    ) throws(EntryFailure) -> ExecutedEntry {
        guard let command = command(of: entry), entry.lsn > LSN(1) else {
            return try kernel.carryOut(entry)
        }
        if bug == .skipsExpiries, case .expire = command, entry.lsn.rawValue % 2 == 0,
            kernel.stamp(entry.lsn, entry.requestSlot)
        {
            return ExecutedEntry(
                AppliedCommand(
                    lsn: entry.lsn, outcome: CommandOutcome(.ok), isFromRetryTable: false))
        }
        prepare(&kernel, for: command, entry)
        let executed = try kernel.carryOut(entry)
        if executed.applied.outcome.code == .ok { follow(command, entry, in: &kernel) }
        return executed
    }

    private func command(of entry: PreparedEntry) -> Command? {
        switch entry.kind {
        case .client: (try? CommandCodec.decodeClient(entry.payload))?.command
        case .internal: try? CommandCodec.decodeInternal(entry.payload)
        }
    }

    private func prepare(_ kernel: inout Kernel, for command: Command, _ entry: PreparedEntry) {
        switch command {
        case .confirm(let id, let holder, let epoch), .release(let id, let holder, let epoch):
            guard case .found(let lease) = kernel.reservation(id, at: Slot(0)) else { return }
            if bug == .ignoresEpochs, lease.state.isHeld, lease.epoch != epoch {
                _ = kernel.editLease(id) { $0.epoch = epoch }
            }
            if bug == .ignoresHolders, lease.holder != holder {
                _ = kernel.editLease(id) { $0.holder = holder }
            }
            if bug == .revivesExpired, lease.state == .expired,
                lease.members.allSatisfy({ kernel.resource($0)?.state == .available })
            {
                _ = kernel.edit { tables in
                    tables.reserveAgain(id)
                    for index in tables.reservations.indices
                    where tables.reservations[index].id == id {
                        tables.reservations[index].epoch = epoch
                    }
                }
            }
        case .reserveBundle(let members, _, _) where bug == .overlooksMembers:
            free(Array(members.dropFirst()), in: &kernel, entry)
        case .expire where bug == .expiresConfirmed:
            loosenConfirmed(in: &kernel, at: entry.requestSlot)
        case .reserveBundle, .expire, .createResource, .reserve, .revoke, .reclaim: return
        }
    }

    private func follow(_ command: Command, _ entry: PreparedEntry, in kernel: inout Kernel) {
        guard case .revoke(let id) = command else { return }
        if bug == .keepsEpochs {
            _ = kernel.editLease(id) { $0.epoch = LeaseEpoch($0.epoch.rawValue - 1) }
        }
        if bug == .revokesAtOnce { kernel.slip(in: .reclaim(id), beside: entry) }
    }

    /// Whoever holds one of the resources does not any more.
    private func free(
        _ resources: [ResourceID], in kernel: inout Kernel, _ entry: PreparedEntry
    ) {
        for resource in resources {
            guard let id = kernel.resource(resource)?.currentReservation,
                case .found(let lease) = kernel.reservation(id, at: Slot(0))
            else { continue }
            switch lease.state {
            case .reserved:
                kernel.slip(in: .expire(id, deadline: lease.deadline), beside: entry)
            case .confirmed:
                kernel.slip(in: .revoke(id), beside: entry)
                kernel.slip(in: .reclaim(id), beside: entry)
            case .revoking: kernel.slip(in: .reclaim(id), beside: entry)
            case .released, .expired, .revoked: continue
            }
            kernel.makeRoom(at: entry.lsn, entry.requestSlot)
        }
    }

    /// Confirmed leases past their deadline are taken for reserved: the next tick ends them.
    private func loosenConfirmed(in kernel: inout Kernel, at slot: Slot) {
        _ = kernel.edit { tables in
            let late = tables.reservations.filter {
                $0.state == .confirmed && $0.deadline <= slot
            }
            for row in late { tables.reserveAgain(row.id) }
        }
    }
}

extension ReservationState {
    fileprivate var isHeld: Bool {
        switch self {
        case .reserved, .confirmed: true
        case .revoking, .released, .expired, .revoked: false
        }
    }
}
