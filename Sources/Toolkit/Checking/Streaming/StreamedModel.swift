import BoundedCollections
import History

/// The allocator's contract once more as a state machine (`AllocationModel` has the words), made
/// for millions of commands in a second: it keeps what can still matter, in tables of numbers, and
/// of what changed as much as open reads may have to be shown.
///
/// It never goes back. A command whose answer is not what the contract calls for ends the stream,
/// and the judge in memory takes over; tests hold the two machines together.
struct StreamedModel: ~Copyable {
    struct Resource {
        let id: ResourceID
        var state: UInt8 = 0
        var reservation: UInt128 = 0
        var version: UInt64 = 0
        var history = ObjectHistory()
        /// The last grant of it that was told, for what the record must show.
        var lastGrant: UInt128 = 0
        var lastGrantDeadline = Slot(0)
        var lastGrantWasEnded = true
    }

    struct Lease {
        var id: UInt128 = 0
        var holder: UInt128 = 0
        var created = LSN(0)
        var deadline = Slot(0)
        var state: UInt8 = 0
        var epoch: UInt64 = 0
        /// 0 for none.
        var released = LSN(0)
        var retireAfter: Slot?
        /// When its grant was answered.
        var grantedAt = RunInstant(0)
        /// When it was confirmed or ended, 0 for never.
        var leftReserved = LSN(0)
        /// When retirement removed it, 0 for never.
        var removed = LSN(0)
        /// The place of its first member among the resources, and where the model keeps those of
        /// the others.
        var member: Int32 = 0
        var others: Int32 = -1
        var history = ObjectHistory()

        var isReserved: Bool { state == LeaseView.State.reserved.rawValue && removed.rawValue == 0 }
    }

    let limits: ClusterLimits
    var resources = FlatArray<Resource>()
    private var resourcePlaces = PlaceTable<ResourceID>()
    var leases = FlatArray<Lease>()
    private var leasePlaces = PlaceTable<ReservationID>()
    private var freeLeases = FlatArray<Int32>()
    /// The members behind the first of leases that have several.
    var bundles = ListPool<Int32>()
    var removedLeases = RingQueue<(place: Int32, at: LSN)>()
    var liveLeases = 0
    var reservedLeases = 0
    var memberCount = 0
    var leaseRetirement = RingQueue<(place: Int32, after: Slot)>()
    var operationRetirement = RingQueue<(place: Int32, after: Slot)>()
    var rememberedCount = 0
    var bucketCounts: FlatArray<Int32>
    var deadlines = MinHeap<LeaseDeadline>()
    var watermarks = RingQueue<(lsn: LSN, id: UInt128)>()
    var past = PastValues()
    var lastSlot = Slot(0)
    /// No open or later read asks for anything before this LSN.
    var needed = LSN(0)

    /// Longest expiration index that is kept as a plain list, in slots.
    static let longestTTL: UInt64 = 1 << 22

    init(limits: ClusterLimits) {
        self.limits = limits
        let length = min(limits.maxTTL.rawValue, Self.longestTTL) + 1
        bucketCounts = FlatArray(repeating: 0, count: Int(length))
    }

    /// Whether new operations are refused, without being remembered, for want of a place.
    var mayRefuseUnremembered: Bool { rememberedCount >= Int(limits.maxOperations) }

    func place(of resource: ResourceID) -> Int32? {
        guard let place = resourcePlaces.find(resource, { resources[$0].id }) else { return nil }
        return Int32(truncatingIfNeeded: place)
    }

    mutating func add(_ resource: ResourceID) -> Int {
        resources.append(Resource(id: resource))
        resourcePlaces.add(resource, at: resources.count - 1)
        return resources.count - 1
    }

    func place(ofLease id: UInt128) -> Int? {
        leasePlaces.find(ReservationID(id)) { ReservationID(leases[$0].id) }
    }

    /// A place for a lease that is found by that id.
    mutating func newLease(_ id: UInt128) -> Int {
        let place: Int
        if let free = freeLeases.popLast() {
            place = Int(free)
            leases[place] = Lease()
        } else {
            leases.append(Lease())
            place = leases.count - 1
        }
        leases[place].id = id
        leasePlaces.add(ReservationID(id), at: place)
        return place
    }

    /// The lease unless retirement removed it.
    func liveLease(_ id: UInt128) -> Int? {
        guard let place = place(ofLease: id), leases[place].removed.rawValue == 0 else {
            return nil
        }
        return place
    }

    // MARK: - Commands

    /// A command at its place in the log; nil when the answer shows what must not be: a command
    /// executed again while it is remembered.
    mutating func apply(
        _ place: Int32, of commands: inout CommandTable, slot: Slot, lsn: LSN
    ) -> PlainAnswer? {
        // Before anything is retired, as the judge in memory looks.
        let first = commands.remembered(underIDOf: place)
        if let first, slot <= commands[first].rememberedUntil,
            !commands[place].answer.isConflict || !commands[place].isTold || first == place
        {
            return nil
        }
        advance(to: slot, lsn: lsn, &commands)
        if let record = commands.remembered(underIDOf: place) {
            if slot <= commands[record].rememberedUntil { return .refused(.operationConflict) }
            forget(record, &commands)
        }
        guard rememberedCount < Int(limits.maxOperations) else {
            return .refused(.operationTableFull)
        }
        let answer = execute(place, of: commands, slot: slot, lsn: lsn)
        let until = slot.adding(limits.operationWindow)
        commands[place].isRemembered = true
        commands[place].rememberedUntil = until
        rememberedCount &+= 1
        operationRetirement.append((place, until))
        return answer
    }

