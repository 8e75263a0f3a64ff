import ByteCoding
import DurableFiles
public import LeaseKernel

/// The first bytes in each direction of a native peer stream: who speaks, for which shard.
///
/// The first byte tells the stream from the reference's one-shot messages, which begin with 1
/// or 2, on the same port.
public struct PeerHello: Hashable, Sendable {
    public var sender: ReplicaID
    public var shard: ShardID

    public init(sender: ReplicaID, shard: ShardID) {
        self.sender = sender
        self.shard = shard
    }

    public static let magic: [UInt8] = Array("ADBP".utf8)
    public static let version: UInt8 = 1
    public static let encodedLength = 25

    public func encode() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.encodedLength)
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.write(sender.rawValue)
        writer.write(shard.rawValue)
        writer.write(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// The hello at the beginning of `bytes`; nil when it is not complete yet.
    public init?(_ bytes: [UInt8]) throws(PeerCodecError) {
        let prefix = bytes.prefix(Self.magic.count)
        guard Self.magic.starts(with: prefix) else { throw .invalidHandshake }
        if bytes.count > Self.magic.count, bytes[Self.magic.count] != Self.version {
            throw .unsupportedVersion(bytes[Self.magic.count])
        }
        guard bytes.count >= Self.encodedLength else { return nil }
        var reader = ByteReader(bytes, range: Self.magic.count + 1..<Self.encodedLength)
        let fields: (sender: UInt64, shard: UInt64, checksum: UInt32)
        do {
            fields = (try reader.readUInt64(), try reader.readUInt64(), try reader.readUInt32())
        } catch {
            throw .invalidHandshake
        }
        guard fields.checksum == CRC32C.checksum(bytes[..<(Self.encodedLength - 4)]) else {
            throw .invalidHandshake
        }
        self.init(sender: ReplicaID(fields.sender), shard: ShardID(fields.shard))
    }
}

/// Frames of a peer stream: u32 length, u32 CRC-32C of the message, the message.
public enum PeerFrame {
    public static let headerLength = 8
    /// Longest message that is sent or read, in bytes: a batch, or one command of the largest
    /// size a client may send, with room for its fields.
    public static let maximumMessageBytes = 4 << 20

    public static func encode(_ message: PeerMessage) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 128)
        writer.write(UInt64(0))
        PeerMessageCodec.encode(message, to: &writer)
        let body = writer.bytes[headerLength...]
        writer.overwrite(UInt32(body.count), at: 0)
        writer.overwrite(CRC32C.checksum(writer.bytes[headerLength...]), at: 4)
        return writer.bytes
    }
}

/// Cuts the bytes of one stream into messages. Holds at most one incomplete frame and what was
/// fed last; a frame that announces more than the limit ends the stream.
public struct PeerFrameReader: Sendable {
    private var buffer: [UInt8] = []
    private var consumed = 0

    public init() {}

    public mutating func feed(_ bytes: some Sequence<UInt8>) {
        if consumed > 0 {
            buffer.removeFirst(consumed)
            consumed = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next complete message; nil when more bytes are needed. After an error the stream is
    /// of no more use.
    public mutating func next() throws(PeerCodecError) -> PeerMessage? {
        var reader = ByteReader(buffer, range: consumed..<buffer.count)
        let length: UInt32
        let checksum: UInt32
        do {
            length = try reader.readUInt32()
            checksum = try reader.readUInt32()
        } catch {
            return nil
        }
        guard length <= PeerFrame.maximumMessageBytes else {
            throw .frameTooLong(UInt64(length), maximum: PeerFrame.maximumMessageBytes)
        }
        guard reader.remaining >= Int(length) else { return nil }
        let range = reader.offset..<reader.offset + Int(length)
        guard CRC32C.checksum(buffer[range]) == checksum else { throw .invalidChecksum }
        let message = try PeerMessageCodec.decode(buffer, in: range)
        consumed = range.upperBound
        return message
    }
}
