import ByteCoding
public import LeaseKernel

/// The reference's prepared log, version 2 (replica.md 4): the whole set of entries in one
/// image, without a checksum.
public enum PreparedLogFormatV2 {
    public static let magic: [UInt8] = Array("RPLP".utf8)
    public static let version: UInt8 = 2
    static let headerBytes = 13
    static let entryHeaderBytes = 33

    /// What a reader accepts; nothing bounds what a replica appends (weakness R4).
    public struct Limits: Hashable, Sendable {
        /// Largest number of entries, the engine's `max_submission_queue`.
        public var maximumEntries: UInt32
        /// Largest payload in bytes, the engine's `max_command_bytes`.
        public var maximumPayloadBytes: UInt64

        public init(maximumEntries: UInt32, maximumPayloadBytes: UInt64) {
            self.maximumEntries = maximumEntries
            self.maximumPayloadBytes = maximumPayloadBytes
        }

        /// A longer file is refused before anything of it is decoded.
        public var maximumFileBytes: UInt64 {
            let (entry, tooLargeEntry) = maximumPayloadBytes.addingReportingOverflow(
                UInt64(entryHeaderBytes))
            let (body, tooLargeBody) = entry.multipliedReportingOverflow(
                by: UInt64(maximumEntries))
            let (total, tooLarge) = body.addingReportingOverflow(UInt64(headerBytes))
            return tooLargeEntry || tooLargeBody || tooLarge ? .max : total
        }
    }

    public static func encode(_ entries: PreparedEntries) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: headerBytes)
        writer.write(magic)
        writer.write(version)
        writer.write(UInt64(entries.count))
        for entry in entries.all {
            writer.write(entry.kind.rawValue)
            writer.write(entry.view.rawValue)
            writer.write(entry.lsn.rawValue)
            writer.write(entry.requestSlot.rawValue)
            writer.write(UInt64(entry.payload.count))
            writer.write(entry.payload)
        }
        return writer.bytes
    }

    /// The entries in `bytes`, in whatever order they are stored (replica.md 4.2).
    public static func decode(
        _ bytes: [UInt8], limits: Limits
    ) throws(PreparedLogDecodeError) -> PreparedEntries {
        var reader = ByteReader(bytes)
        do {
            guard try reader.readBytes(magic.count) == magic else {
                throw PreparedLogDecodeError.invalidMagic
            }
            let version = try reader.readUInt8()
            guard version == self.version else {
                throw PreparedLogDecodeError.unsupportedVersion(version)
            }
            let count = try reader.readUInt64()
            guard count <= UInt64(limits.maximumEntries) else {
                throw PreparedLogDecodeError.entryCountExceedsLimit(
                    count: count, maximum: limits.maximumEntries)
            }
            var seen: Set<LSN> = []
            var entries: [PreparedEntry] = []
            for _ in 0..<count {
                let entry = try readEntry(from: &reader, limits: limits)
                guard seen.insert(entry.lsn).inserted else {
                    throw PreparedLogDecodeError.invalidLayout
                }
                entries.append(entry)
            }
            guard reader.isAtEnd, let ordered = PreparedEntries(entries) else {
                throw PreparedLogDecodeError.invalidLayout
            }
            return ordered
        } catch let error as PreparedLogDecodeError {
            throw error
        } catch {
            // The only other error of this scope is the reader's end of input.
            throw .bufferTooShort
        }
    }

    /// The entries in a whole file, whose length is judged before its content.
    public static func load(
        _ file: [UInt8], limits: Limits
    ) throws(FileLoadFailure<PreparedLogDecodeError>) -> PreparedEntries {
        guard UInt64(file.count) <= limits.maximumFileBytes else {
            throw .tooLarge(length: UInt64(file.count), maximum: limits.maximumFileBytes)
        }
        do {
            return try decode(file, limits: limits)
        } catch {
            throw .undecodable(error)
        }
    }

    private static func readEntry(
        from reader: inout ByteReader, limits: Limits
    ) throws -> PreparedEntry {
        let kindNumber = try reader.readUInt8()
        guard let kind = PreparedEntry.Kind(rawValue: kindNumber) else {
            throw PreparedLogDecodeError.invalidPreparedKind(kindNumber)
        }
        let view = View(try reader.readUInt64())
        let lsn = LSN(try reader.readUInt64())
        let slot = Slot(try reader.readUInt64())
        let length = try reader.readUInt64()
        guard length <= limits.maximumPayloadBytes else {
            throw PreparedLogDecodeError.payloadTooLarge(
                length: length, maximum: limits.maximumPayloadBytes)
        }
        guard let byteCount = Int(exactly: length) else {
            throw PreparedLogDecodeError.bufferTooShort
        }
        return PreparedEntry(
            kind: kind, view: view, lsn: lsn, requestSlot: slot,
            payload: try reader.readBytes(byteCount))
    }
}

/// Why bytes are no prepared log (replica.md 4.2).
public enum PreparedLogDecodeError: Error, Hashable, Sendable {
    case bufferTooShort
    case invalidMagic
    case unsupportedVersion(UInt8)
    case entryCountExceedsLimit(count: UInt64, maximum: UInt32)
    case invalidPreparedKind(UInt8)
    case payloadTooLarge(length: UInt64, maximum: UInt64)
    case invalidLayout
}

extension PreparedLogDecodeError: DebugTextual {
    public var debugText: String {
        switch self {
        case .bufferTooShort: "BufferTooShort"
        case .invalidMagic: "InvalidMagic"
        case .unsupportedVersion(let version): "UnsupportedVersion(\(version))"
        case .entryCountExceedsLimit(let count, let maximum):
            "EntryCountExceedsLimit { count: \(count), max_entries: \(maximum) }"
        case .invalidPreparedKind(let kind): "InvalidPreparedKind(\(kind))"
        case .payloadTooLarge(let length, let maximum):
            "PayloadTooLarge { payload_len: \(length), max_command_bytes: \(maximum) }"
        case .invalidLayout: "InvalidLayout"
        }
    }
}
