import History

/// Judges a record while it is read, in memory for what is unsettled: open requests, LSNs that
/// nobody was told of yet, reads that wait for their place, and the state of the allocator.
///
/// It knows one verdict: that nothing in the record is wrong, by the same rules as the judge in
/// memory and with the same statistics. Whatever it meets that is not plainly so, or that would
/// need a second explanation, ends the stream (`Declined`), and the judge in memory decides and
/// finds the words. What bounds the stream therefore costs time, never a finding.
struct StreamingJudge: ~Copyable {
    let header: RunHeader
    let stage: ThreadStage
    var attempts = OpenAttempts()
    var commands: CommandTable
    var log = LogWindow()
    var model: StreamedModel
    var ticks = StreamedTicks()
    var reads = StreamedReads()
    var sights = StreamedSights()
    var statistics = JudgementStatistics()
    /// LSNs that a refusal named as the other command's, and the command that was refused.
    var awaited: [LSN: Int32] = [:]
    var entries: UInt64 = 0
    /// An LSN was explained by an expiry that changed nothing.
    var hasIdleExpiry = false

    var nextSequence: UInt64?
    var now = RunInstant(0)
    /// The largest LSN that was acknowledged before now, not counting this very moment.
    var acknowledged = LSN(0)

    init(_ header: RunHeader, stage: ThreadStage = ThreadStage()) throws(Declined) {
        guard header.limits.maxTTL.rawValue <= StreamedModel.longestTTL else { throw .outOfSight }
        guard header.origin == .recorded else { throw .record }
        self.header = header
        self.stage = stage
        model = StreamedModel(limits: header.limits)
        commands = CommandTable(window: header.limits.operationWindow)
    }

    /// Takes the next events of the record.
    mutating func take(_ chunk: PlainChunk) throws(Declined) {
        guard !chunk.events.isEmpty else { return }
        guard chunk.isWithoutGap, chunk.first.rawValue == nextSequence ?? chunk.first.rawValue
        else { throw .record }
        nextSequence = chunk.first.rawValue &+ UInt64(chunk.events.count)
        statistics.events += chunk.events.count
        let events = chunk.events.span
        for index in events.indices { try take(events[index], in: chunk) }
    }

    private mutating func take(_ event: borrowing PlainEvent, in chunk: PlainChunk) throws(Declined)
    {
        if event.time != now {
            guard event.time > now else { throw .record }
            now = event.time
            acknowledged = log.told
        }
        switch event.kind {
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations, .getResource, .getReservation:
            stage.enter(.requests)
            try invoke(event, in: chunk)
        case .committed, .refused, .ticked, .readResource, .readLease, .readNotFound,
            .readRetired, .failed, .ambiguous:
            stage.enter(.order)
            try complete(event, in: chunk)
        case .faultBegin: sights.faultBegan(event.attempt, at: now)
        case .faultEnd: try sights.faultEnded(event.attempt, at: now)
        case .note: break
        }
    }

    // MARK: - Requests

    private mutating func invoke(_ event: borrowing PlainEvent, in chunk: PlainChunk)
        throws(Declined)
    {
        statistics.attempts &+= 1
        var attempt = OpenAttempts.Attempt()
        attempt.invokedAt = now
        attempt.acknowledged = acknowledged
        attempt.object = event.object
        attempt.slot = event.slot
        attempt.hasSlot = event.has(.slot)
        attempt.kind = event.kind
        if !event.kind.isMutating {
            attempt.fence = event.lsn
            attempt.hasFence = event.has(.lsn)
        } else if event.kind != .tickExpirations {
            guard event.has(.id), event.has(.slot) else { throw .outOfSight }
            let members = event.membersCount == 0 ? [] : chunk.members(of: event)
            attempt.command = try commands.place(of: event, members, at: model.lastSlot)
            try commands.sent(
                CommandTable.Attempt(number: event.attempt, slot: event.slot, sentAt: now),
                of: attempt.command)
        }
        try attempts.open(event.attempt, attempt)
    }

    // MARK: - Answers

