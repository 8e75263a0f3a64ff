public import ByteCoding
public import ClusterProtocol
import DurableFiles
public import LeaseKernel

/// One record of the prepared journal (docs/reference/formats.md).
public enum JournalRecord: Hashable, Sendable {
    /// An entry that is durable here, committed or not.
    case entry(ReplicatedEntry)
    /// Everything up to this position is committed. A hint: it may be behind.
    case commit(LSN)
    /// Entries from this position on were given up.
    case discard(from: LSN)
    /// The log is on disk up to `durable`; the journal does not repeat what lies there.
    /// `highest` is the highest life that wrote anything up to there, as far as it is known.
    case baseline(durable: LSN, highest: Term)
    /// A primary began to serve: higher than every generation before.
    case generation(Generation)
    /// Begins a batch; everything before it was synced when it was written. Holds its own
    /// offset in the file.
    case batch(offset: UInt64)
}

/// The native prepared journal: append-only records behind a five-byte header, in the place of
/// the reference's prepared log (docs/reference/formats.md).
///
///     record = u32 length of type and body, u32 CRC-32C of type and body, u8 type, body
public enum JournalFormat {
    public static let magic: [UInt8] = Array("RPLP".utf8)
    public static let version: UInt8 = 3
    public static let header: [UInt8] = magic + [version]
    public static let recordHeaderLength = 8
    /// Longest type and body, in bytes: the largest command a client may send, with its fields.
    public static let maximumRecordBytes = 2 << 20

    public static func append(_ record: JournalRecord, to writer: inout ByteWriter) {
        let start = writer.bytes.count
        writer.write(UInt64(0))
        switch record {
        case .entry(let replicated):
            let entry = replicated.entry
            writer.write(RecordType.entry.rawValue)
            writer.write(entry.kind.rawValue)
            writer.write(entry.view.rawValue)
            writer.write(replicated.generation.rawValue)
            writer.write(entry.lsn.rawValue)
            writer.write(entry.requestSlot.rawValue)
            writer.write(entry.payload)
        case .commit(let lsn):
            writer.write(RecordType.commit.rawValue)
            writer.write(lsn.rawValue)
        case .discard(let from):
            writer.write(RecordType.discard.rawValue)
            writer.write(from.rawValue)
        case .baseline(let durable, let highest):
            writer.write(RecordType.baseline.rawValue)
            writer.write(durable.rawValue)
            writer.write(highest.view.rawValue)
            writer.write(highest.generation.rawValue)
        case .generation(let generation):
            writer.write(RecordType.generation.rawValue)
            writer.write(generation.rawValue)
        case .batch(let offset):
            writer.write(RecordType.batch.rawValue)
            writer.write(offset)
        }
        let body = start + recordHeaderLength
        writer.overwrite(UInt32(writer.bytes.count - body), at: start)
        writer.overwrite(CRC32C.checksum(writer.bytes[body...]), at: start + 4)
    }

    /// A whole file: header and records, as `replace` writes it. A mark of a batch ends it, so
    /// that damage to any of the records cannot pass for a torn tail.
    public static func encode(_ records: some Sequence<JournalRecord>) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(header)
        for record in records { append(record, to: &writer) }
        append(.batch(offset: UInt64(writer.bytes.count)), to: &writer)
        return writer.bytes
    }

    enum RecordType: UInt8 {
        case entry = 1
        case commit
        case discard
        case baseline
        case generation
        case batch
    }
}

/// Why a file is no journal of version 3, or one that lost synced records.
public enum JournalDecodeError: Error, Hashable, Sendable {
    case invalidMagic
    case unsupportedVersion(UInt8)
    /// The record at `offset` is damaged although a later batch proves that it was synced.
    case corrupt(offset: Int)
    /// A whole and valid record that makes no sense where it stands.
    case inconsistent(offset: Int)
}

extension JournalDecodeError: DebugTextual {
    public var debugText: String {
        switch self {
        case .invalidMagic: "InvalidMagic"
        case .unsupportedVersion(let version): "UnsupportedVersion(\(version))"
        case .corrupt(let offset): "Corrupt { offset: \(offset) }"
        case .inconsistent(let offset): "Inconsistent { offset: \(offset) }"
        }
    }
}

/// Everything a journal says, after reading it to its end.
public struct JournalContent: Hashable, Sendable {
    /// Consecutive, ascending; the first follows `baseline` or lies at or below it.
    public var entries: [ReplicatedEntry] = []
    public var commit = LSN(0)
    public var baseline = LSN(0)
    public var baselineHighest = Term.unknown
    /// The highest generation that any record names.
    public var highestGeneration = Generation.unknown
    /// Where the valid records end: what follows is a torn tail and may be cut.
    public var validBytes = 0

    public init() {}

    /// The highest life that wrote anything here: with the last normal view it ranks this log
    /// among those of other replicas (`LogStanding`).
    public var highestTerm: Term {
        entries.reduce(baselineHighest) { max($0, $1.term) }
    }
}

