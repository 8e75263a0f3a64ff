import Compression

/// Decodes whole chunks, each on its own. One per thread: it keeps the memory and the state of
/// the decompression.
struct ChunkDecoder: ~Copyable {
    private let frames: FrameReader
    private var decompressor: ZstandardDecompressor
    private var raw: [UInt8] = []

    init(_ frames: FrameReader) throws(HistoryFileError) {
        self.frames = frames
        do throws(Zstandard.Failure) {
            decompressor = try ZstandardDecompressor()
        } catch {
            throw .cannotRead(path: frames.path, call: error.call, reason: error.reason)
        }
    }

    /// The events of a chunk. Whatever in it is not as the index or a frame says is an error.
    mutating func events(of chunk: ChunkPlace) throws(HistoryFileError) -> [HistoryEvent] {
        let frames = try self.frames.frames(chunk.offset..<chunk.offset + chunk.byteCount)
        do throws(VarintReader.Malformed) {
            switch self.frames.version {
            case .one: return try versionOne(frames)
            case .two: return try versionTwo(frames, chunk)
            }
        } catch {
            throw self.frames.malformed(at: chunk.offset, error.problem)
        }
    }

    /// The same events in a fixed size each.
    mutating func plain(_ chunk: ChunkPlace) throws(HistoryFileError) -> PlainChunk {
        if frames.version == .two {
            let frames = try self.frames.frames(chunk.offset..<chunk.offset + chunk.byteCount)
            do throws(VarintReader.Malformed) {
                if let plain = try plain(frames, chunk) { return plain }
            } catch {
                throw self.frames.malformed(at: chunk.offset, error.problem)
            }
        }
        return PlainChunk(try events(of: chunk))
    }

    /// Nil for what the other decoder is to find words for.
    private mutating func plain(
        _ frames: [FrameReader.Frame], _ chunk: ChunkPlace
    ) throws(VarintReader.Malformed) -> PlainChunk? {
        let heads = try Self.heads(of: frames, in: chunk)
        try decompress(frames, heads)
        var plain = PlainChunk(first: chunk.first)
        plain.isWithoutGap = chunk.isWithoutGap
        plain.events.reserveCapacity(Int(chunk.eventCount))
        var decoder = PlainDecoder()
        var place = 0
        for (head, _) in heads {
            place += head.rawBytes
            decoder.decode(raw.span, count: head.eventCount, end: place, into: &plain)
        }
        return decoder.isMalformed ? nil : plain
    }

    private func versionOne(
        _ frames: [FrameReader.Frame]
    ) throws(VarintReader.Malformed) -> [HistoryEvent] {
        var events: [HistoryEvent] = []
        for frame in frames {
            let head = try VersionOne.chunkHead(frame.payload)
            var decoder = EventDecoder(frame.payload, from: VersionOne.chunkHeaderBytes)
            try Self.decode(head, with: &decoder, into: &events)
            try decoder.checkEnd(at: frame.payload.count)
        }
        return events
    }

    private mutating func versionTwo(
        _ frames: [FrameReader.Frame], _ chunk: ChunkPlace
    ) throws(VarintReader.Malformed) -> [HistoryEvent] {
        let heads = try Self.heads(of: frames, in: chunk)
        try decompress(frames, heads)
        var events: [HistoryEvent] = []
        events.reserveCapacity(Int(chunk.eventCount))
        var decoder = EventDecoder(raw)
        var place = 0
        for (head, _) in heads {
            try Self.decode(head, with: &decoder, into: &events)
            place += head.rawBytes
            try decoder.checkEnd(at: place)
        }
        return events
    }

    /// What the pieces say of themselves, which together is what is known of the chunk.
    private static func heads(
        of frames: [FrameReader.Frame], in chunk: ChunkPlace
    ) throws(VarintReader.Malformed) -> [(head: PieceHead, bodyStart: Int)] {
        var heads: [(head: PieceHead, bodyStart: Int)] = []
        var found: ChunkPlace?
        var rawBytes = 0
        for frame in frames {
            guard frame.type == .events else {
                throw VarintReader.Malformed(problem: "no events where a chunk should be")
            }
            let (head, bodyStart) = try PieceHead.read(frame.payload)
            guard head.beginsChunk == heads.isEmpty else {
                throw VarintReader.Malformed(problem: "pieces of several chunks in one")
            }
            heads.append((head, bodyStart))
            rawBytes += head.rawBytes
            if found == nil {
                found = ChunkPlace(head, offset: frame.offset, frameBytes: frame.byteCount)
            } else {
                found?.extend(by: head, frameBytes: frame.byteCount)
            }
        }
        guard found == chunk else {
            throw VarintReader.Malformed(problem: "a chunk that is not what the index says")
        }
        // No event takes fewer than four bytes, so this bounds their number as well.
        guard rawBytes <= NativeFormat.rawChunkLimit, chunk.eventCount * 4 <= rawBytes else {
            throw VarintReader.Malformed(
                problem: "\(chunk.eventCount) events in \(rawBytes) bytes")
        }
        return heads
    }

    private mutating func decompress(
        _ frames: [FrameReader.Frame], _ heads: [(head: PieceHead, bodyStart: Int)]
    ) throws(VarintReader.Malformed) {
        raw.removeAll(keepingCapacity: true)
        do throws(Zstandard.Failure) {
            try decompressor.beginStream()
            for (frame, (head, bodyStart)) in zip(frames, heads) {
                try decompressor.append(
                    frame.payload[bodyStart...], holding: head.rawBytes, to: &raw)
            }
        } catch {
            throw VarintReader.Malformed(problem: "\(error)")
        }
    }

    private static func decode(
        _ head: PieceHead, with decoder: inout EventDecoder, into events: inout [HistoryEvent]
    ) throws(VarintReader.Malformed) {
        decoder.begin(first: head.first, eventCount: head.eventCount)
        while let event = try decoder.next() { events.append(event) }
    }
}
