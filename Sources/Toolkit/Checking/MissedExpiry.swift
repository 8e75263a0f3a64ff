import History

/// Promise 38: a tick expires every reserved lease that is due, up to the limit per tick
/// (lease-kernel.md 12.1).
///
/// Broken where a lease was granted before a tick was sent, was due at the tick's slot, the tick
/// reports that nothing was, and a confirm or a read that was sent after the tick finds the lease
/// still reserved, to which no other acknowledged command had done anything. A tick that expired something else proves nothing: it does not say what.
struct MissedExpiry {
    private struct Grant {
        let deadline: Slot
        let answeredAt: RunInstant
        let events: [Sequence]
    }

    private let grants: [ReservationID: Grant]
    private let ticks: [WitnessLog.Tick]
    /// Acknowledged commands on each lease, after its grant.
    private let steps: [ReservationID: Int]

    init(_ log: WitnessLog) {
        var grants: [ReservationID: Grant] = [:]
        var steps: [ReservationID: Int] = [:]
        var named: Set<ReservationID> = []
        for entry in log.entries.values {
            guard case .ok(let result) = entry.answer else { continue }
            if let id = entry.operation.reservationID { steps[id, default: 0] += 1 }
            guard let id = result.reservationID, let answered = result.deadline,
                let ttl = entry.operation.ttl
            else { continue }
            // One id for two grants tells nothing about either.
            guard named.insert(id).inserted else {
                grants[id] = nil
                continue
            }
            // The latest that it can be: a wrong one is for the replay to find.
            let asked = entry.slots.map { $0.adding(ttl) }.max() ?? answered
            grants[id] = Grant(
                deadline: max(answered, asked), answeredAt: entry.answeredAt, events: entry.events)
        }
        self.grants = grants
        self.steps = steps
        ticks = log.ticks.sorted { $0.invokedAt < $1.invokedAt }
    }

    func check(_ log: WitnessLog, _ attempts: [Attempt]) -> [Finding] {
        guard !ticks.isEmpty else { return [] }
        var findings: [Finding] = []
        for entry in log.entries.values.sorted(by: { $0.lsn < $1.lsn }) {
            guard case .confirm(let id, _, _) = entry.operation, case .ok = entry.answer,
                steps[id] == 1
            else { continue }
            findings += finding(
                id, sentAt: entry.invokedAt, entry.events,
                "a confirm sent at \(Words.time(entry.invokedAt)) was accepted")
        }
        for attempt in attempts {
            guard case .read(.lease(let view), _) = attempt.outcome, view.state == .reserved,
                steps[view.reservationID] == nil
            else { continue }
            findings += finding(
                view.reservationID, sentAt: attempt.invokedAt, attempt.events,
                "a read sent at \(Words.time(attempt.invokedAt)) showed it as reserved")
        }
        return findings
    }

    private func finding(
        _ id: ReservationID, sentAt instant: RunInstant, _ events: [Sequence], _ words: String
    ) -> [Finding] {
        guard let grant = grants[id], let tick = idleTick(after: grant, before: instant) else {
            return []
        }
        return [
            Finding(
                .missedExpiry, stage: .scan, events: grant.events + tick.events + events,
                explanation: "Reservation \(id) was granted at \(Words.time(grant.answeredAt)) "
                    + "with deadline \(grant.deadline). A tick at slot \(tick.slot), sent later, "
                    + "at \(Words.time(tick.invokedAt)), was carried out and reports that nothing "
                    + "was due, and no other tick expired anything since. After it \(words).")
        ]
    }

    /// A tick that was over by then, should have expired the lease and says that it expired
    /// nothing, when no other tick can have done it.
    private func idleTick(after grant: Grant, before instant: RunInstant) -> WitnessLog.Tick? {
        var idle: WitnessLog.Tick?
        for tick in ticks[ticks.partitionIndex { $0.invokedAt <= grant.answeredAt }...] {
            guard tick.invokedAt < instant else { break }
            guard tick.slot >= grant.deadline else { continue }
            guard let end = tick.completedAt, tick.applied == 0 else { return nil }
            if end < instant { idle = idle ?? tick }
        }
        return idle
    }
}

extension Operation {
    var ttl: SlotCount? {
        switch self {
        case .reserve(_, _, let ttl), .reserveBundle(_, _, let ttl): ttl
        case .createResource, .confirm, .release, .revoke, .reclaim, .tickExpirations,
            .getResource, .getReservation:
            nil
        }
    }
}
