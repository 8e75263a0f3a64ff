import ByteCoding
import DurableFiles
import SystemCalls

/// Reads the frames of a native record, and tells a torn end from damage. All places are those
/// of the file as long as it was when it was opened.
struct FrameReader: Sendable {
    struct Frame {
        let offset: Int
        let type: NativeFormat.FrameType
        let payload: [UInt8]

        var byteCount: Int { FrameLog.headerBytes + payload.count }
    }

    let path: String
    let length: Int
    private(set) var version = NativeFormat.Version.two
    /// Bytes after the last whole frame, once `next` has returned nil.
    private(set) var tornBytes = 0
    /// Where the next frame begins.
    private(set) var offset = NativeFormat.magic.count

    private let file: FileDescriptor

    init(path: String) throws(HistoryFileError) {
        self.path = path
        let magic: [UInt8]
        do throws(SystemError) {
            file = try FileSystem.open(path, .readOnly)
            length = try file.size()
            magic = try file.read(at: 0, count: NativeFormat.magic.count)
        } catch {
            throw .reading(path, error)
        }
        guard magic == NativeFormat.magic else { throw .notARecord(path: path) }
    }

    /// The header, which is the first frame and tells the version of all others.
    mutating func header() throws(HistoryFileError) -> RunHeader {
        guard let payload = try payload(at: offset) else {
            if try hasFrame(after: offset) { throw .damaged(path: path, offset: offset) }
            throw .notARecord(path: path)
        }
        guard payload.count >= 2, payload[0] == NativeFormat.FrameType.header.rawValue else {
            throw malformed(at: offset, "a record begins with its header")
        }
        guard let version = NativeFormat.Version(rawValue: payload[1]) else {
            throw .unsupportedVersion(path: path, version: payload[1])
        }
        self.version = version
        defer { offset += FrameLog.headerBytes + payload.count }
        do throws(VarintReader.Malformed) {
            return try HeaderCoding.header(payload, version)
        } catch {
            throw malformed(at: offset, error.problem)
        }
    }

    /// The next frame, or nil when no whole frame is left.
    mutating func next() throws(HistoryFileError) -> Frame? {
        guard offset < length else { return nil }
        if let payload = try payload(at: offset) {
            let frame = Frame(
                offset: offset, type: try type(of: payload, at: offset), payload: payload)
            offset += frame.byteCount
            return frame
        }
        if try hasFrame(after: offset) { throw .damaged(path: path, offset: offset) }
        tornBytes = length - offset
        offset = length
        return nil
    }

    /// The frame at `place`, which ends at `end`; nil when there is none.
    func frame(at place: Int, endingAt end: Int) throws(HistoryFileError) -> Frame? {
        guard place >= offset, end <= length, let payload = try payload(at: place),
            place + FrameLog.headerBytes + payload.count == end,
            payload.count >= 2, payload[1] == version.rawValue,
            let type = NativeFormat.FrameType(rawValue: payload[0])
        else { return nil }
        return Frame(offset: place, type: type, payload: payload)
    }

    /// All frames between two places, read at once. A damaged one is an error.
    func frames(_ range: Range<Int>) throws(HistoryFileError) -> [Frame] {
        let bytes = try read(at: range.lowerBound, count: range.count)
        var frames: [Frame] = []
        var place = 0
        while place < bytes.count {
            let start = range.lowerBound + place
            guard let payload = Self.payload(in: bytes, at: place) else {
                throw .damaged(path: path, offset: start)
            }
            let frame = Frame(
                offset: start, type: try type(of: payload, at: start), payload: payload)
            frames.append(frame)
            place += frame.byteCount
        }
        return frames
    }

    /// What is wrong with the frame at a place.
    func malformed(at place: Int, _ problem: String) -> HistoryFileError {
        .malformed(path: path, offset: place, problem: problem)
    }

    private func type(
        of payload: [UInt8], at place: Int
    ) throws(HistoryFileError) -> NativeFormat.FrameType {
        guard payload.count >= 2, payload[1] == version.rawValue else {
            throw malformed(at: place, "a frame of another version than the header")
        }
        guard let type = NativeFormat.FrameType(rawValue: payload[0]) else {
            throw malformed(at: place, "an unknown type of frame")
        }
        return type
    }

    /// The payload of the frame at `place`, or nil when there is no whole one.
    private func payload(at place: Int) throws(HistoryFileError) -> [UInt8]? {
        let header = try read(at: place, count: FrameLog.headerBytes)
        guard let count = Self.payloadLength(header, at: 0),
            place + FrameLog.headerBytes + count <= length
        else { return nil }
        return Self.payload(in: try read(at: place, count: FrameLog.headerBytes + count), at: 0)
    }

    private static func payloadLength(_ bytes: [UInt8], at place: Int) -> Int? {
        var reader = ByteReader(bytes, range: place..<bytes.count)
        guard let count = try? reader.readUInt32(), count > 0,
            count <= NativeFormat.payloadLimit
        else { return nil }
        return Int(count)
    }

    /// The payload of the frame at `place` of `bytes`, if it is whole there.
    private static func payload(in bytes: [UInt8], at place: Int) -> [UInt8]? {
        guard let count = payloadLength(bytes, at: place),
            place + FrameLog.headerBytes + count <= bytes.count
        else { return nil }
        var reader = ByteReader(bytes, range: place + 4..<bytes.count)
        guard let checksum = try? reader.readUInt32() else { return nil }
        let start = place + FrameLog.headerBytes
        let payload = bytes[start..<start + count]
        return FrameLog.checksum(of: payload) == checksum ? Array(payload) : nil
    }

    /// Whether a whole frame of a known type begins anywhere behind `place`.
    private func hasFrame(after place: Int) throws(HistoryFileError) -> Bool {
        let window = 1 << 20
        // Length, checksum, type and version: what is looked at of each candidate.
        let candidateBytes = FrameLog.headerBytes + 2
        var start = place + 1
        while start + candidateBytes <= length {
            let bytes = try read(at: start, count: min(window + candidateBytes, length - start))
            for index in 0..<max(0, min(window, bytes.count - candidateBytes + 1)) {
                let type = bytes[index + FrameLog.headerBytes]
                let version = bytes[index + FrameLog.headerBytes + 1]
                guard NativeFormat.Version(rawValue: version) != nil,
                    NativeFormat.FrameType(rawValue: type) != nil
                else { continue }
                if try payload(at: start + index) != nil { return true }
            }
            start += window
        }
        return false
    }

    private func read(at place: Int, count: Int) throws(HistoryFileError) -> [UInt8] {
        do throws(SystemError) {
            return try file.read(at: place, count: count)
        } catch {
            throw .reading(path, error)
        }
    }
}
