import ByteCoding
import LeaseKernel

/// The bytes of messages between replicas (cluster-runner.md 8).
extension ReplicaRequest {
    private enum Tag: UInt8 {
        case prepare = 1
        case commit
    }

    /// Decodes a whole message; bytes after its last field are an error.
    public init(decoding bytes: [UInt8]) throws(ReplicaMessageError) {
        var reader = MessageReader(bytes)
        let tag: UInt8 = try reader.integer()
        switch Tag(rawValue: tag) {
        case .prepare:
            let kindByte: UInt8 = try reader.integer()
            guard let kind = PreparedEntry.Kind(rawValue: kindByte) else {
                throw .invalidPreparedKind(kindByte)
            }
            let view = View(try reader.integer())
            let lsn = LSN(try reader.integer())
            let slot = Slot(try reader.integer())
            self = .prepare(
                PreparedEntry(
                    kind: kind, view: view, lsn: lsn, requestSlot: slot,
                    payload: try reader.byteString()))
        case .commit:
            self = .commit(view: View(try reader.integer()), commitLSN: LSN(try reader.integer()))
        case nil: throw .invalidRequestTag(tag)
        }
        try reader.requireEnd()
    }

    /// The bytes of this message, or nil when a payload is longer than the format can say.
    public func encoded() -> [UInt8]? {
        var writer = ByteWriter()
        switch self {
        case .prepare(let entry):
            guard let count = UInt32(exactly: entry.payload.count) else { return nil }
            writer.write(Tag.prepare.rawValue)
            writer.write(entry.kind.rawValue)
            writer.write(entry.view.rawValue)
            writer.write(entry.lsn.rawValue)
            writer.write(entry.requestSlot.rawValue)
            writer.write(count)
            writer.write(entry.payload)
        case .commit(let view, let lsn):
            writer.write(Tag.commit.rawValue)
            writer.write(view.rawValue)
            writer.write(lsn.rawValue)
        }
        return writer.bytes
    }
}

extension ReplicaReply {
    private enum Tag: UInt8 {
        case prepared = 1
        case committed
    }

    /// Decodes a whole reply. A refusal in words fails with its first letter as the tag.
    public init(decoding bytes: [UInt8]) throws(ReplicaMessageError) {
        var reader = MessageReader(bytes)
        let tagByte: UInt8 = try reader.integer()
        guard let tag = Tag(rawValue: tagByte) else {
            throw .invalidResponseTag(tagByte, raw: String(decoding: bytes, as: UTF8.self))
        }
        let view = View(try reader.integer())
        let lsn = LSN(try reader.integer())
        let replica = ReplicaID(try reader.integer())
        try reader.requireEnd()
        switch tag {
        case .prepared: self = .prepared(view: view, lsn: lsn, replica: replica)
        case .committed: self = .committed(view: view, commitLSN: lsn, replica: replica)
        }
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 25)
        switch self {
        case .prepared(let view, let lsn, let replica):
            writer.write(Tag.prepared.rawValue)
            writer.write(view.rawValue)
            writer.write(lsn.rawValue)
            writer.write(replica.rawValue)
        case .committed(let view, let lsn, let replica):
            writer.write(Tag.committed.rawValue)
            writer.write(view.rawValue)
            writer.write(lsn.rawValue)
            writer.write(replica.rawValue)
        }
        return writer.bytes
    }
}

private struct MessageReader {
    private var reader: ByteReader

    init(_ bytes: [UInt8]) {
        reader = ByteReader(bytes)
    }

    mutating func integer<Value: FixedWidthInteger>() throws(ReplicaMessageError) -> Value {
        do { return try reader.readInteger() } catch { throw .bufferTooShort }
    }

    mutating func byteString() throws(ReplicaMessageError) -> [UInt8] {
        let count: UInt32 = try integer()
        do { return try reader.readBytes(Int(count)) } catch { throw .bufferTooShort }
    }

    func requireEnd() throws(ReplicaMessageError) {
        guard reader.isAtEnd else { throw .trailingBytes }
    }
}
