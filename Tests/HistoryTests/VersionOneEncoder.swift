import ByteCoding
import DurableFiles

@testable import History

/// Writes native records of version 1, as tools before version 2 did: chunks are single frames,
/// uncompressed, and nothing says where they are.
struct VersionOneEncoder {
    private static let version: UInt8 = 1

    private var writer = VarintWriter()
    private var previousTime: UInt64 = 0
    private(set) var eventCount: UInt32 = 0

    init() {
        writer.reserve(VersionOne.chunkHeaderBytes)
    }

    mutating func add(_ event: HistoryEvent) {
        let content = EncodedContent(event.content)
        writer.byte(content.tag)
        writer.number(event.time.rawValue &- previousTime)
        previousTime = event.time.rawValue
        writer.number(UInt64(event.process.rawValue))
        writer.append(content.writer.bytes)
        eventCount += 1
    }

    /// The finished payload, whose events begin with `first`.
    consuming func payload(first: Sequence) -> [UInt8] {
        writer.overwrite(NativeFormat.FrameType.events.rawValue, at: 0)
        writer.overwrite(Self.version, at: 1)
        writer.overwrite(first.rawValue, at: 2)
        writer.overwrite(eventCount, at: 10)
        return writer.bytes
    }

    /// A whole record with so many events in each chunk.
    static func record(_ record: RunRecord, eventsPerChunk: Int) -> [UInt8] {
        var file = ByteWriter()
        file.write(NativeFormat.magic)
        // A header of version 2 whose last byte, the origin, is left out.
        var header = HeaderCoding.payload(record.header)
        header[1] = version
        FrameLog.appendFrame(header.dropLast(), to: &file)
        var events = record.events[...]
        while let first = events.first {
            var encoder = VersionOneEncoder()
            for event in events.prefix(eventsPerChunk) { encoder.add(event) }
            events = events.dropFirst(eventsPerChunk)
            FrameLog.appendFrame(encoder.payload(first: first.sequence), to: &file)
        }
        if record.isComplete {
            var end = VarintWriter()
            end.byte(NativeFormat.FrameType.end.rawValue)
            end.byte(version)
            end.number(UInt64(record.events.count))
            FrameLog.appendFrame(end.bytes, to: &file)
        }
        return file.bytes
    }
}
