public import ByteCoding
import LeaseKernel

/// Why bytes of a peer stream are no message. The stream is closed: nothing after it can be
/// trusted to begin where a message begins.
public enum PeerCodecError: Error, Hashable, Sendable {
    case bufferTooShort
    case trailingBytes
    case invalidTag(UInt8)
    case invalidValue(field: String, UInt64)
    case frameTooLong(UInt64, maximum: Int)
    case invalidChecksum
    case invalidHandshake
    case unsupportedVersion(UInt8)
}

/// The bytes of one peer message, without the frame around them (docs/reference/formats.md).
public enum PeerMessageCodec {
    public static func encode(_ message: PeerMessage, to writer: inout ByteWriter) {
        writer.write(tag(of: message).rawValue)
        switch message {
        case .confirm(let term, let round), .confirmed(let term, let round):
            write(term, to: &writer)
            writer.write(round)
        case .append(let append):
            write(append, to: &writer)
        case .appended(let term, let matched, let commit):
            write(term, to: &writer)
            writer.write(matched.rawValue)
            write(commit, to: &writer)
        case .mismatch(let term, let resumeAfter):
            write(term, to: &writer)
            writer.write(resumeAfter.rawValue)
        case .snapshotChunk(let chunk):
            write(chunk.term, to: &writer)
            writer.write(chunk.snapshot.rawValue)
            write(chunk.highest, to: &writer)
            writer.write(chunk.totalBytes)
            writer.write(chunk.offset)
            writer.write(UInt32(chunk.bytes.count))
            writer.write(chunk.bytes)
        case .snapshotReceived(let term, let snapshot, let offset, let installed):
            write(term, to: &writer)
            writer.write(snapshot.rawValue)
            writer.write(offset)
            writer.write(UInt8(installed ? 1 : 0))
        case .status(let status):
            write(status, to: &writer)
        case .refused(let status, let reason):
            write(status, to: &writer)
            writer.write(reason.rawValue)
        }
    }

    public static func decode(_ bytes: [UInt8], in range: Range<Int>) throws(PeerCodecError)
        -> PeerMessage
    {
        var fields = PeerFields(reader: ByteReader(bytes, range: range))
        let message = try fields.message()
        guard fields.reader.isAtEnd else { throw .trailingBytes }
        return message
    }

    enum Tag: UInt8 {
        case confirm = 1
        case confirmed
        case append
        case appended
        case mismatch
        case snapshotChunk
        case snapshotReceived
        case status
        case refused
    }

    private static func tag(of message: PeerMessage) -> Tag {
        switch message {
        case .confirm: .confirm
        case .confirmed: .confirmed
        case .append: .append
        case .appended: .appended
        case .mismatch: .mismatch
        case .snapshotChunk: .snapshotChunk
        case .snapshotReceived: .snapshotReceived
        case .status: .status
        case .refused: .refused
        }
    }

    private static func write(_ append: AppendEntries, to writer: inout ByteWriter) {
        write(append.term, to: &writer)
        writer.write(append.previous.rawValue)
        writer.write(append.previousGeneration.rawValue)
        write(append.commit, to: &writer)
        writer.write(UInt32(append.entries.count))
        for replicated in append.entries {
            let entry = replicated.entry
            writer.write(entry.kind.rawValue)
            writer.write(entry.view.rawValue)
            writer.write(replicated.generation.rawValue)
            writer.write(entry.requestSlot.rawValue)
            writer.write(UInt32(entry.payload.count))
            writer.write(entry.payload)
        }
    }

    private static func write(_ term: Term, to writer: inout ByteWriter) {
        writer.write(term.view.rawValue)
        writer.write(term.generation.rawValue)
    }

    private static func write(_ mark: CommitMark, to writer: inout ByteWriter) {
        writer.write(mark.lsn.rawValue)
        writer.write(UInt8(mark.checksum == nil ? 0 : 1))
        writer.write(mark.checksum ?? 0)
    }

    private static func write(_ status: PeerStatus, to writer: inout ByteWriter) {
        writer.write(status.view.rawValue)
        writer.write(status.role.rawValue)
        writer.write(status.commit.rawValue)
        writer.write(status.highestPrepared.rawValue)
    }
}

