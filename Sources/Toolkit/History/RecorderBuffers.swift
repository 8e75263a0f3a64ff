import Synchronization
import SystemCalls

/// Where events wait for the disk: one buffer per process (several share one only beyond
/// `bufferCount` of them), so that clients never wait for each other.
///
/// The time of an event is read while its buffer is locked. Therefore all events up to an instant
/// have been taken once every buffer has been locked and emptied after that instant, and sorting
/// them by time gives the order of the record.
final class RecorderBuffers: Sendable {
    /// An event without its place in the record.
    struct Event: Sendable {
        let time: UInt64
        let process: ProcessID
        let content: EncodedContent
    }

    private final class Buffer: Sendable {
        let events = Mutex<[Event]>([])
    }

    private static let bufferCount = 64

    private let buffers = (0..<bufferCount).map { _ in Buffer() }
    private let start = Instant.now
    private let waitingBytes = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)

    /// Nanoseconds since the record began.
    var now: UInt64 { Instant.now.nanoseconds - start.nanoseconds }

    /// Encoded bytes that wait.
    var waiting: Int { waitingBytes.load(ordering: .relaxed) }

    /// Adds an event at the present time; false when the record is closed.
    func add(_ content: EncodedContent, by process: ProcessID) -> Bool {
        waitingBytes.add(content.byteCount, ordering: .relaxed)
        return buffers[Int(process.rawValue % UInt32(Self.bufferCount))].events.withLock { events in
            // Asked under the lock, so that what closes the record has seen everything let in.
            if isClosed.load(ordering: .acquiring) { return false }
            events.append(Event(time: now, process: process, content: content))
            return true
        }
    }

    /// Refuses all further events.
    func close() { isClosed.store(true, ordering: .releasing) }

    /// Takes all events that wait, in no order. All those up to the instant of the call are among
    /// them.
    func takeAll() -> [Event] {
        var taken: [Event] = []
        for buffer in buffers {
            var events: [Event] = []
            buffer.events.withLock { swap(&$0, &events) }
            taken += events
        }
        let bytes = taken.reduce(0) { $0 + $1.content.byteCount }
        waitingBytes.subtract(bytes, ordering: .relaxed)
        return taken
    }
}
