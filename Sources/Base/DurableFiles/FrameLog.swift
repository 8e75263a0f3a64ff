public import ByteCoding

/// Records in an append-only file: `u32 length, u32 crc32c, payload`, little-endian, the
/// checksum over length and payload.
public enum FrameLog {
    /// Bytes before each payload.
    public static let headerBytes = 8

    /// One record as it stands in the file.
    public static func frame(_ payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: headerBytes + payload.count)
        appendFrame(payload, to: &writer)
        return writer.bytes
    }

    /// Appends one record to a buffer that gathers several. A payload is at most 4 GiB - 1.
    public static func appendFrame(_ payload: [UInt8], to writer: inout ByteWriter) {
        let length = UInt32(payload.count)
        writer.write(length)
        writer.write(checksum(length: length, payload: payload[...]))
        writer.write(payload)
    }

    /// The checksum that stands in front of `payload`.
    public static func checksum(of payload: ArraySlice<UInt8>) -> UInt32 {
        checksum(length: UInt32(payload.count), payload: payload)
    }

    private static func checksum(length: UInt32, payload: ArraySlice<UInt8>) -> UInt32 {
        let header = withUnsafeBytes(of: length.littleEndian) { CRC32C.checksum($0) }
        return payload.withUnsafeBytes { CRC32C.extend(header, with: $0) }
    }
}
