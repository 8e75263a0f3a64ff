extension PlainChunk {
    /// The same events in a fixed size each.
    public init(_ events: [HistoryEvent]) {
        self.init(first: events.first?.sequence ?? Sequence(0))
        self.events.reserveCapacity(events.count)
        var previous: Sequence?
        for event in events {
            if let previous, event.sequence.rawValue != previous.rawValue &+ 1 {
                isWithoutGap = false
            }
            previous = event.sequence
            append(event)
        }
    }

    private mutating func append(_ event: HistoryEvent) {
        var plain = PlainEvent()
        plain.time = event.time
        plain.process = event.process
        switch event.content {
        case .invoke(let invocation): fill(&plain, invocation)
        case .complete(let attempt, let outcome):
            plain.attempt = attempt.rawValue
            fill(&plain, outcome)
        case .fault(let fault):
            plain.kind = fault.phase == .begin ? .faultBegin : .faultEnd
            plain.attempt = fault.id.rawValue
        case .note: plain.kind = .note
        }
        events.append(plain)
    }

    private mutating func fill(_ plain: inout PlainEvent, _ invocation: Invocation) {
        plain.attempt = invocation.attempt.rawValue
        if let id = invocation.operationID {
            plain.id = id
            plain.fields.insert(.id)
        }
        if let slot = invocation.slot { plain.setSlot(slot) }
        switch invocation.operation {
        case .createResource(let id): plain.set(.createResource, id.rawValue)
        case .reserve(let id, let holder, let ttl):
            plain.set(.reserve, id.rawValue, holder, ttl.rawValue)
        case .reserveBundle(let members, let holder, let ttl):
            plain.set(.reserveBundle, 0, holder, ttl.rawValue)
            append(members, to: &plain)
        case .confirm(let id, let holder, let epoch):
            plain.set(.confirm, id.rawValue, holder, epoch.rawValue)
        case .release(let id, let holder, let epoch):
            plain.set(.release, id.rawValue, holder, epoch.rawValue)
        case .revoke(let id): plain.set(.revoke, id.rawValue)
        case .reclaim(let id): plain.set(.reclaim, id.rawValue)
        case .tickExpirations: plain.kind = .tickExpirations
        case .getResource(let id, let fence):
            plain.set(.getResource, id.rawValue)
            if let fence { plain.setLSN(fence) }
        case .getReservation(let id, let fence):
            plain.set(.getReservation, id.rawValue)
            if let fence { plain.setLSN(fence) }
        }
    }

    private mutating func append(_ list: [ResourceID], to plain: inout PlainEvent) {
        plain.membersStart = UInt32(members.count)
        plain.membersCount = UInt32(list.count)
        members += list
    }

    private mutating func fill(_ plain: inout PlainEvent, _ outcome: Outcome) {
        switch outcome {
        case .committed(let lsn, let result, let isRemembered):
            plain.kind = .committed
            plain.setLSN(lsn)
            if let id = result.reservationID {
                plain.object = id.rawValue
                plain.fields.insert(.reservation)
            }
            if let epoch = result.epoch { plain.setNumber(epoch.rawValue) }
            if let deadline = result.deadline { plain.setSlot(deadline) }
            if isRemembered { plain.fields.insert(.fromRetryCache) }
        case .refused(let lsn, let code, let isRemembered):
            plain.kind = .refused
            plain.setLSN(lsn)
            plain.code = code.rawValue
            if isRemembered { plain.fields.insert(.fromRetryCache) }
        case .ticked(let applied, let last):
            plain.kind = .ticked
            plain.setNumber(UInt64(applied))
            if let last { plain.setLSN(last) }
        case .read(let answer, let facts):
            if let role = facts.role, role != .primary { plain.fields.insert(.notPrimary) }
            if let observed = facts.observedLSN {
                plain.observed = observed
                plain.fields.insert(.observed)
            }
            fill(&plain, answer)
        case .failed(.notPrimary): plain.setFailure(PlainEvent.notPrimary)
        case .failed(.fenceNotApplied(let applied)):
            plain.setFailure(PlainEvent.fenceNotApplied)
            if let applied { plain.setLSN(applied) }
        case .failed(let failure): plain.setFailure(failure.tag)
        case .ambiguous(let reason):
            plain.kind = .ambiguous
            plain.code = reason.rawValue
        }
    }

    private mutating func fill(_ plain: inout PlainEvent, _ answer: ReadAnswer) {
        switch answer {
        case .resource(let view):
            plain.set(.readResource, view.resourceID.rawValue)
            plain.code = view.state.rawValue
            if let id = view.currentReservation {
                plain.second = id.rawValue
                plain.fields.insert(.reservation)
            }
            plain.setNumber(view.version)
        case .lease(let view):
            plain.set(.readLease, view.reservationID.rawValue, view.holder, view.epoch.rawValue)
            plain.code = view.state.rawValue
            plain.setLSN(view.createdLSN)
            if let deadline = view.deadline { plain.setSlot(deadline) }
            if let released = view.releasedLSN {
                plain.released = released
                plain.fields.insert(.released)
            }
            if let slot = view.retireAfter {
                plain.retireAfter = slot
                plain.fields.insert(.retireAfter)
            }
            append(view.members, to: &plain)
        case .notFound: plain.kind = .readNotFound
        case .retired: plain.kind = .readRetired
        }
    }
}

extension PlainEvent {
    fileprivate mutating func set(_ kind: Kind, _ object: UInt128) {
        self.kind = kind
        self.object = object
    }

    fileprivate mutating func set(
        _ kind: Kind, _ object: UInt128, _ holder: HolderID, _ number: UInt64
    ) {
        set(kind, object)
        second = holder.rawValue
        setNumber(number)
    }

    fileprivate mutating func setFailure(_ code: UInt8) {
        kind = .failed
        self.code = code
    }

    fileprivate mutating func setSlot(_ slot: Slot) {
        self.slot = slot
        fields.insert(.slot)
    }

    fileprivate mutating func setLSN(_ lsn: LSN) {
        self.lsn = lsn
        fields.insert(.lsn)
    }

    fileprivate mutating func setNumber(_ number: UInt64) {
        self.number = number
        fields.insert(.number)
    }
}
