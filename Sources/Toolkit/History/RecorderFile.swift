import ByteCoding
import DurableFiles
import Synchronization
import SystemCalls

/// What a recorder and its writing thread share: the events that wait, and the file, which one
/// thread at a time has.
final class RecorderFile: Sendable {
    /// A chunk is closed when it has so many bytes.
    static let chunkBytes = 1 << 20

    /// Encoded events that may wait for the disk, in bytes. Beyond that, recording waits too.
    static let waitingLimit = 64 << 20

    private struct Disk {
        var file: AppendFile
        var nextSequence: UInt64 = 1
        /// Events taken so far that are younger than what is known to be whole.
        var young: [RecorderBuffers.Event] = []
        var isFinished = false

        /// Takes what waits and returns the payloads of all events up to now, in the order of
        /// their times. `isClosed` says that no more can come, so that none is too young.
        mutating func takePayloads(from buffers: RecorderBuffers, isClosed: Bool) -> [[UInt8]] {
            let whole = isClosed ? UInt64.max : buffers.now
            var events = young + buffers.takeAll()
            young = events.filter { $0.time > whole }
            if !young.isEmpty { events.removeAll { $0.time > whole } }
            // Events of one process stand in their order already; at equal times they keep it.
            let order = events.indices.sorted { left, right in
                (events[left].time, left) < (events[right].time, right)
            }
            var payloads: [[UInt8]] = []
            var chunk = ChunkEncoder()
            for event in order.lazy.map({ events[$0] }) {
                chunk.add(event.content, at: RunInstant(event.time), by: event.process)
                if chunk.count >= chunkBytes { close(&chunk, into: &payloads) }
            }
            close(&chunk, into: &payloads)
            return payloads
        }

        private mutating func close(_ chunk: inout ChunkEncoder, into payloads: inout [[UInt8]]) {
            guard chunk.eventCount > 0 else { return }
            var full = ChunkEncoder()
            swap(&full, &chunk)
            let first = Sequence(nextSequence)
            nextSequence += UInt64(full.eventCount)
            payloads.append(full.payload(first: first))
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
            disk = Mutex(Disk(file: file))
        } catch {
            throw .writing(path, error)
        }
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

    /// Puts on disk everything recorded before the call. Closing also writes the end frame and
    /// refuses what comes later.
    func write(closing: Bool) throws(HistoryFileError) {
        try checkDisk()
        if closing { buffers.close() }
        let result: Result<Void, HistoryFileError> = disk.withLock { disk in
            if disk.isFinished { return .success(()) }
            var payloads = disk.takePayloads(from: buffers, isClosed: closing)
            if closing {
                payloads.append(Self.endPayload(eventCount: disk.nextSequence - 1))
                disk.isFinished = true
            }
            do throws(HistoryFileError) {
                try Self.append(payloads, to: &disk.file)
                return .success(())
            } catch {
                failure.withLock { $0 = error }
                hasFailed.store(true, ordering: .releasing)
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func append(
        _ payloads: [[UInt8]], to file: inout AppendFile
    ) throws(HistoryFileError) {
        guard !payloads.isEmpty else { return }
        do throws(SystemError) {
            for payload in payloads { try file.append(FrameLog.frame(payload)) }
            try file.sync()
        } catch {
            throw .writing(file.path, error)
        }
    }

    private static func endPayload(eventCount: UInt64) -> [UInt8] {
        var writer = VarintWriter()
        writer.byte(NativeFormat.FrameType.end.rawValue)
        writer.byte(NativeFormat.version)
        writer.number(eventCount)
        return writer.bytes
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