    private mutating func complete(_ event: borrowing PlainEvent, in chunk: PlainChunk)
        throws(Declined)
    {
        let attempt = try attempts.close(event.attempt)
        switch event.kind {
        case .failed: statistics.definiteFailures &+= 1
        case .ambiguous: statistics.ambiguousAttempts &+= 1
        case .refused: statistics.refused &+= 1
        case .committed, .ticked: statistics.committed &+= 1
        default: statistics.reads &+= 1
        }
        if attempt.kind == .tickExpirations {
            try complete(tick: attempt, event)
        } else if attempt.kind.isMutating {
            try complete(command: attempt, event)
        } else {
            try complete(read: attempt, event, in: chunk)
        }
        if log.replayed < log.told { try goOn(isEnd: false) }
    }

    private mutating func complete(
        command attempt: OpenAttempts.Attempt, _ event: borrowing PlainEvent
    ) throws(Declined) {
        let place = attempt.command
        commands[place].openAttempts &-= 1
        commands[place].usedAt = model.lastSlot
        switch event.kind {
        case .committed:
            commands.wasAnswered(place)
            sights.committed(place, of: commands, isRemembered: event.has(.fromRetryCache))
            try checkMemory(place, event)
            try tell(place, event, attempt)
        case .refused:
            let code = event.code
            let isConflict = code == RefusalCode.operationConflict.rawValue
            commands.wasAnswered(
                place,
                isForgettable: isConflict || code == RefusalCode.operationTableFull.rawValue)
            let isRemembered = event.has(.fromRetryCache)
            sights.refused(place, of: commands, code, isRemembered: isRemembered)
            if isRemembered, isConflict {
                try checkConflict(place, event.lsn)
                commands[place].isRefusedAsConflict = true
                commands.settled(place)
            } else {
                try checkMemory(place, event)
                try tell(place, event, attempt)
            }
        case .failed:
            // Perhaps the cluster has forgotten it (promise 4).
            if event.code == PlainEvent.slotOverflow, commands[place].isTold { throw .answer }
            try commands.failed(event.attempt, of: place)
        case .ambiguous:
            try commands.becameAmbiguous(place)
            sights.ambiguous(sentAt: attempt.invokedAt, until: now)
        default: throw .place
        }
    }

    /// A first answer from memory needs another attempt that can have been executed (promise 15).
    private func checkMemory(_ place: Int32, _ event: borrowing PlainEvent) throws(Declined) {
        guard event.has(.fromRetryCache), !commands[place].isTold else { return }
        if commands[place].firstAttempt == event.attempt, !commands[place].hasMore {
            throw .answer
        }
    }

    /// A conflict names the LSN of the other command of the id (wire-api.md 3.1; promise 26).
    private mutating func checkConflict(_ place: Int32, _ lsn: LSN) throws(Declined) {
        let others = commands.others(than: place, at: lsn)
        guard others.exist else { throw .answer }
        if others.isTold { return }
        if lsn <= log.told {
            guard log.isInSight(lsn), !log[lsn].isEntry else { throw .answer }
        }
        guard lsn > log.replayed else { return }
        guard awaited[lsn] ?? place == place else { throw .outOfSight }
        awaited[lsn] = place
    }

    /// An answer tells the place of a command in the log.
    private mutating func tell(
        _ place: Int32, _ event: borrowing PlainEvent, _ attempt: OpenAttempts.Attempt
    ) throws(Declined) {
        let answer = PlainAnswer(event)
        guard !commands[place].isTold else {
            guard commands[place].lsn == event.lsn, commands[place].answer == answer else {
                throw .place
            }
            // The judge in memory takes the slot of the attempt that was sent first.
            guard
                attempt.invokedAt > commands[place].toldSentAt
                    || attempt.slot == commands[place].toldSlot
            else { throw .outOfSight }
            return
        }
        try pass(event.lsn)
        if !awaited.isEmpty, let refused = awaited.removeValue(forKey: event.lsn) {
            guard commands[refused].id == commands[place].id, refused != place else {
                throw .answer
            }
        }
        log[event.lsn].command = place
        commands[place].isTold = true
        commands[place].lsn = event.lsn
        commands[place].answer = answer
        commands[place].toldSlot = attempt.slot
        commands[place].toldSentAt = attempt.invokedAt
        commands.settled(place)
    }

    /// An answer names an LSN that nobody was told of before.
    private mutating func pass(_ lsn: LSN) throws(Declined) {
        guard lsn > log.replayed else { throw .place }
        try log.pass(lsn, at: now, needed: needed())
        guard !log[lsn].isEntry, !log[lsn].isTickEnd else { throw .place }
        log[lsn].answeredAt = now
    }

