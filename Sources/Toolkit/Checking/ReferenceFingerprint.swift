public import History

/// What the reference compares of two committed results (validation.md 4.2): neither the kinds of
/// operation and result, nor TTL, request slot, expired list or process.
///
/// A long history has one for every command, so the fields stand without their optionals.
public struct ReferenceFingerprint: Hashable, Sendable {
    public let appliedLSN: LSN
    /// The operation's member list.
    public let resourceIDs: [ResourceID]

    private var resource: UInt128 = 0
    private var reservation: UInt128 = 0
    private var holder: UInt128 = 0
    private var epoch: UInt64 = 0
    private var released: UInt64 = 0
    private var slot: UInt64 = 0
    private var present: Fields = []

    private struct Fields: OptionSet, Hashable, Sendable {
        let rawValue: UInt8
        static let resource = Fields(rawValue: 1)
        static let reservation = Fields(rawValue: 2)
        static let holder = Fields(rawValue: 4)
        static let epoch = Fields(rawValue: 8)
        static let released = Fields(rawValue: 16)
        static let slot = Fields(rawValue: 32)
    }

    init(_ lsn: LSN, _ result: TextWriteResult, of operation: TextOperation) {
        appliedLSN = lsn
        resourceIDs = operation.resourceIDs
        switch result {
        case .reserved(let resource, let holder, let reservation, let epoch, let deadline):
            set(resource, holder, reservation)
            self.epoch = epoch.rawValue
            slot = deadline.rawValue
            present.formUnion([.epoch, .slot])
        case .confirmed(let resource, let holder, let reservation, let epoch):
            set(resource, holder, reservation)
            self.epoch = epoch.rawValue
            present.insert(.epoch)
        case .released(let resource, let holder, let reservation, let lsn):
            set(resource, holder, reservation)
            if let lsn {
                released = lsn.rawValue
                present.insert(.released)
            }
        case .revoked(let reservation), .reclaimed(let reservation):
            self.reservation = reservation.rawValue
            present.insert(.reservation)
        case .tickExpired: break
        }
    }

    /// Stands for all fields together.
    var digest: ReferenceDigest {
        var digest = ReferenceDigest()
        digest.mix(appliedLSN.rawValue)
        digest.mix(UInt64(present.rawValue) << 32 | UInt64(resourceIDs.count))
        for resource in resourceIDs { digest.mix(resource.rawValue) }
        digest.mix(resource)
        digest.mix(reservation)
        digest.mix(holder)
        digest.mix(epoch)
        digest.mix(released)
        digest.mix(slot)
        return digest
    }

    private mutating func set(
        _ resource: ResourceID, _ holder: HolderID, _ reservation: ReservationID
    ) {
        self.resource = resource.rawValue
        self.holder = holder.rawValue
        self.reservation = reservation.rawValue
        present.formUnion([.resource, .holder, .reservation])
    }

    public var resourceID: ResourceID? {
        present.contains(.resource) ? ResourceID(resource) : nil
    }
    public var reservationID: ReservationID? {
        present.contains(.reservation) ? ReservationID(reservation) : nil
    }
    public var holderID: HolderID? { present.contains(.holder) ? HolderID(holder) : nil }
    public var leaseEpoch: LeaseEpoch? { present.contains(.epoch) ? LeaseEpoch(epoch) : nil }
    public var releasedLSN: LSN? { present.contains(.released) ? LSN(released) : nil }
    public var deadline: Slot? { present.contains(.slot) ? Slot(slot) : nil }
}