    /// The expiry of a lease; without one a command that changes nothing.
    mutating func expire(
        _ lease: Int32?, slot: Slot, lsn: LSN, _ commands: inout CommandTable
    ) {
        advance(to: slot, lsn: lsn, &commands)
        guard let lease, leases[Int(lease)].isReserved else { return }
        end(Int(lease), as: .expired, raisingEpoch: true, slot: slot, lsn: lsn)
    }

    // MARK: - Retirement

    mutating func advance(to slot: Slot, lsn: LSN, _ commands: inout CommandTable) {
        guard slot != lastSlot else { return }
        lastSlot = slot
        while let (place, after) = leaseRetirement.first, after < slot {
            leaseRetirement.popFirst()
            retire(Int(place), lsn: lsn)
        }
        while let (place, after) = operationRetirement.first, after < slot {
            operationRetirement.popFirst()
            if commands[place].isRemembered, commands[place].rememberedUntil < slot {
                forget(place, &commands)
            }
        }
        commands.age(to: slot)
        forgetRemoved()
    }

    mutating func forget(_ place: Int32, _ commands: inout CommandTable) {
        commands[place].isRemembered = false
        rememberedCount &-= 1
    }

    mutating func retire(_ place: Int, lsn: LSN) {
        leases[place].removed = lsn
        liveLeases -= 1
        memberCount -= 1 + bundles[leases[place].others].count
        let id = leases[place].id
        if id > watermarks.last?.id ?? 0 || watermarks.isEmpty { watermarks.append((lsn, id)) }
        removedLeases.append((Int32(place), lsn))
    }

    /// Lets go of removed leases, and of watermarks, that no read can ask for any more.
    mutating func forgetRemoved() {
        while let (place, at) = removedLeases.first, at <= needed {
            removedLeases.popFirst()
            leasePlaces.remove(ReservationID(leases[Int(place)].id), at: Int(place))
            bundles.letGo(leases[Int(place)].others)
            leases[Int(place)].id = 0
            leases[Int(place)].others = -1
            freeLeases.append(place)
        }
        while watermarks.count > 1, let second = watermarks[1], second.lsn <= needed {
            watermarks.popFirst()
        }
    }

    // MARK: - Expiry

    /// The reserved lease that a tick takes first (lease-kernel.md 12.1).
    mutating func firstDeadline() -> (deadline: Slot, lease: Int32)? {
        while let top = deadlines.first {
            if leases[Int(top.place)].isReserved, leases[Int(top.place)].id == top.id {
                return (top.deadline, top.place)
            }
            deadlines.popFirst()
        }
        return nil
    }

    /// Whether a lease that is due at `slot` stopped being reserved behind `lsn`.
    func hasEndedReservation(dueAt slot: Slot, after lsn: LSN) -> Bool {
        for place in 0..<leases.count {
            let lease = leases[place]
            if lease.id != 0, lease.removed.rawValue == 0, lease.deadline <= slot,
                !lease.isReserved, lease.leftReserved > lsn
            {
                return true
            }
        }
        return false
    }

    // MARK: - What the record must show

    /// A grant that was told; true when a member's last lease ended by nothing but its deadline.
    mutating func noteGrant(
        _ lease: UInt128, slot: Slot, deadline: Slot, answeredAt: RunInstant
    ) -> Bool {
        guard let place = liveLease(lease) else { return false }
        leases[place].grantedAt = answeredAt
        var isAfterDeadline = note(Int(leases[place].member), lease, slot, deadline)
        for other in bundles[leases[place].others] {
            if note(Int(other), lease, slot, deadline) { isAfterDeadline = true }
        }
        return isAfterDeadline
    }

    mutating func note(
        _ resource: Int, _ lease: UInt128, _ slot: Slot, _ deadline: Slot
    ) -> Bool {
        let isAfterDeadline =
            !resources[resource].lastGrantWasEnded && resources[resource].lastGrantDeadline <= slot
        resources[resource].lastGrant = lease
        resources[resource].lastGrantDeadline = deadline
        resources[resource].lastGrantWasEnded = false
        return isAfterDeadline
    }

    /// A confirm or release that was told.
    mutating func noteEnd(_ lease: UInt128) {
        guard let place = liveLease(lease) else { return }
        noteEnd(Int(leases[place].member), lease)
        for other in bundles[leases[place].others] { noteEnd(Int(other), lease) }
    }

    mutating func noteEnd(_ resource: Int, _ lease: UInt128) {
        if resources[resource].lastGrant == lease { resources[resource].lastGrantWasEnded = true }
    }
}
