import Synchronization
import SystemCalls

/// What a recorder and its writing thread share: the events that wait, and the file, which one
/// thread at a time has.
final class RecorderFile: Sendable {
    /// Encoded events that may wait for the disk, in bytes. Beyond that, recording waits too.
    static let waitingLimit = 64 << 20

    private struct Disk: ~Copyable {
        var writer: NativeRecordWriter
        /// Events taken so far that are younger than what is known to be whole.
        var young: [RecorderBuffers.Event] = []
        var isFinished = false

        /// Takes what waits and writes all events up to now, in the order of their times.
        /// `isClosed` says that no more can come, so that none is too young. True when there were
        /// any.
        mutating func write(
            from buffers: RecorderBuffers, isClosed: Bool
        ) throws(HistoryFileError) -> Bool {
            let whole = isClosed ? UInt64.max : buffers.now
            var events = young + buffers.takeAll()
            young = events.filter { $0.time > whole }
            if !young.isEmpty { events.removeAll { $0.time > whole } }
            // Events of one process stand in their order already; at equal times they keep it.
            let order = events.indices.sorted { left, right in
                (events[left].time, left) < (events[right].time, right)
            }
            for event in order.lazy.map({ events[$0] }) {
                try writer.append(event.content, at: RunInstant(event.time), by: event.process)
            }
            try writer.flush()
            return !events.isEmpty
        }
    }

    let path: String
    private let buffers = RecorderBuffers()
    private let disk: Mutex<Disk>
    private let failure = Mutex<HistoryFileError?>(nil)
    private let hasFailed = Atomic<Bool>(false)
    private let isEnding = Atomic<Bool>(false)
    private let attempts = Atomic<UInt64>(0)
    private let faults = Atomic<UInt64>(0)
    private let events = Atomic<UInt64>(0)

    init(creating path: String, header: RunHeader) throws(HistoryFileError) {
        self.path = path
        var header = header
        header.startedAt = WallClock.nanoseconds - buffers.now
        disk = Mutex(Disk(writer: try NativeRecordWriter(creating: path, header: header)))
    }

    var now: RunInstant { RunInstant(buffers.now) }

    var eventCount: UInt64 { events.load(ordering: .relaxed) }

    func nextAttempt() -> AttemptNumber {
        AttemptNumber(attempts.add(1, ordering: .relaxed).newValue)
    }

    func nextFault() -> FaultID { FaultID(faults.add(1, ordering: .relaxed).newValue) }

    /// Records an event at the present time.
    func record(
        _ content: HistoryEvent.Content, by process: ProcessID
    ) throws(HistoryFileError) {
        let encoded = EncodedContent(content)
        while buffers.waiting > Self.waitingLimit, !hasFailed.load(ordering: .acquiring) {
            sleepThread(for: .milliseconds(1))
        }
        try checkDisk()
        guard buffers.add(encoded, by: process) else { throw .finished(path: path) }
        events.add(1, ordering: .relaxed)
    }

    private func checkDisk() throws(HistoryFileError) {
        guard hasFailed.load(ordering: .acquiring) else { return }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Puts on disk everything recorded before the call. Closing also writes the index and the
    /// end, and refuses what comes later.
    func write(closing: Bool) throws(HistoryFileError) {
        try checkDisk()
        if closing { buffers.close() }
        let result: Result<Void, HistoryFileError> = disk.withLock { disk in
            if disk.isFinished { return .success(()) }
            do throws(HistoryFileError) {
                let hasWritten = try disk.write(from: buffers, isClosed: closing)
                if closing {
                    disk.isFinished = true
                    try disk.writer.finish()
                } else if hasWritten {
                    try disk.writer.sync()
                }
                return .success(())
            } catch {
                failure.withLock { $0 = error }
                hasFailed.store(true, ordering: .releasing)
                return .failure(error)
            }
        }
        try result.get()
    }

    /// The body of the writing thread: returns soon after `end`, or when the disk has failed,
    /// which the next call to record reports.
    func writeUntilEnd(every cadence: Duration) {
        while !isEnding.load(ordering: .acquiring) {
            sleepThread(for: cadence)
            do throws(HistoryFileError) { try write(closing: false) } catch { return }
        }
    }

    func end() { isEnding.store(true, ordering: .releasing) }
}
