import ByteCoding

/// Why bytes are no snapshot, for the first offending byte in field order (durability.md 5.2).
public enum SnapshotDecodingError: Error, Hashable, Sendable {
    /// The input ends inside a field.
    case bufferTooShort
    case invalidMagic(UInt32)
    case invalidVersion(UInt16)
    /// A resource state, reservation state or result code out of range.
    case invalidStateTag(UInt8)
    /// An option byte other than 0 or 1, or bytes left over.
    case invalidLayout
}

/// A state that has no encoding.
public enum SnapshotEncodingError: Error, Hashable, Sendable {
    /// Every bucket of the wheel takes four bytes, empty ones too; this many are refused.
    case wheelTooLong(UInt64)
}

/// The file form of a snapshot (durability.md 5): version 4 is written, 1 to 4 are read.
public enum SnapshotCodec {
    /// Bytes `53 42 44 41`.
    public static let magic: UInt32 = 0x4144_4253
    public static let version: UInt16 = 4
    /// Buckets of the longest wheel that is written: 1 GiB of file.
    public static let maxWheelLength: UInt64 = 1 << 28

    public static func encode(
        _ snapshot: KernelSnapshot
    ) throws(SnapshotEncodingError) -> [UInt8] {
        guard snapshot.wheel.length <= maxWheelLength else {
            throw .wheelTooLong(snapshot.wheel.length)
        }
        var writer = ByteWriter(reservingCapacity: 1024 + 4 * Int(snapshot.wheel.length))
        writer.write(magic)
        writer.write(version)
        writer.writeOptional(snapshot.lastAppliedLSN)
        writer.writeOptional(snapshot.lastRequestSlot)
        writer.writeOptional(snapshot.maxRetiredReservation)
        writer.writeCount(snapshot.resources.count)
        writer.writeCount(snapshot.reservations.count)
        writer.writeCount(snapshot.members.count)
        writer.writeCount(snapshot.operations.count)
        writer.write(UInt32(snapshot.wheel.length))
        for resource in snapshot.resources { writer.write(resource) }
        for reservation in snapshot.reservations { writer.write(reservation) }
        for member in snapshot.members {
            writer.write(member.key.reservation.rawValue)
            writer.write(member.resource.rawValue)
            writer.write(member.key.index)
        }
        for operation in snapshot.operations { writer.write(operation) }
        for number in 0..<snapshot.wheel.length {
            let bucket = snapshot.wheel[number]
            writer.writeCount(bucket.count)
            for id in bucket { writer.write(id.rawValue) }
        }
        return writer.bytes
    }

    /// Reads exactly one snapshot. Counts are believed only as far as bytes are there for them.
    public static func decode(_ bytes: [UInt8]) throws(SnapshotDecodingError) -> KernelSnapshot {
        var fields = SnapshotFields(bytes)
        return try fields.snapshot()
    }
}

extension ByteWriter {
    fileprivate mutating func writeOptional<Value: Identifier>(_ value: Value?) {
        write(UInt8(value == nil ? 0 : 1))
        if let value { write(value.rawValue) }
    }

    /// Every table is bounded by a configured 32-bit capacity, members by the memory that 2^32
    /// records of 36 bytes would take.
    fileprivate mutating func writeCount(_ count: Int) {
        write(UInt32(truncatingIfNeeded: count))
    }

    fileprivate mutating func write(_ resource: Resource) {
        write(resource.id.rawValue)
        write(resource.state.snapshotTag)
        writeOptional(resource.currentReservation)
        write(resource.version)
    }

    fileprivate mutating func write(_ reservation: KernelSnapshot.ReservationRow) {
        write(reservation.id.rawValue)
        write(reservation.anchor.rawValue)
        write(reservation.holder.rawValue)
        write(reservation.epoch.rawValue)
        write(reservation.state.snapshotTag)
        write(reservation.createdLSN.rawValue)
        write(reservation.deadline.rawValue)
        writeOptional(reservation.releasedLSN)
        writeOptional(reservation.retireAfter)
        write(reservation.memberCount)
    }

    fileprivate mutating func write(_ operation: OperationRecord) {
        write(operation.id.rawValue)
        write(operation.fingerprint.rawValue)
        write(operation.outcome.code.rawValue)
        writeOptional(operation.outcome.reservationID)
        writeOptional(operation.outcome.epoch)
        writeOptional(operation.outcome.deadline)
        write(operation.appliedLSN.rawValue)
        write(operation.retireAfter.rawValue)
    }
}

extension ResourceState {
    var snapshotTag: UInt8 {
        switch self {
        case .available: 1
        case .reserved: 2
        case .confirmed: 3
        case .revoking: 4
        }
    }
}

extension ReservationState {
    var snapshotTag: UInt8 {
        switch self {
        case .reserved: 1
        case .confirmed: 2
        case .released: 3
        case .expired: 4
        case .revoking: 5
        case .revoked: 6
        }
    }
}
