/// Which chunks a record has and how it ends: from the index of a finished record, or from
/// looking at every frame of one that has none because the tool was killed.
struct RecordIndex: Sendable {
    let header: RunHeader
    let chunks: [ChunkPlace]
    let ending: NativeRecordReader.Ending
    let frames: FrameReader

    var eventCount: UInt64 { chunks.reduce(0) { $0 + $1.eventCount } }

    /// Opens a record. One that is still being written is taken as far as it is.
    init(path: String) throws(HistoryFileError) {
        var frames = try FrameReader(path: path)
        header = try frames.header()
        self.frames = frames
        if let chunks = try Self.storedIndex(frames, header) {
            self.chunks = chunks
            ending = .finished
            return
        }
        var scan = Scan(frames: frames, mayHaveGaps: header.origin.mayHaveGaps)
        ending = try scan.run()
        chunks = scan.chunks
    }

    /// The index that the end frame points at; nil when the file does not end with one.
    private static func storedIndex(
        _ frames: FrameReader, _ header: RunHeader
    ) throws(HistoryFileError) -> [ChunkPlace]? {
        switch frames.version {
        case .one: return nil
        case .two: break
        }
        let endStart = frames.length - NativeFormat.endFrameBytes
        guard let end = try frames.frame(at: endStart, endingAt: frames.length),
            end.type == .end
        else { return nil }
        do throws(VarintReader.Malformed) {
            let (eventCount, indexOffset) = try IndexCoding.end(end.payload)
            guard let place = Int(exactly: indexOffset), place < endStart else {
                throw VarintReader.Malformed(problem: "an end that points at \(indexOffset)")
            }
            // A damaged index is found, and told, by looking at every frame.
            guard let index = try? frames.frame(at: place, endingAt: endStart),
                index.type == .index
            else { return nil }
            let chunks = try IndexCoding.chunks(index.payload, from: frames.offset)
            let behind = chunks.last.map { $0.offset + $0.byteCount } ?? frames.offset
            guard behind == place, chunks.reduce(0, { $0 + $1.eventCount }) == eventCount else {
                throw VarintReader.Malformed(problem: "an index that does not fit the record")
            }
            guard header.origin.mayHaveGaps || chunks.allSatisfy(\.isWithoutGap),
                header.origin.mayHaveGaps || (chunks.last?.next.rawValue ?? 1) == eventCount + 1
            else { throw VarintReader.Malformed(problem: "a record with gaps") }
            return chunks
        } catch {
            throw frames.malformed(at: endStart, error.problem)
        }
    }

    /// Finds the chunks by their frames.
    private struct Scan {
        var frames: FrameReader
        let mayHaveGaps: Bool
        var chunks: [ChunkPlace] = []
        private var isInChunk = false
        private var next: UInt64 = 1
        private var indexOffset: Int?

        init(frames: FrameReader, mayHaveGaps: Bool) {
            self.frames = frames
            self.mayHaveGaps = mayHaveGaps
        }

        mutating func run() throws(HistoryFileError) -> NativeRecordReader.Ending {
            while let frame = try frames.next() {
                do throws(VarintReader.Malformed) {
                    guard try take(frame) else { continue }
                } catch {
                    throw frames.malformed(at: frame.offset, error.problem)
                }
                guard try frames.next() == nil, frames.tornBytes == 0 else {
                    throw frames.malformed(
                        at: frame.offset, "something follows the end of the record")
                }
                return .finished
            }
            return frames.tornBytes == 0 ? .cutOff : .torn(lostBytes: frames.tornBytes)
        }

        /// Takes a frame; true for the end of the record.
        private mutating func take(
            _ frame: FrameReader.Frame
        ) throws(VarintReader.Malformed) -> Bool {
            switch (frame.type, frames.version) {
            case (.header, _): throw VarintReader.Malformed(problem: "a second header")
            case (.events, .one):
                let piece = try VersionOne.chunkHead(frame.payload)
                try add(piece, frame)
                return false
            case (.events, .two):
                try add(try PieceHead.read(frame.payload).head, frame)
                return false
            case (.index, .one): throw VarintReader.Malformed(problem: "an unknown type of frame")
            case (.index, .two):
                guard indexOffset == nil else {
                    throw VarintReader.Malformed(problem: "a second index")
                }
                indexOffset = frame.offset
                return false
            case (.end, .one):
                try checkEnd(eventCount: try VersionOne.end(frame.payload))
                return true
            case (.end, .two):
                let (eventCount, offset) = try IndexCoding.end(frame.payload)
                guard let indexOffset, UInt64(indexOffset) == offset else {
                    throw VarintReader.Malformed(problem: "an end without its index")
                }
                try checkEnd(eventCount: eventCount)
                return true
            }
        }

        private mutating func add(
            _ piece: PieceHead, _ frame: FrameReader.Frame
        ) throws(VarintReader.Malformed) {
            guard indexOffset == nil else {
                throw VarintReader.Malformed(problem: "events behind the index")
            }
            guard piece.first.rawValue == next || (mayHaveGaps && piece.first.rawValue > next)
            else {
                throw VarintReader.Malformed(
                    problem: "events from \(piece.first) on where \(next) is next")
            }
            guard piece.beginsChunk != isInChunk else {
                throw VarintReader.Malformed(
                    problem: isInChunk ? "a chunk inside a chunk" : "a piece of no chunk")
            }
            if isInChunk {
                chunks[chunks.count - 1].extend(by: piece, frameBytes: frame.byteCount)
            } else {
                chunks.append(
                    ChunkPlace(piece, offset: frame.offset, frameBytes: frame.byteCount))
            }
            next = piece.next.rawValue
            isInChunk = !piece.endsChunk
        }

        private func checkEnd(eventCount: UInt64) throws(VarintReader.Malformed) {
            let found = chunks.reduce(0) { $0 + $1.eventCount }
            guard eventCount == found else {
                throw VarintReader.Malformed(
                    problem: "an end after \(eventCount) events where \(found) stand")
            }
        }
    }
}

extension ChunkPlace {
    var isWithoutGap: Bool { next.rawValue - first.rawValue == eventCount }
}
