public import ByteCoding
public import SystemCalls

/// Records in an append-only file: `u32 length, u32 crc32c, payload`, little-endian, the
/// checksum over length and payload. What a crash tore off at the end is found and cut.
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

    /// Why reading stopped.
    public enum End: Equatable, Sendable {
        /// The last record ends where the bytes end.
        case clean
        /// From this offset on there is no complete record with a right checksum, and no such
        /// record follows: what a crash during an append leaves.
        case tornTail(offset: Int)
        /// A damaged record at this offset is followed by an intact one: not a crash but
        /// damage, and cutting here would throw away good records.
        case damaged(offset: Int)
    }

    public struct Scan: Sendable {
        public let payloads: [[UInt8]]
        public let end: End
        /// Bytes covered by the intact records from the start.
        public let validBytes: Int
    }

    /// Reads records from `start`. A length above `payloadLimit` counts as damage.
    public static func scan(
        _ bytes: [UInt8], from start: Int = 0, payloadLimit: Int
    ) -> Scan {
        var payloads: [[UInt8]] = []
        var offset = start
        while let next = record(in: bytes, at: offset, payloadLimit: payloadLimit) {
            payloads.append(Array(bytes[next]))
            offset = next.upperBound
        }
        let end: End
        if offset >= bytes.count {
            end = .clean
        } else if hasRecord(in: bytes, after: offset, payloadLimit: payloadLimit) {
            end = .damaged(offset: offset)
        } else {
            end = .tornTail(offset: offset)
        }
        return Scan(payloads: payloads, end: end, validBytes: offset)
    }

    /// The payload range of the intact record at `offset`; nil when there is none.
    private static func record(
        in bytes: [UInt8], at offset: Int, payloadLimit: Int
    ) -> Range<Int>? {
        guard offset + headerBytes <= bytes.count else { return nil }
        var reader = ByteReader(bytes, range: offset..<bytes.count)
        guard let length = try? reader.readUInt32(), let stored = try? reader.readUInt32(),
            length <= payloadLimit, Int(length) <= reader.remaining
        else { return nil }
        let payload = reader.offset..<reader.offset + Int(length)
        // An empty record is never written, so zeros (a grown but unwritten tail) are no record.
        guard length > 0, checksum(length: length, payload: bytes[payload]) == stored else {
            return nil
        }
        return payload
    }

    /// Whether the record that the damaged one claims to precede is intact.
    private static func hasRecord(
        in bytes: [UInt8], after offset: Int, payloadLimit: Int
    ) -> Bool {
        var reader = ByteReader(bytes, range: offset..<bytes.count)
        guard let length = try? reader.readUInt32(), length <= payloadLimit else { return false }
        let next = offset + headerBytes + Int(length)
        return record(in: bytes, at: next, payloadLimit: payloadLimit) != nil
    }

    private static func checksum(length: UInt32, payload: ArraySlice<UInt8>) -> UInt32 {
        let header = withUnsafeBytes(of: length.littleEndian) { CRC32C.checksum($0) }
        return payload.withUnsafeBytes { CRC32C.extend(header, with: $0) }
    }
}

/// A frame log on disk, open for appending after what was there has been read.
public struct FrameLogFile: Sendable {
    private var file: AppendFile
    /// What opening found; the torn tail, if any, is cut already.
    public let recovered: FrameLog.Scan

    /// A log with damage in the middle, which opening never touches.
    public enum OpenError: Error, Sendable, CustomStringConvertible {
        case system(SystemError)
        case damaged(path: String, offset: Int)

        public var description: String {
            switch self {
            case .system(let error): "\(error)"
            case .damaged(let path, let offset):
                "\(path): damaged record at offset \(offset), intact records follow; "
                    + "restore the file from a copy"
            }
        }
    }

    /// Opens or creates the log, reads every record and cuts a torn tail.
    public init(
        opening path: String, payloadLimit: Int, byteLimit: Int
    ) throws(OpenError) {
        do throws(SystemError) {
            let bytes = try DurableFiles.readIfPresent(path, limit: byteLimit) ?? []
            recovered = FrameLog.scan(bytes, payloadLimit: payloadLimit)
            file = try AppendFile(opening: path)
        } catch {
            throw .system(error)
        }
        switch recovered.end {
        case .clean: break
        case .damaged(let offset): throw .damaged(path: path, offset: offset)
        case .tornTail(let offset):
            do throws(SystemError) {
                try file.truncate(to: offset)
                try file.sync()
            } catch {
                throw .system(error)
            }
        }
    }

    /// Appends records in one write, without sync.
    public mutating func append(_ payloads: [[UInt8]]) throws(SystemError) {
        var writer = ByteWriter()
        for payload in payloads { FrameLog.appendFrame(payload, to: &writer) }
        try file.append(writer.bytes)
    }

    public func sync() throws(SystemError) {
        try file.sync()
    }
}
