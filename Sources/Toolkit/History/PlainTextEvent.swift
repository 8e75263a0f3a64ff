/// One event of text version 1 as far as the reference analysis looks at it, in a fixed size and
/// without references, for whoever reads millions of them in a second. Members and expired leases
/// stand in the `PlainTextChunk` that the event came in; what a read showed is left out.
public struct PlainTextEvent: Equatable, Sendable {
    /// What became of it; a committed write by the word of its result.
    public enum Outcome: UInt8, Sendable {
        case reserved, confirmed, released, revoked, reclaimed, tickExpired
        case readOK
        case definiteFailure
        case ambiguous

        @inlinable public var isCommitted: Bool { rawValue <= Outcome.tickExpired.rawValue }
    }

    /// Which of the fields that may be absent are there.
    public struct Fields: OptionSet, Sendable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

        @inlinable public static var operationID: Fields { Fields(rawValue: 1) }
        @inlinable public static var reservation: Fields { Fields(rawValue: 2) }
        @inlinable public static var epoch: Fields { Fields(rawValue: 4) }
        @inlinable public static var required: Fields { Fields(rawValue: 8) }
        @inlinable public static var slot: Fields { Fields(rawValue: 16) }
        @inlinable public static var released: Fields { Fields(rawValue: 32) }
        @inlinable public static var observed: Fields { Fields(rawValue: 64) }
    }

    public var operationID = OperationID(0)
    /// The reservation that is asked for.
    public var reservation = ReservationID(0)
    /// Of a result: the resource, the reservation and the holder.
    public var resource = ResourceID(0)
    public var committedReservation = ReservationID(0)
    public var committedHolder = HolderID(0)
    public var sequence: UInt64 = 0
    /// The LSN of a committed write, or the one at which a read was served.
    public var lsn = LSN(0)
    /// The epoch that the request names.
    public var epoch = LeaseEpoch(0)
    public var committedEpoch = LeaseEpoch(0)
    public var deadline = Slot(0)
    public var required = LSN(0)
    public var slot = Slot(0)
    public var released = LSN(0)
    public var servedBy = ReplicaID(0)
    /// The operation's member list, and the entries of a tick, in the lists of the chunk.
    public var membersStart: UInt32 = 0
    public var membersCount: UInt32 = 0
    public var expiredStart: UInt32 = 0
    public var expiredCount: UInt32 = 0
    public var kind = TextOperation.Kind.reserve
    public var outcome = Outcome.ambiguous
    public var servedRole = ReplicaRole.primary
    /// Of a definite failure.
    public var reason = TextOutcome.FailureReason.busy
    public var fields: Fields = []

    @inlinable public init() {}

    @inlinable public func has(_ field: Fields) -> Bool { fields.rawValue & field.rawValue != 0 }
}

/// Events that follow each other in a text.
public struct PlainTextChunk: Equatable, Sendable {
    public var events: [PlainTextEvent] = []
    public var members: [ResourceID] = []
    public var expired: [TextWriteResult.Expired] = []

    public init() {}

    public func members(of event: borrowing PlainTextEvent) -> ArraySlice<ResourceID> {
        let start = Int(event.membersStart)
        return members[start..<start + Int(event.membersCount)]
    }

    public func expired(
        of event: borrowing PlainTextEvent
    ) -> ArraySlice<TextWriteResult.Expired> {
        let start = Int(event.expiredStart)
        return expired[start..<start + Int(event.expiredCount)]
    }

    /// Appends an event that is there with all its words.
    public mutating func append(_ event: borrowing TextEvent) {
        var plain = PlainTextEvent()
        plain.sequence = event.sequence
        set(event.operation, of: &plain)
        switch event.outcome {
        case .committedWrite(let lsn, let result):
            plain.lsn = lsn
            set(result, of: &plain)
        case .readOK(let read):
            plain.outcome = .readOK
            plain.servedBy = read.servedBy
            plain.servedRole = read.servedRole
            Self.set(&plain.lsn, read.observedLSN, .observed, &plain.fields)
        case .definiteFailure(let reason):
            plain.outcome = .definiteFailure
            plain.reason = reason
        case .ambiguous: plain.outcome = .ambiguous
        }
        events.append(plain)
    }

    private mutating func set(_ operation: TextOperation, of plain: inout PlainTextEvent) {
        plain.kind = operation.kind
        plain.membersStart = UInt32(members.count)
        plain.membersCount = UInt32(operation.resourceIDs.count)
        members += operation.resourceIDs
        Self.set(&plain.operationID, operation.operationID, .operationID, &plain.fields)
        Self.set(&plain.reservation, operation.reservationID, .reservation, &plain.fields)
        Self.set(&plain.epoch, operation.leaseEpoch, .epoch, &plain.fields)
        Self.set(&plain.required, operation.requiredLSN, .required, &plain.fields)
        Self.set(&plain.slot, operation.requestSlot, .slot, &plain.fields)
    }

    private mutating func set(_ result: TextWriteResult, of plain: inout PlainTextEvent) {
        switch result {
        case .reserved(let resource, let holder, let reservation, let epoch, let deadline):
            plain.outcome = .reserved
            plain.resource = resource
            plain.committedHolder = holder
            plain.committedReservation = reservation
            plain.committedEpoch = epoch
            plain.deadline = deadline
        case .confirmed(let resource, let holder, let reservation, let epoch):
            plain.outcome = .confirmed
            plain.resource = resource
            plain.committedHolder = holder
            plain.committedReservation = reservation
            plain.committedEpoch = epoch
        case .released(let resource, let holder, let reservation, let lsn):
            plain.outcome = .released
            plain.resource = resource
            plain.committedHolder = holder
            plain.committedReservation = reservation
            Self.set(&plain.released, lsn, .released, &plain.fields)
        case .revoked(let reservation):
            plain.outcome = .revoked
            plain.committedReservation = reservation
        case .reclaimed(let reservation):
            plain.outcome = .reclaimed
            plain.committedReservation = reservation
        case .tickExpired(let entries):
            plain.outcome = .tickExpired
            plain.expiredStart = UInt32(expired.count)
            plain.expiredCount = UInt32(entries.count)
            expired += entries
        }
    }

    private static func set<Value>(
        _ place: inout Value, _ value: Value?, _ field: PlainTextEvent.Fields,
        _ fields: inout PlainTextEvent.Fields
    ) {
        guard let value else { return }
        place = value
        fields.insert(field)
    }
}
