import ByteCoding

/// Reads the fields of an encoded snapshot in their order, with the defaults that older versions
/// need (durability.md 5.1).
struct SnapshotFields {
    private var reader: ByteReader
    private var version: UInt16 = 0

    private typealias Failure = SnapshotDecodingError

    init(_ bytes: [UInt8]) { reader = ByteReader(bytes) }

    mutating func snapshot() throws(SnapshotDecodingError) -> KernelSnapshot {
        let magic: UInt32 = try integer()
        guard magic == SnapshotCodec.magic else { throw .invalidMagic(magic) }
        version = try integer()
        guard (1...SnapshotCodec.version).contains(version) else { throw .invalidVersion(version) }

        var snapshot = KernelSnapshot(wheel: ExpirationWheel(length: 1))
        snapshot.lastAppliedLSN = try optional()
        snapshot.lastRequestSlot = try optional()
        snapshot.maxRetiredReservation = version >= 2 ? try optional() : nil
        let resourceCount: UInt32 = try integer()
        let reservationCount: UInt32 = try integer()
        let memberCount: UInt32 = version >= 3 ? try integer() : 0
        let operationCount: UInt32 = try integer()
        let wheelLength: UInt32 = try integer()

        for _ in 0..<resourceCount { snapshot.resources.append(try resource()) }
        for _ in 0..<reservationCount { snapshot.reservations.append(try reservation()) }
        if version >= 3 {
            for _ in 0..<memberCount { snapshot.members.append(try member()) }
        } else {
            snapshot.members = snapshot.reservations.map { reservation in
                .init(
                    key: .init(reservation: reservation.id, index: 0), resource: reservation.anchor)
            }
        }
        for _ in 0..<operationCount { snapshot.operations.append(try operation()) }
        snapshot.wheel = try wheel(length: wheelLength)
        guard reader.isAtEnd else { throw .invalidLayout }
        return snapshot
    }

    private mutating func resource() throws(SnapshotDecodingError) -> Resource {
        let id = ResourceID(try integer())
        let state = try tag(\.snapshotTag, of: ResourceState.allCases)
        let current: ReservationID? = try optional()
        return Resource(
            id: id, state: state, currentReservation: current, version: try integer())
    }

    private mutating func reservation() throws(Failure) -> KernelSnapshot.ReservationRow {
        let id = ReservationID(try integer())
        let anchor = ResourceID(try integer())
        let holder = HolderID(try integer())
        let epoch = LeaseEpoch(version >= 4 ? try integer() : 1)
        let state = try tag(\.snapshotTag, of: ReservationState.allCases)
        let createdLSN = LSN(try integer())
        let deadline = Slot(try integer())
        let releasedLSN: LSN? = try optional()
        let retireAfter: Slot? = try optional()
        return KernelSnapshot.ReservationRow(
            id: id, anchor: anchor, holder: holder, epoch: epoch, state: state,
            createdLSN: createdLSN, deadline: deadline, releasedLSN: releasedLSN,
            retireAfter: retireAfter, memberCount: version >= 3 ? try integer() : 1)
    }

    private mutating func member() throws(Failure) -> KernelSnapshot.MemberRow {
        let reservation = ReservationID(try integer())
        let resource = ResourceID(try integer())
        return .init(key: .init(reservation: reservation, index: try integer()), resource: resource)
    }

    private mutating func operation() throws(Failure) -> OperationRecord {
        let id = OperationID(try integer())
        let fingerprint = CommandFingerprint(try integer())
        let number: UInt8 = try integer()
        guard let code = ResultCode(rawValue: number) else { throw .invalidStateTag(number) }
        let reservation: ReservationID? = try optional()
        let epoch: LeaseEpoch? = version >= 4 ? try optional() : nil
        let deadline: Slot? = try optional()
        let appliedLSN = LSN(try integer())
        return OperationRecord(
            id: id, fingerprint: fingerprint,
            outcome: CommandOutcome(
                code, reservationID: reservation, epoch: epoch, deadline: deadline),
            appliedLSN: appliedLSN, retireAfter: Slot(try integer()))
    }

    private mutating func wheel(length: UInt32) throws(Failure) -> ExpirationWheel {
        // A wheel has at least one bucket; none at all fits no configuration either.
        var wheel = ExpirationWheel(length: UInt64(length))
        for number in 0..<UInt64(length) {
            let count: UInt32 = try integer()
            guard Int(count) <= reader.remaining / MemoryLayout<UInt128>.size else {
                throw .bufferTooShort
            }
            var bucket: [ReservationID] = []
            for _ in 0..<count { bucket.append(ReservationID(try integer())) }
            wheel[number] = bucket
        }
        return wheel
    }

    private mutating func integer<Value: FixedWidthInteger>() throws(Failure) -> Value {
        do { return try reader.readInteger() } catch { throw .bufferTooShort }
    }

    private mutating func optional<Value: Identifier>() throws(Failure) -> Value? {
        let present: UInt8 = try integer()
        switch present {
        case 0: return nil
        case 1: return Value(try integer())
        default: throw .invalidLayout
        }
    }

    private mutating func tag<State>(
        _ number: KeyPath<State, UInt8>, of states: [State]
    ) throws(Failure) -> State {
        let found: UInt8 = try integer()
        guard let state = states.first(where: { $0[keyPath: number] == found }) else {
            throw .invalidStateTag(found)
        }
        return state
    }
}
