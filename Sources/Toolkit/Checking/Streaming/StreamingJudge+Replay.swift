import History

/// The log in the order of its LSNs, as far as it is settled.
extension StreamingJudge {
    /// What open and later reads may ask for at the earliest.
    mutating func needed() -> LSN {
        var needed = acknowledged
        if let open = attempts.oldestRead() { needed = min(needed, open.acknowledged) }
        return needed
    }

    /// Replays the log as far as it is settled, and places the reads that waited for it.
    mutating func goOn(isEnd: Bool) throws(Declined) {
        stage.enter(.replay)
        let start = log.replayed
        model.needed = needed()
        while log.replayed < log.told {
            let lsn = LSN(log.replayed.rawValue &+ 1)
            if log[lsn].isEntry {
                try replay(log[lsn].command, at: lsn)
            } else {
                guard try explainGap(at: lsn, isEnd: isEnd) else { break }
            }
        }
        guard log.replayed > start else { return }
        ticks.forget(through: log.replayed)
        stage.enter(.realTime)
        if !reads.isEmpty { try reads.goOn(log, model, ticks, &attempts) }
        reads.forget(before: attempts.oldestRead()?.invokedAt ?? now)
    }

    private mutating func replay(_ place: Int32, at lsn: LSN) throws(Declined) {
        // Whoever stands in front was not sent after this one was answered.
        guard log[lsn].answeredAt >= log.latestCommandSent else { throw .realTime }
        let sentAt = commands[place].firstSentAt
        let slot = try slot(of: place)
        guard let expected = model.apply(place, of: &commands, slot: slot, lsn: lsn),
            expected == commands[place].answer
        else { throw .answer }
        commands[place].isReplayed = true
        if expected.isOK { try noteReplayed(place, at: lsn) }
        entries &+= 1
        log.advance(commandSentAt: sentAt, tickSentAt: RunInstant(0))
    }

    /// The slot with which the command was executed: the first that was sent and can be it.
    private func slot(of place: Int32) throws(Declined) -> Slot {
        guard commands[place].hasFirst else { throw .outOfSight }
        guard commands[place].hasMore else {
            guard commands[place].firstSlot >= model.lastSlot else { throw .answer }
            return commands[place].firstSlot
        }
        let answer = commands[place].answer
        for slot in commands.slots(of: place) where slot >= model.lastSlot {
            // The deadline of a grant follows from the slot.
            if answer.hasDeadline,
                slot.adding(SlotCount(commands[place].number)) != answer.deadline
            {
                continue
            }
            return slot
        }
        throw .answer
    }

    private mutating func noteReplayed(_ place: Int32, at lsn: LSN) throws(Declined) {
        switch commands[place].kind {
        case .reserve, .reserveBundle:
            let isAfterDeadline = model.noteGrant(
                commands[place].answer.reservation, slot: commands[place].toldSlot,
                deadline: commands[place].answer.deadline, answeredAt: log[lsn].answeredAt)
            if isAfterDeadline { sights.grantedAfterDeadline() }
        case .confirm:
            model.noteEnd(commands[place].object)
            if let lease = model.place(ofLease: commands[place].object) {
                try ticks.check(
                    deadline: model.leases[lease].deadline,
                    grantedAt: model.leases[lease].grantedAt,
                    reservedStillAt: commands[place].firstSentAt)
            }
        case .release: model.noteEnd(commands[place].object)
        default: break
        }
    }

    /// How many LSNs may wait for a lost answer to be asked for again before a lease that is due
    /// is taken for what stands in front of them. If that is wrong the stream ends.
    private static let patience: UInt64 = 1 << 20

    /// Explains an LSN that no client was told of; false when it is too early to.
    private mutating func explainGap(at lsn: LSN, isEnd: Bool) throws(Declined) -> Bool {
        let latest = log[lsn].passedAt
        // Whoever was sent by then may still be told to stand here.
        if let oldest = attempts.oldestWrite(), oldest <= latest, !isEnd { return false }
        // So may a command whose answer was lost, once it is asked for again.
        let isDoubtful = commands.mayHaveExecuted(by: latest)
        if isDoubtful, !isEnd, log.told.rawValue - lsn.rawValue < Self.patience { return false }
        let tickSentAt = log[lsn].isTickEnd ? log[lsn].tickSentAt : RunInstant(0)
        let underWay = ticks.underWay(
            at: lsn, sentBy: latest, overAfter: max(log.latestSent, tickSentAt))
        if let (deadline, lease) = model.firstDeadline(),
            let tick = underWay.first(where: { deadline <= $0.slot })
        {
            try expire(
                lease, deadline: deadline, by: tick, at: lsn,
                overAfter: max(log.latestSent, tickSentAt))
        } else if isDoubtful {
            guard !isEnd else { throw .untold }
            return false
        } else if let tick = underWay.first(where: {
            model.hasEndedReservation(dueAt: $0.slot, after: $0.acknowledged)
        }) {
            if model.mayRefuseUnremembered, commands.doubted > 0 { throw .gap }
            hasIdleExpiry = true
            try expire(
                nil, deadline: Slot(0), by: tick, at: lsn,
                overAfter: max(log.latestSent, tickSentAt))
        } else {
            throw .gap
        }
        statistics.inferredExpiries &+= 1
        if log[lsn].isTickEnd { try checkTick(endingAt: lsn) }
        log.advance(commandSentAt: RunInstant(0), tickSentAt: tickSentAt)
        return true
    }

    private mutating func expire(
        _ lease: Int32?, deadline: Slot, by tick: StreamedTicks.Tick, at lsn: LSN,
        overAfter earliest: RunInstant
    ) throws(Declined) {
        let slot = max(tick.slot, model.lastSlot)
        try ticks.give(
            StreamedTicks.Expiry(
                lsn: lsn, deadline: deadline, slot: slot, slotBefore: model.lastSlot),
            sentBy: log[lsn].passedAt, overAfter: earliest,
            mostExpiries: UInt64(header.limits.maxExpirationsPerTick))
        model.expire(lease, slot: slot, lsn: lsn, &commands)
    }

    /// Promise 18: below the last expiry of a tick there are as many free LSNs as it reports.
    private func checkTick(endingAt last: LSN) throws(Declined) {
        guard let tick = ticks.tick(endingAt: last) else { throw .tick }
        if let end = tick.answeredAt, log.latestSent > end { throw .tick }
        guard tick.given == tick.applied else { throw .tick }
        var free: UInt64 = 0
        var lsn = last
        while lsn.rawValue > 0, free < tick.applied {
            guard log.isInSight(lsn) else { throw .outOfSight }
            if !log[lsn].isEntry {
                free &+= 1
            } else if log[lsn].answeredAt < tick.sentAt {
                break
            }
            lsn = LSN(lsn.rawValue - 1)
        }
        guard free >= tick.applied else { throw .tick }
    }
}
