import ByteCoding
import DurableFiles
import History
import HistorySamples
import SystemCalls
import TestSupport
import Testing

@Suite("A record that was cut off is read as far as it goes; a damaged one is refused")
struct TornRecordTests {
    /// A record of three chunks and its bytes.
    private func example(in folder: String) throws -> (bytes: [UInt8], record: RunRecord) {
        let path = folder + "/whole.bin"
        let recorder = try Recorder(creating: path, header: .example)
        for chunk in 1...3 {
            for event in 1...3 { try recorder.note("chunk \(chunk), event \(event)") }
            try recorder.flush()
        }
        try recorder.finish()
        return (
            try FileSystem.read(path, limit: 1 << 20), try RunRecord(contentsOf: path)
        )
    }

    /// Bytes of the index and the end, which the end's last number tells.
    private static func tailBytes(_ bytes: [UInt8]) -> Int {
        var reader = ByteReader(bytes, range: bytes.count - 8..<bytes.count)
        return bytes.count - Int((try? reader.readUInt64()) ?? 0)
    }

    /// The end frame: frame header, type, version, count of events, place of the index.
    private static let endBytes = 26

    @Test("cut anywhere, it gives whole chunks, and says that it is not complete")
    func cutAnywhere() throws {
        try withTemporaryFolder { folder in
            let (bytes, whole) = try example(in: folder)
            var lengths: Set<Int> = []
            for count in 0..<bytes.count {
                let path = folder + "/cut.bin"
                try FileSystem.open(path, .replace).writeAll(Array(bytes[..<count]))
                do {
                    let record = try RunRecord(contentsOf: path)
                    #expect(!record.isComplete)
                    #expect(whole.events.starts(with: record.events))
                    lengths.insert(record.events.count)
                } catch HistoryFileError.notARecord {
                    #expect(lengths.isEmpty, "cut at \(count)")
                }
            }
            #expect(lengths == [0, 3, 6, 9])
        }
    }

    @Test("zeros and garbage at the end are a torn tail")
    func tails() throws {
        try withTemporaryFolder { folder in
            let (bytes, whole) = try example(in: folder)
            let cut = bytes.dropLast(Self.tailBytes(bytes))
            for tail in [[UInt8](repeating: 0, count: 4096), [2, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1]] {
                let path = folder + "/tail.bin"
                try FileSystem.open(path, .replace).writeAll(Array(cut) + tail)
                var reader = try NativeRecordReader(path: path)
                #expect(reader.ending == .torn(lostBytes: tail.count))
                var events: [HistoryEvent] = []
                while let event = try reader.next() { events.append(event) }
                #expect(events == whole.events)
            }
        }
    }

    @Test("one changed byte is never read over")
    func changedBytes() throws {
        try withTemporaryFolder { folder in
            let (bytes, whole) = try example(in: folder)
            let path = folder + "/changed.bin"
            for place in bytes.indices {
                var changed = bytes
                changed[place] ^= 0x10
                try FileSystem.open(path, .replace).writeAll(changed)
                do {
                    let record = try RunRecord(contentsOf: path)
                    // Only what stands last can be taken for a torn tail.
                    #expect(
                        !record.isComplete && place >= bytes.count - Self.endBytes, "byte \(place)")
                    #expect(whole.events.starts(with: record.events))
                } catch is HistoryFileError {
                    #expect(place < bytes.count - Self.endBytes, "byte \(place)")
                }
            }
        }
    }

    @Test("what is none of ours is told apart")
    func otherFiles() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/history.txt"
            try FileSystem.open(path, .replace).writeAll(Array("version=1\n".utf8))
            #expect(try !NativeRecordReader.isNativeRecord(path))
            #expect(throws: HistoryFileError.notARecord(path: path)) {
                try NativeRecordReader(path: path)
            }
            var newer = ByteWriter()
            newer.write("ALLOCHST".utf8)
            FrameLog.appendFrame([1, 3, 3], to: &newer)
            try FileSystem.open(path, .replace).writeAll(newer.bytes)
            #expect(try NativeRecordReader.isNativeRecord(path))
            #expect(throws: HistoryFileError.unsupportedVersion(path: path, version: 3)) {
                try NativeRecordReader(path: path)
            }
            #expect(throws: HistoryFileError.self) {
                try NativeRecordReader(path: folder + "/missing.bin")
            }
        }
    }
}
