import ByteCoding

/// Why bytes are no command (wire-api.md 4.3).
public enum CommandDecodingError: Error, Hashable, Sendable {
    /// The input ends inside a field.
    case bufferTooShort
    case invalidCommandTag(UInt8)
    /// Bytes are left over, or the epoch of a confirm or release has neither 0 nor 8 bytes.
    case invalidLayout
}

/// The binary form of commands: what `submit` carries and what log records hold
/// (wire-api.md 4). There is one encoding per command; confirm and release are also read
/// without their epoch, which older clients left out.
public enum CommandCodec {
    /// Operation, client, command: the payload of a submit and of a client log record.
    public static func encode(_ request: ClientCommand) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 80)
        writer.write(request.operationID.rawValue)
        writer.write(request.clientID.rawValue)
        write(request.command, to: &writer)
        return writer.bytes
    }

    /// The bare command: the payload of an internal log record.
    public static func encode(_ command: Command) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 48)
        write(command, to: &writer)
        return writer.bytes
    }

    /// Reads a whole submit payload; left-over bytes are an error.
    public static func decodeClient(
        _ bytes: [UInt8]
    ) throws(CommandDecodingError) -> ClientCommand {
        var fields = CommandFields(bytes)
        let operation = OperationID(try fields.integer())
        let client = ClientID(try fields.integer())
        let command = try fields.command()
        return ClientCommand(operationID: operation, clientID: client, command: command)
    }

    /// Reads a whole bare command; left-over bytes are an error.
    public static func decodeInternal(_ bytes: [UInt8]) throws(CommandDecodingError) -> Command {
        var fields = CommandFields(bytes)
        return try fields.command()
    }

    private static func write(_ command: Command, to writer: inout ByteWriter) {
        switch command {
        case .createResource(let resource):
            writer.write(CommandTag.createResource.rawValue)
            writer.write(resource.rawValue)
        case .reserve(let resource, let holder, let ttlSlots):
            writer.write(CommandTag.reserve.rawValue)
            writer.write(resource.rawValue)
            writer.write(holder.rawValue)
            writer.write(ttlSlots)
        case .reserveBundle(let resources, let holder, let ttlSlots):
            writer.write(CommandTag.reserveBundle.rawValue)
            // A list of 2^32 ids is 64 GiB and cannot stand in memory beside its encoding.
            writer.write(UInt32(truncatingIfNeeded: resources.count))
            for resource in resources { writer.write(resource.rawValue) }
            writer.write(holder.rawValue)
            writer.write(ttlSlots)
        case .confirm(let reservation, let holder, let epoch):
            writer.write(CommandTag.confirm.rawValue)
            writer.write(reservation.rawValue)
            writer.write(holder.rawValue)
            writer.write(epoch.rawValue)
        case .release(let reservation, let holder, let epoch):
            writer.write(CommandTag.release.rawValue)
            writer.write(reservation.rawValue)
            writer.write(holder.rawValue)
            writer.write(epoch.rawValue)
        case .expire(let reservation, let deadline):
            writer.write(CommandTag.expire.rawValue)
            writer.write(reservation.rawValue)
            writer.write(deadline.rawValue)
        case .revoke(let reservation):
            writer.write(CommandTag.revoke.rawValue)
            writer.write(reservation.rawValue)
        case .reclaim(let reservation):
            writer.write(CommandTag.reclaim.rawValue)
            writer.write(reservation.rawValue)
        }
    }
}

/// The first byte of an encoded command (wire-api.md 4.1).
enum CommandTag: UInt8 {
    case createResource = 1
    case reserve
    case reserveBundle
    case confirm
    case release
    case expire
    case revoke
    case reclaim
}

private struct CommandFields {
    private var reader: ByteReader

    init(_ bytes: [UInt8]) { reader = ByteReader(bytes) }

    mutating func integer<Value: FixedWidthInteger>() throws(CommandDecodingError) -> Value {
        do { return try reader.readInteger() } catch { throw .bufferTooShort }
    }

    /// Everything that is left, as one command.
    mutating func command() throws(CommandDecodingError) -> Command {
        let number: UInt8 = try integer()
        guard let tag = CommandTag(rawValue: number) else { throw .invalidCommandTag(number) }
        let command: Command
        switch tag {
        case .createResource:
            command = .createResource(ResourceID(try integer()))
        case .reserve:
            command = .reserve(
                ResourceID(try integer()), holder: HolderID(try integer()),
                ttlSlots: try integer())
        case .reserveBundle:
            command = .reserveBundle(
                try resources(), holder: HolderID(try integer()), ttlSlots: try integer())
        case .confirm:
            command = .confirm(
                ReservationID(try integer()), holder: HolderID(try integer()),
                epoch: try lastEpoch())
        case .release:
            command = .release(
                ReservationID(try integer()), holder: HolderID(try integer()),
                epoch: try lastEpoch())
        case .expire:
            command = .expire(ReservationID(try integer()), deadline: Slot(try integer()))
        case .revoke:
            command = .revoke(ReservationID(try integer()))
        case .reclaim:
            command = .reclaim(ReservationID(try integer()))
        }
        guard reader.isAtEnd else { throw .invalidLayout }
        return command
    }

    /// The announced count is believed only as far as bytes are there for it.
    private mutating func resources() throws(CommandDecodingError) -> [ResourceID] {
        let count: UInt32 = try integer()
        guard Int(count) <= reader.remaining / MemoryLayout<UInt128>.size else {
            throw .bufferTooShort
        }
        var resources: [ResourceID] = []
        resources.reserveCapacity(Int(count))
        for _ in 0..<count { resources.append(ResourceID(try integer())) }
        return resources
    }

    /// The epoch at the end of a confirm or release, 1 when an older client left it out; any
    /// other remainder is a wrong layout, not a short buffer (wire-api.md 4.2).
    private mutating func lastEpoch() throws(CommandDecodingError) -> LeaseEpoch {
        switch reader.remaining {
        case 0: return LeaseEpoch(1)
        case MemoryLayout<UInt64>.size: return LeaseEpoch(try integer())
        default: throw .invalidLayout
        }
    }
}