    private mutating func complete(
        tick attempt: OpenAttempts.Attempt, _ event: borrowing PlainEvent
    ) throws(Declined) {
        switch event.kind {
        case .ticked:
            sights.ticked(event.number)
            guard event.has(.lsn) else {
                guard event.number == 0 else { throw .tick }
                ticks.addIdle(slot: attempt.slot, sentAt: attempt.invokedAt, answeredAt: now)
                return
            }
            guard event.number > 0, event.number <= header.limits.maxExpirationsPerTick,
                event.lsn >= attempt.acknowledged
            else { throw .tick }
            try pass(event.lsn)
            log[event.lsn].isTickEnd = true
            log[event.lsn].tickSentAt = attempt.invokedAt
            ticks.add(
                StreamedTicks.Tick(
                    slot: attempt.slot, sentAt: attempt.invokedAt, answeredAt: now,
                    applied: event.number, last: event.lsn, acknowledged: attempt.acknowledged),
                mostExpiries: event.number)
        case .ambiguous:
            sights.ambiguous(sentAt: attempt.invokedAt, until: now)
            addOpenEnded(attempt)
        case .failed: break
        default: throw .tick
        }
    }

    mutating func addOpenEnded(_ attempt: OpenAttempts.Attempt) {
        ticks.add(
            StreamedTicks.Tick(
                slot: attempt.slot, sentAt: attempt.invokedAt, answeredAt: nil, applied: 0,
                last: LSN(0), acknowledged: attempt.acknowledged),
            mostExpiries: UInt64(header.limits.maxExpirationsPerTick))
    }

    private mutating func complete(
        read attempt: OpenAttempts.Attempt, _ event: borrowing PlainEvent, in chunk: PlainChunk
    ) throws(Declined) {
        switch event.kind {
        case .readResource, .readLease, .readNotFound, .readRetired:
            sights.read(attempt, hasFence: attempt.hasFence)
            // Who served it, and at which LSN, where that is known (promises 39, 43).
            guard !event.has(.notPrimary) else { throw .read }
            if attempt.hasFence, event.has(.observed), event.observed < attempt.fence {
                throw .read
            }
        case .failed:
            if event.code == PlainEvent.notPrimary { sights.readWasRefused() }
            guard event.code == PlainEvent.fenceNotApplied else {
                return attempts.settle(event.attempt)
            }
        case .ambiguous: return attempts.settle(event.attempt)
        default: throw .place
        }
        let members = event.membersCount == 0 ? [] : chunk.members(of: event)
        stage.enter(.realTime)
        let read = StreamedRead(answer: copy event, members: members, request: attempt)
        if try reads.take(read, log, model, ticks) { attempts.settle(event.attempt) }
    }

    // MARK: - End

    /// The judgement of a record in which nothing is wrong.
    mutating func finish(_ selection: PromiseSelection) throws(Declined) -> Judgement {
        for attempt in attempts.remaining {
            statistics.ambiguousAttempts += 1
            guard attempt.kind.isMutating else { continue }
            sights.ambiguous(sentAt: attempt.invokedAt, until: nil)
            if attempt.kind == .tickExpirations {
                addOpenEnded(attempt)
            } else {
                try commands.becameAmbiguous(attempt.command)
            }
        }
        guard commands.untold.isEmpty else { throw .untold }
        try goOn(isEnd: true)
        guard log.replayed == log.told else { throw .gap }
        try reads.goOn(log, model, ticks, &attempts, isEnd: true)
        guard reads.isEmpty else { throw .read }
        // Promise 22: so few commands cannot have reached so large an LSN.
        guard log.told.rawValue <= entries + ticks.mostExpiries + PossibleLSNs.mostUnexplained
        else { throw .place }
        // The judge in memory would try commands before such an expiry.
        if hasIdleExpiry, commands.mayRunAgain > 0 { throw .gap }
        commands.finish()
        statistics.logicalCommands = commands.logicalCommands
        statistics.resolvedAmbiguities = commands.resolvedAmbiguities
        statistics.lastLSN = log.told.rawValue
        statistics.sights = sights.sights(
            workload: header.workload, resolvedIDs: commands.resolvedIDs)
        return Judge.conclude(
            Coverage.check(statistics, workload: header.workload), statistics, selection)
    }
}
