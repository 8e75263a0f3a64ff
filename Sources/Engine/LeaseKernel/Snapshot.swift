/// The whole state of a kernel as tables, in the form in which it is written to disk and checked
/// (durability.md 5). Unlike a kernel it can hold anything, right or wrong.
public struct KernelSnapshot: Hashable, Sendable {
    public var lastAppliedLSN: LSN?
    public var lastRequestSlot: Slot?
    public var maxRetiredReservation: ReservationID?
    public var resources: [Resource]
    public var reservations: [ReservationRow]
    public var members: [MemberRow]
    public var operations: [OperationRecord]
    public var wheel: ExpirationWheel

    public init(
        lastAppliedLSN: LSN? = nil, lastRequestSlot: Slot? = nil,
        maxRetiredReservation: ReservationID? = nil, resources: [Resource] = [],
        reservations: [ReservationRow] = [], members: [MemberRow] = [],
        operations: [OperationRecord] = [], wheel: ExpirationWheel
    ) {
        self.lastAppliedLSN = lastAppliedLSN
        self.lastRequestSlot = lastRequestSlot
        self.maxRetiredReservation = maxRetiredReservation
        self.resources = resources
        self.reservations = reservations
        self.members = members
        self.operations = operations
        self.wheel = wheel
    }

    /// A reservation without its members, which stand in a table of their own.
    public struct ReservationRow: Hashable, Sendable {
        public var id: ReservationID
        /// The first member.
        public var anchor: ResourceID
        public var holder: HolderID
        public var epoch: LeaseEpoch
        public var state: ReservationState
        public var createdLSN: LSN
        public var deadline: Slot
        public var releasedLSN: LSN?
        public var retireAfter: Slot?
        public var memberCount: UInt32

        public init(
            id: ReservationID, anchor: ResourceID, holder: HolderID, epoch: LeaseEpoch,
            state: ReservationState, createdLSN: LSN, deadline: Slot, releasedLSN: LSN?,
            retireAfter: Slot?, memberCount: UInt32
        ) {
            self.id = id
            self.anchor = anchor
            self.holder = holder
            self.epoch = epoch
            self.state = state
            self.createdLSN = createdLSN
            self.deadline = deadline
            self.releasedLSN = releasedLSN
            self.retireAfter = retireAfter
            self.memberCount = memberCount
        }
    }

    /// One resource of one reservation.
    public struct MemberRow: Hashable, Sendable {
        public var key: MemberKey
        public var resource: ResourceID

        public init(key: MemberKey, resource: ResourceID) {
            self.key = key
            self.resource = resource
        }
    }

    /// Which member of which reservation.
    public struct MemberKey: Hashable, Comparable, Sendable {
        public var reservation: ReservationID
        public var index: UInt32

        public init(reservation: ReservationID, index: UInt32) {
            self.reservation = reservation
            self.index = index
        }

        public static func < (left: Self, right: Self) -> Bool {
            (left.reservation, left.index) < (right.reservation, right.index)
        }
    }
}
