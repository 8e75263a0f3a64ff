import ByteCoding
import DurableFiles
public import LeaseKernel

/// Why bytes are no log frame (durability.md 2.1).
public enum FrameError: Error, Hashable, Sendable {
    case bufferTooShort
    case invalidMagic(UInt32)
    case invalidVersion(UInt16)
    case invalidRecordType(UInt8)
    case invalidChecksum
}

/// One record of the write-ahead log (durability.md 2).
public struct WALFrame: Hashable, Sendable {
    public enum RecordType: UInt8, CaseIterable, Hashable, Sendable {
        /// Operation id, client id and command, exactly as received.
        case clientCommand = 1
        /// A bare command.
        case internalCommand
        /// A checkpoint was taken at this LSN; carries no state.
        case snapshotMarker
    }

    public var lsn: LSN
    public var requestSlot: Slot
    public var recordType: RecordType
    public var payload: [UInt8]

    public init(lsn: LSN, requestSlot: Slot, recordType: RecordType, payload: [UInt8]) {
        self.lsn = lsn
        self.requestSlot = requestSlot
        self.recordType = recordType
        self.payload = payload
    }

    /// Bytes `4C 42 44 41`.
    public static let magic: UInt32 = 0x4144_424C
    public static let version: UInt16 = 1
    public static let headerLength = 31

    /// Where the checksum begins: inside the LSN, so that its two low-order bytes, the magic and
    /// the version are not covered. Kept because files are exchanged (durability.md 2).
    private static let checksumStart = 8
    private static let checksumOffset = 27

    public var encodedLength: Int { Self.headerLength + payload.count }

    /// The payload must be shorter than 4 GiB; `EngineConfiguration.maxCommandBytes` keeps it so.
    public func encode() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: encodedLength)
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.write(lsn.rawValue)
        writer.write(requestSlot.rawValue)
        writer.write(recordType.rawValue)
        writer.write(UInt32(truncatingIfNeeded: payload.count))
        writer.write(UInt32(0))
        writer.write(payload)
        writer.overwrite(
            CRC32C.checksum(writer.bytes[Self.checksumStart...]), at: Self.checksumOffset)
        return writer.bytes
    }

    /// Length of the frame that begins at `offset`, from its header alone; neither the checksum
    /// nor the length of the buffer is compared.
    public static func encodedLength(
        of bytes: [UInt8], at offset: Int = 0
    ) throws(FrameError) -> Int {
        headerLength + (try header(of: bytes, at: offset)).payloadLength
    }

    /// Reads the frame that begins at `offset`; what follows it is ignored.
    public static func decode(_ bytes: [UInt8], at offset: Int = 0) throws(FrameError) -> WALFrame {
        let header = try header(of: bytes, at: offset)
        let payloadStart = offset + headerLength
        guard bytes.count - payloadStart >= header.payloadLength else { throw .bufferTooShort }
        let end = payloadStart + header.payloadLength
        let checksum = bytes.withUnsafeBytes { buffer in
            let head = UnsafeRawBufferPointer(
                rebasing: buffer[offset + checksumStart..<offset + checksumOffset])
            let payload = UnsafeRawBufferPointer(rebasing: buffer[payloadStart..<end])
            let withField = CRC32C.extend(CRC32C.checksum(head), with: [0, 0, 0, 0])
            return CRC32C.extend(withField, with: payload)
        }
        guard checksum == header.checksum else { throw .invalidChecksum }
        return WALFrame(
            lsn: header.lsn, requestSlot: header.requestSlot, recordType: header.recordType,
            payload: Array(bytes[payloadStart..<end]))
    }

    private struct Header {
        let lsn: LSN
        let requestSlot: Slot
        let recordType: RecordType
        let payloadLength: Int
        let checksum: UInt32
    }

    private static func header(
        of bytes: [UInt8], at offset: Int
    ) throws(FrameError) -> Header {
        guard offset >= 0, bytes.count - offset >= headerLength else { throw .bufferTooShort }
        var reader = ByteReader(bytes, range: offset..<offset + headerLength)
        do {
            let magic = try reader.readUInt32()
            let version = try reader.readUInt16()
            let lsn = LSN(try reader.readUInt64())
            let requestSlot = Slot(try reader.readUInt64())
            let type = try reader.readUInt8()
            let payloadLength = Int(try reader.readUInt32())
            let checksum = try reader.readUInt32()
            guard magic == Self.magic else { throw FrameError.invalidMagic(magic) }
            guard version == Self.version else { throw FrameError.invalidVersion(version) }
            guard let recordType = RecordType(rawValue: type) else {
                throw FrameError.invalidRecordType(type)
            }
            return Header(
                lsn: lsn, requestSlot: requestSlot, recordType: recordType,
                payloadLength: payloadLength, checksum: checksum)
        } catch let error as FrameError {
            throw error
        } catch {
            // The range holds a whole header, so no field can be cut off.
            throw .bufferTooShort
        }
    }
}
