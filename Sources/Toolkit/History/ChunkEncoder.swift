/// Gathers events into the payload of one frame. Times are differences from the event before,
/// modulo 2^64, so that a chunk is small and can still be read alone.
struct ChunkEncoder {
    private var writer: VarintWriter
    private var previousTime: UInt64 = 0
    private(set) var eventCount: UInt32 = 0

    init(reservingCapacity capacity: Int = 0) {
        writer = VarintWriter(reservingCapacity: capacity)
        writer.reserve(NativeFormat.chunkHeaderBytes)
    }

    /// Bytes of the chunk so far, its header included.
    var count: Int { writer.count }

    mutating func add(_ content: EncodedContent, at time: RunInstant, by process: ProcessID) {
        writer.byte(content.tag)
        writer.number(time.rawValue &- previousTime)
        previousTime = time.rawValue
        writer.number(UInt64(process.rawValue))
        writer.append(content.writer.bytes)
        eventCount += 1
    }

    /// The finished payload, whose events begin with `first`.
    consuming func payload(first: Sequence) -> [UInt8] {
        writer.overwrite(NativeFormat.FrameType.events.rawValue, at: 0)
        writer.overwrite(NativeFormat.version, at: 1)
        writer.overwrite(first.rawValue, at: 2)
        writer.overwrite(eventCount, at: 10)
        return writer.bytes
    }
}