private struct PeerFields {
    var reader: ByteReader

    mutating func integer<Value: FixedWidthInteger>() throws(PeerCodecError) -> Value {
        do { return try reader.readInteger() } catch { throw .bufferTooShort }
    }

    mutating func message() throws(PeerCodecError) -> PeerMessage {
        let number: UInt8 = try integer()
        guard let tag = PeerMessageCodec.Tag(rawValue: number) else { throw .invalidTag(number) }
        switch tag {
        case .confirm: return .confirm(try term(), round: try integer())
        case .confirmed: return .confirmed(try term(), round: try integer())
        case .append: return .append(try append())
        case .appended:
            return .appended(try term(), matched: LSN(try integer()), commit: try mark())
        case .mismatch: return .mismatch(try term(), resumeAfter: LSN(try integer()))
        case .snapshotChunk:
            return .snapshotChunk(
                SnapshotChunk(
                    term: try term(), snapshot: LSN(try integer()),
                    highest: try term(), totalBytes: try integer(),
                    offset: try integer(), bytes: try bytes()))
        case .snapshotReceived:
            return .snapshotReceived(
                try term(), snapshot: LSN(try integer()), offset: try integer(),
                installed: try flag("installed"))
        case .status: return .status(try status())
        case .refused:
            let status = try status()
            let reason: UInt8 = try integer()
            guard let refusal = PeerRefusal(rawValue: reason) else {
                throw .invalidValue(field: "refusal", UInt64(reason))
            }
            return .refused(status, refusal)
        }
    }

    private mutating func append() throws(PeerCodecError) -> AppendEntries {
        let term = try term()
        let previous = LSN(try integer())
        let previousGeneration = Generation(try integer())
        let commit = try mark()
        let count: UInt32 = try integer()
        // The shortest entry has 29 bytes: the count is believed only as far as they are there.
        guard Int(count) <= reader.remaining / 29 else { throw .bufferTooShort }
        guard previous.rawValue <= .max - UInt64(count) else {
            throw .invalidValue(field: "previous", previous.rawValue)
        }
        var entries: [ReplicatedEntry] = []
        entries.reserveCapacity(Int(count))
        for index in 0..<UInt64(count) {
            let number: UInt8 = try integer()
            guard let kind = PreparedEntry.Kind(rawValue: number) else {
                throw .invalidValue(field: "kind", UInt64(number))
            }
            let view = View(try integer())
            let generation = Generation(try integer())
            let slot = Slot(try integer())
            let entry = PreparedEntry(
                kind: kind, view: view, lsn: LSN(previous.rawValue + 1 + index),
                requestSlot: slot, payload: try bytes())
            entries.append(ReplicatedEntry(entry: entry, generation: generation))
        }
        return AppendEntries(
            term: term, previous: previous, previousGeneration: previousGeneration,
            commit: commit, entries: entries)
    }

    private mutating func term() throws(PeerCodecError) -> Term {
        Term(view: View(try integer()), generation: Generation(try integer()))
    }

    private mutating func mark() throws(PeerCodecError) -> CommitMark {
        let lsn = LSN(try integer())
        let known = try flag("checksum")
        let checksum: UInt32 = try integer()
        return CommitMark(lsn: lsn, checksum: known ? checksum : nil)
    }

    private mutating func status() throws(PeerCodecError) -> PeerStatus {
        let view = View(try integer())
        let number: UInt8 = try integer()
        guard let role = ReplicaRole(rawValue: number) else {
            throw .invalidValue(field: "role", UInt64(number))
        }
        return PeerStatus(
            view: view, role: role, commit: LSN(try integer()),
            highestPrepared: LSN(try integer()))
    }

    private mutating func bytes() throws(PeerCodecError) -> [UInt8] {
        let count: UInt32 = try integer()
        do { return try reader.readBytes(Int(count)) } catch { throw .bufferTooShort }
    }

    private mutating func flag(_ field: String) throws(PeerCodecError) -> Bool {
        let number: UInt8 = try integer()
        guard number <= 1 else { throw .invalidValue(field: field, UInt64(number)) }
        return number == 1
    }
}
