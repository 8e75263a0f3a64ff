public import SystemCalls

/// Reads a native record event by event, or chunk by chunk. Memory does not grow with the record:
/// a few decoded chunks wait at most, and a few dozen bytes are kept per chunk.
///
/// The record of a tool that was killed ends inside a frame, or without the end mark: everything
/// up to there is read, and `ending` says what was found.
public struct NativeRecordReader {
    /// How a record ends.
    public enum Ending: Hashable, Sendable {
        /// With the mark of a finished recording.
        case finished
        /// Between two frames, without the mark.
        case cutOff
        /// Inside a frame: this many bytes at the end are none of a whole frame.
        case torn(lostBytes: Int)
    }

    /// What is known of one chunk without decoding it.
    public struct Chunk: Hashable, Sendable {
        /// Bytes on disk.
        public let byteCount: Int
        public let first: Sequence
        public let eventCount: UInt64
        /// Of all its events; version 1 does not tell.
        public let times: ClosedRange<RunInstant>?
    }

    public let path: String
    public let header: RunHeader
    public let ending: Ending
    /// Version of the format, 1 or 2.
    public let formatVersion: Int
    /// Number of events in the whole record.
    public let eventCount: UInt64

    private let places: [ChunkPlace]
    private let frames: FrameReader
    private let jobs: Int
    private var selected: [ChunkPlace]?
    private var prefetch: OrderedPrefetch<Result<[HistoryEvent], HistoryFileError>>?
    private var plainPrefetch: OrderedPrefetch<Result<PlainChunk, HistoryFileError>>?
    private var batch: [HistoryEvent] = []
    private var position = 0

    /// Whether the file begins as a native record does.
    public static func isNativeRecord(_ path: String) throws(HistoryFileError) -> Bool {
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            return try file.read(atMost: NativeFormat.magic.count) == NativeFormat.magic
        } catch {
            throw .reading(path, error)
        }
    }

    /// Opens a record and finds its chunks. `jobs` threads decode; of a record of few chunks
    /// fewer.
    public init(path: String, jobs: Int = Processors.count) throws(HistoryFileError) {
        self.path = path
        self.jobs = jobs
        let index = try RecordIndex(path: path)
        header = index.header
        ending = index.ending
        eventCount = index.eventCount
        places = index.chunks
        frames = index.frames
        formatVersion = Int(index.frames.version.rawValue)
    }

    /// What the index tells of each chunk.
    public var chunks: [Chunk] {
        places.map { place in
            Chunk(
                byteCount: place.byteCount, first: place.first, eventCount: place.eventCount,
                times: frames.version == .one ? nil : place.earliest...place.latest)
        }
    }

    /// Leaves out, before anything was read, every chunk in which nothing of interest can be.
    /// Of those that remain all events are read.
    public mutating func skipChunks(unless isOfInterest: (Chunk) -> Bool) {
        selected = zip(chunks, places).filter { isOfInterest($0.0) }.map(\.1)
    }

    /// The next event; nil at the end of the record.
    public mutating func next() throws(HistoryFileError) -> HistoryEvent? {
        while position == batch.count {
            guard let next = try nextBatch() else { return nil }
            batch = next
            position = 0
        }
        defer { position += 1 }
        return batch[position]
    }

    /// The events of the next chunk; nil at the end of the record. Not to be mixed with `next`.
    public mutating func nextBatch() throws(HistoryFileError) -> [HistoryEvent]? {
        if prefetch == nil {
            prefetch = try decode(selected ?? places) {
                (decoder, place) throws(HistoryFileError) in try decoder.events(of: place)
            }
        }
        guard let decoded = prefetch?.next() else { return nil }
        return try decoded.get()
    }

    /// The same as `nextBatch`, with events of a fixed size. Not to be mixed with the others.
    public mutating func nextPlainChunk() throws(HistoryFileError) -> PlainChunk? {
        if plainPrefetch == nil {
            plainPrefetch = try decode(selected ?? places) {
                (decoder, place) throws(HistoryFileError) in try decoder.plain(place)
            }
        }
        guard let decoded = plainPrefetch?.next() else { return nil }
        return try decoded.get()
    }
}

extension NativeRecordReader {
    /// Decodes chunks ahead; behind the first that cannot be decoded comes nothing.
    private func decode<Output: Sendable>(
        _ chunks: [ChunkPlace],
        _ one:
            @escaping @Sendable (inout ChunkDecoder, ChunkPlace) throws(HistoryFileError)
            -> Output
    ) throws(HistoryFileError) -> OrderedPrefetch<Result<Output, HistoryFileError>> {
        let frames = frames
        do throws(SystemError) {
            return try OrderedPrefetch(chunks.count, threads: jobs) { numbers, give in
                do throws(HistoryFileError) {
                    var decoder = try ChunkDecoder(frames)
                    for number in numbers {
                        let output = try one(&decoder, chunks[number])
                        guard give(.success(output)) else { return }
                    }
                } catch {
                    _ = give(.failure(error))
                }
            }
        } catch {
            throw .reading(path, error)
        }
    }
}

extension RunRecord {
    /// A whole native record. One that was cut off is read as far as it goes and is not complete.
    /// Up to `jobs` threads decode.
    public init(
        contentsOf path: String, jobs: Int = Processors.count
    ) throws(HistoryFileError) {
        var reader = try NativeRecordReader(path: path, jobs: jobs)
        var events: [HistoryEvent] = []
        while let batch = try reader.nextBatch() { events += batch }
        self.init(
            header: reader.header, events: events, isComplete: reader.ending == .finished)
    }
}
