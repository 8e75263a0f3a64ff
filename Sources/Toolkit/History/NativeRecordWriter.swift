import ByteCoding
import Compression
import DurableFiles
import SystemCalls

/// Writes a native record of version 2 event by event. Memory does not grow with the record,
/// but for the index, which takes some fifty bytes per chunk.
///
/// Events go to the file in pieces of compressed chunks; a piece can be read as soon as it is
/// written. `finish` adds the index and the mark of a whole record.
public struct NativeRecordWriter: ~Copyable {
    /// Level of compression: fast, as what is gained beyond it is little.
    private static let level: Int32 = 1

    public let path: String
    private let isExcerpt: Bool
    private var file: AppendFile
    private var compressor: ZstandardCompressor
    private var index: [ChunkPlace] = []
    private var isInChunk = false
    private var chunkRawBytes = 0
    private var nextSequence: UInt64 = 1
    private var eventCount: UInt64 = 0

    // The piece that is being gathered.
    private var raw = VarintWriter()
    private var pieceFirst: UInt64 = 1
    private var pieceCount: UInt32 = 0
    private var earliest: UInt64 = .max
    private var latest: UInt64 = 0
    private var previousTime: UInt64 = 0

    /// Creates the file, which must not exist yet; the header is on disk when this returns.
    public init(creating path: String, header: RunHeader) throws(HistoryFileError) {
        let file = try Self.create(path, header)
        let compressor: ZstandardCompressor
        do throws(Zstandard.Failure) {
            compressor = try ZstandardCompressor(level: Self.level)
        } catch {
            throw .cannotWrite(path: path, call: error.call, reason: error.reason)
        }
        self.path = path
        self.file = file
        self.compressor = compressor
        isExcerpt = header.origin.mayHaveGaps
    }

    private static func create(
        _ path: String, _ header: RunHeader
    ) throws(HistoryFileError) -> AppendFile {
        var writer = ByteWriter()
        writer.write(NativeFormat.magic)
        FrameLog.appendFrame(HeaderCoding.payload(header), to: &writer)
        do throws(SystemError) {
            // Claims the name, so that an earlier record is never continued by mistake.
            try FileSystem.open(path, .createNew).close()
            var file = try AppendFile(opening: path)
            try DurableFiles.syncFolder(Path.parent(of: path) ?? ".")
            try file.append(writer.bytes)
            try file.sync()
            return file
        } catch {
            throw .writing(path, error)
        }
    }

    /// Adds an event under its own sequence, which is the next one; in an excerpt it may be any
    /// later one.
    public mutating func append(_ event: HistoryEvent) throws(HistoryFileError) {
        let sequence = event.sequence.rawValue
        if sequence != nextSequence {
            guard isExcerpt, sequence > nextSequence else {
                throw .outOfOrder(
                    path: path, sequence: event.sequence, expected: Sequence(nextSequence))
            }
            try closePiece(endsChunk: false)
            nextSequence = sequence
        }
        try append(EncodedContent(event.content), at: event.time, by: event.process)
    }

    /// Adds an event under the next sequence.
    mutating func append(
        _ content: EncodedContent, at time: RunInstant, by process: ProcessID
    ) throws(HistoryFileError) {
        guard content.byteCount <= NativeFormat.eventLimit else {
            throw .eventTooLarge(path: path, bytes: content.byteCount)
        }
        if pieceCount == 0 { pieceFirst = nextSequence }
        raw.byte(content.tag)
        raw.number(time.rawValue &- previousTime)
        previousTime = time.rawValue
        raw.number(UInt64(process.rawValue))
        raw.append(content.writer.bytes)
        earliest = min(earliest, time.rawValue)
        latest = max(latest, time.rawValue)
        pieceCount += 1
        nextSequence += 1
        eventCount += 1
        if chunkRawBytes + raw.count >= NativeFormat.chunkBytes {
            try closePiece(endsChunk: true)
        }
    }

    /// Hands everything added so far to the system: it survives a kill of this process.
    public mutating func flush() throws(HistoryFileError) {
        try closePiece(endsChunk: false)
    }

    /// Waits until the disk has what was flushed: it survives a power cut.
    public func sync() throws(HistoryFileError) {
        do throws(SystemError) {
            try file.sync()
        } catch {
            throw .writing(path, error)
        }
    }

    /// Ends the record: everything is on disk, with the index and the mark of a whole record.
    /// With `isWhole` false the mark is left out, as in the record that this is a copy of.
    public mutating func finish(isWhole: Bool = true) throws(HistoryFileError) {
        try closePiece(endsChunk: false)
        if isWhole {
            let offset = file.length
            var writer = ByteWriter()
            FrameLog.appendFrame(IndexCoding.payload(index), to: &writer)
            FrameLog.appendFrame(
                IndexCoding.end(eventCount: eventCount, indexOffset: offset), to: &writer)
            try write(writer.bytes)
        }
        try sync()
    }

    private mutating func closePiece(endsChunk: Bool) throws(HistoryFileError) {
        guard pieceCount > 0 else { return }
        var flags: NativeFormat.PieceFlags = endsChunk ? .endsChunk : []
        if !isInChunk { flags.insert(.beginsChunk) }
        let head = PieceHead(
            flags: flags.rawValue, first: Sequence(pieceFirst), eventCount: pieceCount,
            rawBytes: raw.count, earliest: RunInstant(earliest), latest: RunInstant(latest))
        var writer = VarintWriter(reservingCapacity: raw.count / 2 + 64)
        head.write(to: &writer)
        var payload = writer.bytes
        do throws(Zstandard.Failure) {
            try compressor.append(raw.bytes, ends: endsChunk, to: &payload)
        } catch {
            throw .cannotWrite(path: path, call: error.call, reason: error.reason)
        }
        let frame = FrameLog.frame(payload)
        if isInChunk {
            index[index.count - 1].extend(by: head, frameBytes: frame.count)
        } else {
            index.append(ChunkPlace(head, offset: file.length, frameBytes: frame.count))
        }
        try write(frame)
        isInChunk = !endsChunk
        chunkRawBytes = endsChunk ? 0 : chunkRawBytes + raw.count
        if endsChunk { previousTime = 0 }
        raw.removeAll()
        pieceCount = 0
        (earliest, latest) = (.max, 0)
    }

    private mutating func write(_ bytes: [UInt8]) throws(HistoryFileError) {
        do throws(SystemError) {
            try file.append(bytes)
        } catch {
            throw .writing(path, error)
        }
    }
}
