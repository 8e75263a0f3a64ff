/// Where the events of one chunk stand in the file, and which they are. Chunks do not depend on
/// each other, so that several can be decoded at once.
struct ChunkPlace: Hashable, Sendable {
    /// Of the chunk's first frame.
    var offset: Int
    /// Of all its frames together.
    var byteCount: Int
    var first: Sequence
    var eventCount: UInt64
    /// Sequence behind the chunk's last event. Only an excerpt has gaps inside a chunk.
    var next: Sequence
    var earliest: RunInstant
    var latest: RunInstant

    /// Adds what stands behind it.
    mutating func extend(by piece: PieceHead, frameBytes: Int) {
        byteCount += frameBytes
        eventCount += UInt64(piece.eventCount)
        next = piece.next
        earliest = min(earliest, piece.earliest)
        latest = max(latest, piece.latest)
    }

    init(_ piece: PieceHead, offset: Int, frameBytes: Int) {
        self.offset = offset
        byteCount = frameBytes
        first = piece.first
        eventCount = UInt64(piece.eventCount)
        next = piece.next
        earliest = piece.earliest
        latest = piece.latest
    }

    init(
        offset: Int, byteCount: Int, first: Sequence, eventCount: UInt64, next: Sequence,
        earliest: RunInstant, latest: RunInstant
    ) {
        self.offset = offset
        self.byteCount = byteCount
        self.first = first
        self.eventCount = eventCount
        self.next = next
        self.earliest = earliest
        self.latest = latest
    }
}

/// What the payload of a piece says before its compressed bytes.
struct PieceHead: Hashable, Sendable {
    var flags: NativeFormat.PieceFlags.RawValue
    /// The events of a piece have consecutive sequences.
    var first: Sequence
    var eventCount: UInt32
    /// Bytes of the events before compression.
    var rawBytes: Int
    var earliest: RunInstant
    var latest: RunInstant

    var next: Sequence { Sequence(first.rawValue + UInt64(eventCount)) }
    var beginsChunk: Bool { flags & NativeFormat.PieceFlags.beginsChunk.rawValue != 0 }
    var endsChunk: Bool { flags & NativeFormat.PieceFlags.endsChunk.rawValue != 0 }

    /// Writes the whole beginning of the payload.
    func write(to writer: inout VarintWriter) {
        writer.byte(NativeFormat.FrameType.events.rawValue)
        writer.byte(NativeFormat.Version.two.rawValue)
        writer.byte(flags)
        writer.number(first.rawValue)
        writer.number(UInt64(eventCount))
        writer.number(UInt64(rawBytes))
        writer.number(earliest.rawValue)
        writer.number(latest.rawValue - earliest.rawValue)
    }

    /// Reads the head of a payload whose type and version are checked already; `bodyStart` is
    /// where the compressed bytes begin.
    static func read(
        _ payload: [UInt8]
    ) throws(VarintReader.Malformed) -> (head: PieceHead, bodyStart: Int) {
        var reader = VarintReader(payload, from: 2)
        let flags = try reader.byte()
        guard flags & ~NativeFormat.PieceFlags.all.rawValue == 0 else {
            throw VarintReader.Malformed(problem: "piece flags \(flags)")
        }
        let first = Sequence(try reader.number())
        let count: UInt32 = try reader.number()
        let rawBytes: UInt32 = try reader.number()
        let earliest: UInt64 = try reader.number()
        let (latest, overflow) = earliest.addingReportingOverflow(try reader.number())
        guard count > 0, !overflow, rawBytes <= NativeFormat.rawChunkLimit,
            first.rawValue > 0, first.rawValue <= .max - UInt64(count)
        else {
            throw VarintReader.Malformed(
                problem: "a piece of \(count) events from \(first) on in \(rawBytes) bytes")
        }
        let head = PieceHead(
            flags: flags, first: first, eventCount: count, rawBytes: Int(rawBytes),
            earliest: RunInstant(earliest), latest: RunInstant(latest))
        return (head, reader.position)
    }
}
