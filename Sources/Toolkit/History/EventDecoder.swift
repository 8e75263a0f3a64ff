/// Reads the events of one chunk, whose bytes are no longer compressed.
struct EventDecoder {
    typealias Malformed = VarintReader.Malformed

    private var reader: VarintReader
    private var nextSequence: UInt64 = 0
    private var remaining: UInt32 = 0
    private var previousTime: UInt64 = 0

    init(_ bytes: [UInt8], from start: Int = 0) {
        reader = VarintReader(bytes, from: start)
    }

    /// Begins with a piece of the chunk, whose events are the next in the bytes.
    mutating func begin(first: Sequence, eventCount: UInt32) {
        nextSequence = first.rawValue
        remaining = eventCount
    }

    /// Ends a piece or the chunk: nothing of it is left before `place`.
    func checkEnd(at place: Int) throws(Malformed) {
        guard remaining == 0, reader.position == place else {
            throw Malformed(
                problem: "events that end at \(reader.position) where they should at \(place)")
        }
    }

    /// The next event of the piece, or nil after its last one.
    mutating func next() throws(Malformed) -> HistoryEvent? {
        guard remaining > 0 else { return nil }
        let tag = try reader.byte()
        previousTime &+= try reader.number(as: UInt64.self)
        let process = ProcessID(try reader.number())
        let content: HistoryEvent.Content
        switch tag {
        case EncodedContent.Tag.invoke: content = .invoke(try invocation())
        case EncodedContent.Tag.complete:
            content = .complete(AttemptNumber(try reader.number()), try outcome())
        case EncodedContent.Tag.fault: content = .fault(try fault())
        case EncodedContent.Tag.note: content = .note(try reader.text())
        default: throw Malformed(problem: "event tag \(tag)")
        }
        let event = HistoryEvent(
            sequence: Sequence(nextSequence), time: RunInstant(previousTime), process: process,
            content: content)
        nextSequence &+= 1
        remaining -= 1
        return event
    }

    private mutating func invocation() throws(Malformed) -> Invocation {
        let attempt = AttemptNumber(try reader.number())
        let id = try reader.optional().map { OperationID($0) }
        let slot = try reader.optional().map { Slot($0) }
        let endpoint = ReplicaID(try reader.number())
        return Invocation(
            attempt: attempt, operationID: id, operation: try operation(), slot: slot,
            endpoint: endpoint)
    }

    private mutating func operation() throws(Malformed) -> Operation {
        let tag = try reader.byte()
        guard let kind = Operation.Kind(tag: tag) else {
            throw Malformed(problem: "operation tag \(tag)")
        }
        switch kind {
        case .createResource: return .createResource(ResourceID(try reader.number()))
        case .reserve:
            return .reserve(
                ResourceID(try reader.number()), HolderID(try reader.number()),
                ttl: SlotCount(try reader.number()))
        case .reserveBundle:
            return .reserveBundle(
                try resources(), HolderID(try reader.number()),
                ttl: SlotCount(try reader.number()))
        case .confirm:
            return .confirm(
                ReservationID(try reader.number()), HolderID(try reader.number()),
                LeaseEpoch(try reader.number()))
        case .release:
            return .release(
                ReservationID(try reader.number()), HolderID(try reader.number()),
                LeaseEpoch(try reader.number()))
        case .revoke: return .revoke(ReservationID(try reader.number()))
        case .reclaim: return .reclaim(ReservationID(try reader.number()))
        case .tickExpirations: return .tickExpirations
        case .getResource:
            return .getResource(
                ResourceID(try reader.number()),
                requiredLSN: try reader.optional().map { LSN($0) })
        case .getReservation:
            return .getReservation(
                ReservationID(try reader.number()),
                requiredLSN: try reader.optional().map { LSN($0) })
        }
    }

