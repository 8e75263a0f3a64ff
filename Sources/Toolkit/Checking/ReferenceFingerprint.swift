public import History

/// What the reference compares of two committed results (validation.md 4.2): neither the kinds of
/// operation and result, nor TTL, request slot, expired list or process.
///
/// A long history has one for every command, so the fields stand without their optionals.
public struct ReferenceFingerprint: Hashable, Sendable {
    public let appliedLSN: LSN
    /// The operation's member list.
    public let resourceIDs: [ResourceID]

    private let resource: ResourceID
    private let reservation: ReservationID
    private let holder: HolderID
    private let epoch: LeaseEpoch
    private let released: LSN
    private let slot: Slot
    private let shape: Shape

    /// Which of the fields are there.
    struct Shape: OptionSet, Hashable {
        let rawValue: UInt8
        /// The resource with its holder.
        static var resource: Shape { Shape(rawValue: 1) }
        static var reservation: Shape { Shape(rawValue: 2) }
        static var epoch: Shape { Shape(rawValue: 4) }
        static var released: Shape { Shape(rawValue: 8) }
        static var slot: Shape { Shape(rawValue: 16) }
    }

    init(_ event: borrowing PlainTextEvent, _ members: [ResourceID]) {
        appliedLSN = event.lsn
        resourceIDs = members
        resource = event.resource
        reservation = event.committedReservation
        holder = event.committedHolder
        epoch = event.committedEpoch
        released = event.released
        slot = event.deadline
        shape = Shape(event)
    }

    public var resourceID: ResourceID? {
        shape.contains(.resource) ? resource : nil
    }
    public var reservationID: ReservationID? {
        shape.contains(.reservation) ? reservation : nil
    }
    public var holderID: HolderID? { shape.contains(.resource) ? holder : nil }
    public var leaseEpoch: LeaseEpoch? { shape.contains(.epoch) ? epoch : nil }
    public var releasedLSN: LSN? { shape.contains(.released) ? released : nil }
    public var deadline: Slot? { shape.contains(.slot) ? slot : nil }
}

extension ReferenceFingerprint.Shape {
    init(_ event: borrowing PlainTextEvent) {
        switch event.outcome {
        case .reserved: self = [.resource, .reservation, .epoch, .slot]
        case .confirmed: self = [.resource, .reservation, .epoch]
        case .released:
            self = [.resource, .reservation]
            if event.has(.released) { insert(.released) }
        case .revoked, .reclaimed: self = [.reservation]
        case .tickExpired, .readOK, .definiteFailure, .ambiguous: self = []
        }
    }
}