/// Reads a journal. A torn tail is the last batch, unsynced when the machine stopped; damage
/// before a later batch is corruption and never cut away.
public enum JournalReader {
    public static func read(_ file: [UInt8]) throws(JournalDecodeError) -> JournalContent {
        var content = JournalContent()
        let headerLength = JournalFormat.header.count
        guard file.count >= headerLength else {
            // The header is written by an atomic replacement: a shorter file is not ours.
            throw .invalidMagic
        }
        guard file.starts(with: JournalFormat.magic) else { throw .invalidMagic }
        guard file[headerLength - 1] == JournalFormat.version else {
            throw .unsupportedVersion(file[headerLength - 1])
        }
        var offset = headerLength
        while offset < file.count {
            guard let (record, next) = record(in: file, at: offset) else {
                if hasBatch(in: file, after: offset) { throw .corrupt(offset: offset) }
                break
            }
            try content.take(record, at: offset)
            offset = next
        }
        content.validBytes = offset
        return content
    }

    /// The record at `offset` and where the next one begins; nil for anything damaged.
    static func record(in file: [UInt8], at offset: Int) -> (JournalRecord, Int)? {
        var reader = ByteReader(file, range: offset..<file.count)
        guard let length = try? reader.readUInt32(), let checksum = try? reader.readUInt32(),
            length > 0, length <= JournalFormat.maximumRecordBytes,
            reader.remaining >= Int(length)
        else { return nil }
        let range = reader.offset..<reader.offset + Int(length)
        guard CRC32C.checksum(file[range]) == checksum else { return nil }
        var body = ByteReader(file, range: range)
        guard let record = try? decode(&body), body.isAtEnd else { return nil }
        return (record, range.upperBound)
    }

    private static func decode(_ body: inout ByteReader) throws(ByteReader.EndOfInput)
        -> JournalRecord?
    {
        guard let type = JournalFormat.RecordType(rawValue: try body.readUInt8()) else {
            return nil
        }
        switch type {
        case .entry:
            guard let kind = PreparedEntry.Kind(rawValue: try body.readUInt8()) else { return nil }
            let view = View(try body.readUInt64())
            let generation = Generation(try body.readUInt64())
            let lsn = LSN(try body.readUInt64())
            let slot = Slot(try body.readUInt64())
            let entry = PreparedEntry(
                kind: kind, view: view, lsn: lsn, requestSlot: slot, payload: body.readRest())
            return .entry(ReplicatedEntry(entry: entry, generation: generation))
        case .commit: return .commit(LSN(try body.readUInt64()))
        case .discard: return .discard(from: LSN(try body.readUInt64()))
        case .baseline:
            return .baseline(
                durable: LSN(try body.readUInt64()),
                highest: Term(
                    view: View(try body.readUInt64()),
                    generation: Generation(try body.readUInt64())))
        case .generation: return .generation(Generation(try body.readUInt64()))
        case .batch: return .batch(offset: try body.readUInt64())
        }
    }

    /// Whether a batch begins somewhere behind a damaged record. A batch is written only after
    /// the one before it was synced, so the damage is then no torn tail. The offset inside the
    /// record keeps bytes of a command from passing for one by accident.
    private static func hasBatch(in file: [UInt8], after damaged: Int) -> Bool {
        let length = JournalFormat.recordHeaderLength + 9
        var offset = damaged + 1
        while offset + length <= file.count {
            if file[offset] == 9, file[offset + 1] == 0,
                file[offset + 8] == JournalFormat.RecordType.batch.rawValue,
                case .batch(let own)? = record(in: file, at: offset)?.0, own == UInt64(offset)
            {
                return true
            }
            offset += 1
        }
        return false
    }
}

extension JournalContent {
    fileprivate mutating func take(
        _ record: JournalRecord, at offset: Int
    ) throws(JournalDecodeError) {
        switch record {
        case .entry(let replicated):
            let lsn = replicated.entry.lsn
            if let last = entries.last?.entry.lsn {
                guard lsn == last.successor else { throw .inconsistent(offset: offset) }
            } else {
                guard lsn > baseline else { throw .inconsistent(offset: offset) }
            }
            entries.append(replicated)
            highestGeneration = max(highestGeneration, replicated.generation)
        case .commit(let lsn):
            commit = max(commit, lsn)
        case .discard(let from):
            guard from > commit else { throw .inconsistent(offset: offset) }
            while let last = entries.last, last.entry.lsn >= from { entries.removeLast() }
        case .baseline(let durable, let highest):
            guard entries.isEmpty, durable >= baseline else {
                throw .inconsistent(offset: offset)
            }
            baseline = durable
            baselineHighest = highest
            commit = max(commit, durable)
            highestGeneration = max(highestGeneration, highest.generation)
        case .generation(let generation):
            highestGeneration = max(highestGeneration, generation)
        case .batch(let own):
            guard own == UInt64(offset) else { throw .inconsistent(offset: offset) }
        }
    }
}