    private mutating func outcome() throws(Malformed) -> Outcome {
        switch try reader.byte() {
        case 1:
            let lsn = LSN(try reader.number())
            let result = CommitResult(
                reservationID: try reader.optional().map { ReservationID($0) },
                epoch: try reader.optional().map { LeaseEpoch($0) },
                deadline: try reader.optional().map { Slot($0) })
            return .committed(lsn, result, fromRetryCache: try truth())
        case 2:
            let lsn = LSN(try reader.number())
            return .refused(lsn, try value(RefusalCode.self), fromRetryCache: try truth())
        case 3:
            return .ticked(
                applied: try reader.number(), lastLSN: try reader.optional().map { LSN($0) })
        case 4:
            let role = try optionalRole()
            let observed = try reader.optional().map { LSN($0) }
            return .read(try answer(), ServingFacts(role: role, observedLSN: observed))
        case 5: return .failed(try failure())
        case 6: return .ambiguous(try value(Ambiguity.self))
        case let tag: throw Malformed(problem: "outcome tag \(tag)")
        }
    }

    private mutating func answer() throws(Malformed) -> ReadAnswer {
        switch try reader.byte() {
        case 1:
            return .resource(
                ResourceView(
                    resourceID: ResourceID(try reader.number()),
                    state: try value(ResourceView.State.self),
                    currentReservation: try reader.optional().map { ReservationID($0) },
                    version: try reader.number()))
        case 2:
            return .lease(
                LeaseView(
                    reservationID: ReservationID(try reader.number()),
                    holder: HolderID(try reader.number()),
                    state: try value(LeaseView.State.self),
                    epoch: LeaseEpoch(try reader.number()),
                    createdLSN: LSN(try reader.number()),
                    deadline: try reader.optional().map { Slot($0) },
                    releasedLSN: try reader.optional().map { LSN($0) },
                    retireAfter: try reader.optional().map { Slot($0) },
                    members: try resources()))
        case 3: return .notFound
        case 4: return .retired
        case let tag: throw Malformed(problem: "answer tag \(tag)")
        }
    }

    private mutating func failure() throws(Malformed) -> DefiniteFailure {
        switch try reader.byte() {
        case 1: return .notPrimary(role: try optionalRole())
        case 2: return .fenceNotApplied(lastApplied: try reader.optional().map { LSN($0) })
        case 3: return .engineHalted
        case 4: return .invalidRequest
        case 5: return .slotOverflow
        case 6: return .commandTooLarge
        case 7: return .lsnExhausted
        case 8: return .overloaded
        case 9: return .isolated
        case 10: return .replicaFaulted
        case 11: return .connectionRefused
        case let tag: throw Malformed(problem: "failure tag \(tag)")
        }
    }

    private mutating func fault() throws(Malformed) -> FaultEvent {
        let id = FaultID(try reader.number())
        let phase = try value(FaultEvent.Phase.self)
        let kind = try reader.text()
        var targets: [ReplicaID] = []
        for _ in 0..<(try reader.count()) { targets.append(ReplicaID(try reader.number())) }
        return FaultEvent(
            id: id, phase: phase, kind: kind, targets: targets, detail: try reader.text())
    }

    private mutating func resources() throws(Malformed) -> [ResourceID] {
        var resources: [ResourceID] = []
        for _ in 0..<(try reader.count()) { resources.append(ResourceID(try reader.number())) }
        return resources
    }

    private mutating func optionalRole() throws(Malformed) -> ReplicaRole? {
        guard let tag: UInt64 = try reader.optional() else { return nil }
        guard let role = ReplicaRole(tag: tag) else { throw Malformed(problem: "role tag \(tag)") }
        return role
    }

    private mutating func truth() throws(Malformed) -> Bool {
        switch try reader.byte() {
        case 0: return false
        case 1: return true
        case let other: throw Malformed(problem: "\(other) where truth is 0 or 1")
        }
    }

    private mutating func value<Value: RawRepresentable>(
        _ type: Value.Type
    ) throws(Malformed) -> Value where Value.RawValue == UInt8 {
        let raw = try reader.byte()
        guard let value = Value(rawValue: raw) else {
            throw Malformed(problem: "\(raw) is no \(Value.self)")
        }
        return value
    }
}
