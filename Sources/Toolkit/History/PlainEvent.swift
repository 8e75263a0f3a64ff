/// One event of a record in a fixed size and without references, for whoever reads millions of
/// them in a second. What is a list in a `HistoryEvent` stands in the `PlainChunk` that the event
/// came in; remarks and the words of faults are left out.
///
/// The fields are shared by all kinds: which of them mean something, and what, is said at each.
public struct PlainEvent: Equatable, Sendable {
    public enum Kind: UInt8, Sendable {
        case createResource = 1
        case reserve
        case reserveBundle
        case confirm
        case release
        case revoke
        case reclaim
        case tickExpirations
        case getResource
        case getReservation
        case committed
        case refused
        case ticked
        case readResource
        case readLease
        case readNotFound
        case readRetired
        case failed
        case ambiguous
        case faultBegin
        case faultEnd
        case note

        /// Whether it is a request, rather than an answer or something else.
        @inlinable public var isInvocation: Bool { rawValue <= Kind.getReservation.rawValue }

        /// Whether it is a request that can change the state of the cluster.
        @inlinable public var isMutating: Bool { rawValue <= Kind.tickExpirations.rawValue }
    }

    /// Which of the fields that may be absent are there.
    public struct Fields: OptionSet, Sendable {
        public let rawValue: UInt16
        @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// Of a request: the operation id.
        @inlinable public static var id: Fields { Fields(rawValue: 1) }
        /// The slot of a request, or the deadline in an answer.
        @inlinable public static var slot: Fields { Fields(rawValue: 2) }
        /// The fence of a read, the LSN of a tick's last expiry, or what a replica has applied.
        @inlinable public static var lsn: Fields { Fields(rawValue: 4) }
        /// The reservation in an answer.
        @inlinable public static var reservation: Fields { Fields(rawValue: 8) }
        /// The epoch in an answer.
        @inlinable public static var number: Fields { Fields(rawValue: 16) }
        @inlinable public static var released: Fields { Fields(rawValue: 32) }
        @inlinable public static var retireAfter: Fields { Fields(rawValue: 64) }
        /// What the replica that answered a read had applied.
        @inlinable public static var observed: Fields { Fields(rawValue: 256) }
        /// The replica that answered a read is known not to have been primary.
        @inlinable public static var notPrimary: Fields { Fields(rawValue: 512) }
        /// The answer came from the memory of a command executed before.
        @inlinable public static var fromRetryCache: Fields { Fields(rawValue: 128) }
    }

    /// Of a request, else 0.
    public var id = OperationID(0)
    /// The resource or reservation that is asked for or shown; the reservation of a grant.
    public var object: UInt128 = 0
    /// The holder; of a shown resource the reservation.
    public var second: UInt128 = 0
    public var time = RunInstant(0)
    /// The attempt; the number of a fault.
    public var attempt: UInt64 = 0
    public var lsn = LSN(0)
    public var slot = Slot(0)
    /// TTL, epoch, version, or how many leases a tick expired.
    public var number: UInt64 = 0
    public var released = LSN(0)
    public var retireAfter = Slot(0)
    public var observed = LSN(0)
    /// The members of a bundle or lease, in the list of the chunk.
    public var membersStart: UInt32 = 0
    public var membersCount: UInt32 = 0
    public var process = ProcessID(0)
    public var kind = Kind.note
    /// The refusal, the state shown, or which failure (`notPrimary`, `fenceNotApplied`,
    /// `slotOverflow`).
    public var code: UInt8 = 0
    public var fields: Fields = []

    public static let notPrimary: UInt8 = 1
    public static let fenceNotApplied: UInt8 = 2
    public static let slotOverflow: UInt8 = DefiniteFailure.slotOverflow.tag

    @inlinable public init() {}

    @inlinable public func has(_ field: Fields) -> Bool { fields.rawValue & field.rawValue != 0 }
}

/// Events that follow each other in a record.
public struct PlainChunk: Equatable, Sendable {
    /// Of the first event.
    public var first: Sequence
    /// Whether the sequences of its events have no gap.
    public var isWithoutGap = true
    public var events: [PlainEvent] = []
    public var members: [ResourceID] = []

    public init(first: Sequence) { self.first = first }

    /// The members of a bundle, or of a lease that a read showed.
    public func members(of event: PlainEvent) -> ArraySlice<ResourceID> {
        let start = Int(event.membersStart)
        return members[start..<start + Int(event.membersCount)]
    }
}
