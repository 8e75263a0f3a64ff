import ByteCoding
import DurableFiles
import SystemCalls

/// Reads the frames of a native record one after the other, and tells a torn end from damage.
struct FrameReader {
    let path: String
    /// Bytes after the last whole frame, once `next` has returned nil.
    private(set) var tornBytes = 0

    private let file: FileDescriptor
    private let length: Int
    private var offset = NativeFormat.magic.count
    private var lastFrame = 0

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

    /// The payload of the next frame, or nil when no whole frame is left.
    mutating func next() throws(HistoryFileError) -> [UInt8]? {
        guard offset < length else { return nil }
        lastFrame = offset
        if let payload = try payload(at: offset) {
            offset += FrameLog.headerBytes + payload.count
            return payload
        }
        if try hasFrame(after: offset) { throw .damaged(path: path, offset: offset) }
        tornBytes = length - offset
        offset = length
        return nil
    }

    /// What is wrong with the frame read last.
    func malformed(_ problem: String) -> HistoryFileError {
        .malformed(path: path, offset: lastFrame, problem: problem)
    }

    /// The payload of the frame at `place`, or nil when there is no whole one.
    private func payload(at place: Int) throws(HistoryFileError) -> [UInt8]? {
        var header = ByteReader(try read(at: place, count: FrameLog.headerBytes))
        guard let count = try? header.readUInt32(), let checksum = try? header.readUInt32(),
            count > 0, count <= NativeFormat.payloadLimit,
            place + FrameLog.headerBytes + Int(count) <= length
        else { return nil }
        let payload = try read(at: place + FrameLog.headerBytes, count: Int(count))
        let seed = withUnsafeBytes(of: count.littleEndian) { CRC32C.checksum($0) }
        return CRC32C.extend(seed, with: payload) == checksum ? payload : nil
    }

    /// Whether a whole frame of a known type begins anywhere behind `place`.
    private func hasFrame(after place: Int) throws(HistoryFileError) -> Bool {
        let window = 1 << 20
        // Length, checksum, type and version: what is looked at of each candidate.
        let candidateBytes = FrameLog.headerBytes + 2
        var start = place + 1
        while start + candidateBytes <= length {
            let bytes = try read(at: start, count: min(window + candidateBytes, length - start))
            for index in 0..<min(window, bytes.count - candidateBytes + 1) {
                guard bytes[index + FrameLog.headerBytes + 1] == NativeFormat.version,
                    NativeFormat.FrameType(rawValue: bytes[index + FrameLog.headerBytes]) != nil
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
