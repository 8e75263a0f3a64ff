import BoundedCollections

/// The deterministic allocator (lease-kernel.md): no clock, no input or output, no randomness.
/// The same start and the same commands give the same state and the same outcomes, bit for bit.
///
/// A value: copying one is a snapshot that shares storage until either changes.
public struct Kernel: Sendable {
    /// When the whole state is checked against its invariants; every check reads all of it.
    public enum InvariantChecking: Sendable {
        /// Only when a snapshot is restored.
        case onRestore
        /// Also after each executed command; such a kernel copies itself for every command.
        case afterEveryCommand
    }

    public let configuration: KernelConfiguration
    let checking: InvariantChecking

    public internal(set) var lastAppliedLSN: LSN?
    public internal(set) var lastRequestSlot: Slot?
    /// Largest reservation id ever removed by retirement.
    public internal(set) var maxRetiredReservation: ReservationID?

    var resources: [ResourceID: Resource] = [:]
    var reservations: [ReservationID: Reservation] = [:]
    /// Members of all reservations together.
    var memberCount: UInt64 = 0
    var operations: [OperationID: OperationRecord] = [:]
    var wheel: ExpirationWheel
    var reservationQueue: RetireQueue<ReservationID, Slot>
    var operationQueue: RetireQueue<OperationID, Slot>

    /// An allocator without resources.
    public init(
        configuration: KernelConfiguration, checking: InvariantChecking = .onRestore
    ) throws(ConfigurationError) {
        try configuration.validate()
        self.configuration = configuration
        self.checking = checking
        self.wheel = ExpirationWheel(length: configuration.wheelLength)
        self.reservationQueue = RetireQueue(capacity: Int(configuration.maxReservations))
        self.operationQueue = RetireQueue(capacity: Int(configuration.maxOperations))
    }
}

// MARK: - Reads (lease-kernel.md 13)

extension Kernel {
    public func resource(_ id: ResourceID) -> Resource? { resources[id] }

    /// The slot decides whether a terminal reservation is still shown; it need not be related
    /// to the last applied one.
    public func reservation(_ id: ReservationID, at currentSlot: Slot) -> ReservationLookup {
        if let reservation = reservations[id] {
            if let retireAfter = reservation.retireAfter, currentSlot > retireAfter {
                return .retired
            }
            return .found(reservation)
        }
        guard let maxRetiredReservation,
            UInt64(truncatingIfNeeded: id.rawValue >> 64) == configuration.shardID,
            id <= maxRetiredReservation
        else { return .notFound }
        return .retired
    }

    /// The remembered answer to an operation, unless its window is over at `currentSlot`.
    public func operation(_ id: OperationID, at currentSlot: Slot) -> OperationRecord? {
        guard let record = operations[id], currentSlot <= record.retireAfter else { return nil }
        return record
    }

    /// The ids in the expiration bucket of a slot, ascending, whatever their own deadlines.
    public func scheduledReservations(inBucketOf slot: Slot) -> [ReservationID] {
        wheel[wheel.bucketNumber(of: slot)]
    }

    public func health(at currentSlot: Slot) -> HealthMetrics {
        let used = UInt32(operations.count)
        let capacity = configuration.maxOperations
        let (hundredfold, overflow) = used.multipliedReportingOverflow(by: 100)
        let percent = (overflow ? UInt32.max : hundredfold) / capacity
        return HealthMetrics(
            lastAppliedLSN: lastAppliedLSN,
            lastRequestSlot: lastRequestSlot,
            logicalSlotLag: lastRequestSlot.map { last in
                currentSlot > last ? currentSlot.rawValue - last.rawValue : 0
            } ?? 0,
            expirationBacklog: UInt32(overdueReservations(at: currentSlot).count),
            operationTableUsed: used,
            operationTableCapacity: capacity,
            operationTableUtilizationPercent: UInt8(clamping: percent))
    }
}

// MARK: - Choosing due reservations (lease-kernel.md 12.1)

/// A reserved lease whose deadline has passed: what an expire command names.
public struct DueReservation: Hashable, Sendable {
    public let id: ReservationID
    public let deadline: Slot

    public var command: Command { .expire(id, deadline: deadline) }
}

extension Kernel {
    /// The reserved leases with a deadline at or before `currentSlot`, earliest deadline and
    /// then lowest id first, at most `limit` of them.
    public func dueReservations(at currentSlot: Slot, limit: UInt32) -> [DueReservation] {
        let due = overdueReservations(at: currentSlot)
            .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
        return Array(due.prefix(Int(limit)))
    }

    /// The request slot of the expire commands of a tick.
    public func tickRequestSlot(at currentSlot: Slot) -> Slot {
        max(currentSlot, lastRequestSlot ?? currentSlot)
    }

    private func overdueReservations(at currentSlot: Slot) -> [DueReservation] {
        var due: [DueReservation] = []
        for bucket in wheel.buckets.values {
            for id in bucket {
                guard let reservation = reservations[id], reservation.state == .reserved,
                    reservation.deadline <= currentSlot
                else { continue }
                due.append(DueReservation(id: id, deadline: reservation.deadline))
            }
        }
        return due
    }
}
