import DurableFiles
import SystemCalls

/// Reads a native record event by event. Memory does not grow with the record.
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

    public let path: String
    public let header: RunHeader
    /// Known once `next` has returned nil.
    public private(set) var ending: Ending?

    private var frames: FrameReader
    private var chunk: EventDecoder?
    private var nextSequence: UInt64 = 1

    /// Whether the file begins as a native record does.
    public static func isNativeRecord(_ path: String) throws(HistoryFileError) -> Bool {
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            return try file.read(atMost: NativeFormat.magic.count) == NativeFormat.magic
        } catch {
            throw .reading(path, error)
        }
    }

    /// Opens a record and reads its header.
    public init(path: String) throws(HistoryFileError) {
        self.path = path
        frames = try FrameReader(path: path)
        guard let payload = try frames.next() else { throw .notARecord(path: path) }
        guard try Self.type(of: payload, frames) == .header else {
            throw frames.malformed("a record begins with its header")
        }
        do throws(VarintReader.Malformed) {
            header = try HeaderCoding.header(payload)
        } catch {
            throw frames.malformed(error.problem)
        }
    }

    /// The next event; nil at the end of the record.
    public mutating func next() throws(HistoryFileError) -> HistoryEvent? {
        do throws(VarintReader.Malformed) {
            if let event = try chunk?.next() { return event }
        } catch {
            throw frames.malformed(error.problem)
        }
        guard ending == nil else { return nil }
        chunk = try nextChunk()
        return chunk == nil ? nil : try next()
    }

    /// Reads on to the next chunk; nil once the record has ended.
    private mutating func nextChunk() throws(HistoryFileError) -> EventDecoder? {
        guard let payload = try frames.next() else {
            let lost = frames.tornBytes
            ending = lost == 0 ? .cutOff : .torn(lostBytes: lost)
            return nil
        }
        let type = try Self.type(of: payload, frames)
        do throws(VarintReader.Malformed) {
            switch type {
            case .header: throw VarintReader.Malformed(problem: "a second header")
            case .events: return try chunk(payload)
            case .end: try checkEnd(payload)
            }
        } catch {
            throw frames.malformed(error.problem)
        }
        guard try frames.next() == nil, frames.tornBytes == 0 else {
            throw frames.malformed("something follows the end of the record")
        }
        ending = .finished
        return nil
    }

    private mutating func chunk(
        _ payload: [UInt8]
    ) throws(VarintReader.Malformed) -> EventDecoder {
        let chunk = try EventDecoder(payload)
        guard chunk.first.rawValue == nextSequence else {
            throw VarintReader.Malformed(
                problem: "events from \(chunk.first) on where \(nextSequence) is next")
        }
        guard chunk.eventCount > 0 else {
            throw VarintReader.Malformed(problem: "a chunk without events")
        }
        nextSequence += UInt64(chunk.eventCount)
        return chunk
    }

    private func checkEnd(_ payload: [UInt8]) throws(VarintReader.Malformed) {
        var reader = VarintReader(payload, from: 2)
        let count: UInt64 = try reader.number()
        guard count == nextSequence - 1, reader.isAtEnd else {
            throw VarintReader.Malformed(
                problem: "an end after \(count) events where \(nextSequence - 1) stand")
        }
    }

    private static func type(
        of payload: [UInt8], _ frames: FrameReader
    ) throws(HistoryFileError) -> NativeFormat.FrameType {
        guard payload.count >= 2, let type = NativeFormat.FrameType(rawValue: payload[0]) else {
            throw frames.malformed("an unknown type of frame")
        }
        guard payload[1] == NativeFormat.version else {
            throw .unsupportedVersion(path: frames.path, version: payload[1])
        }
        return type
    }
}

extension RunRecord {
    /// A whole native record. One that was cut off is read as far as it goes and is not complete.
    public init(contentsOf path: String) throws(HistoryFileError) {
        var reader = try NativeRecordReader(path: path)
        var events: [HistoryEvent] = []
        while let event = try reader.next() { events.append(event) }
        self.init(header: reader.header, events: events, isComplete: reader.ending == .finished)
    }
}
