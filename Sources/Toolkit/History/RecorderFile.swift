import ByteCoding
import DurableFiles
import Synchronization
import SystemCalls

/// What a recorder and its writing thread share: the events that wait for the disk, under one
/// lock, and the file, under another, so that nobody waits for the disk in order to record.
final class RecorderFile: Sendable {
    /// A chunk is closed when it has so many bytes.
    static let chunkBytes = 1 << 20

    /// Closed chunks that may wait for the disk, in bytes. Beyond that, recording waits too.
    static let waitingLimit = 64 << 20

    private enum Phase {
        case open
        case failed(HistoryFileError)
        case finished
    }

    private struct Waiting {
        var phase = Phase.open
        var sequence: UInt64 = 0
        var chunks: [[UInt8]] = []
        var chunksBytes = 0
        var current = ChunkEncoder()

        /// Closes the chunk that is being filled, if it holds anything.
        mutating func closeChunk() {
            guard current.eventCount > 0 else { return }
            let first = Sequence(sequence - UInt64(current.eventCount) + 1)
            var full = ChunkEncoder(reservingCapacity: current.count)
            swap(&full, &current)
            let payload = full.payload(first: first)
            chunksBytes += payload.count
            chunks.append(payload)
        }

        mutating func takeChunks() -> [[UInt8]] {
            closeChunk()
            defer {
                chunks = []
                chunksBytes = 0
            }
            return chunks
        }
    }

    let path: String
    private let start: Instant
    private let waiting = Mutex(Waiting())
    private let disk: Mutex<AppendFile>
    private let isEnding = Atomic<Bool>(false)
    private let attempts = Atomic<UInt64>(0)
    private let faults = Atomic<UInt64>(0)

    init(creating path: String, header: RunHeader) throws(HistoryFileError) {
        self.path = path
        var header = header
        start = Instant.now
        header.startedAt = WallClock.nanoseconds
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
            disk = Mutex(file)
        } catch {
            throw .writing(path, error)
        }
    }

    var now: RunInstant { RunInstant(Instant.now.nanoseconds - start.nanoseconds) }

    func nextAttempt() -> AttemptNumber {
        AttemptNumber(attempts.add(1, ordering: .relaxed).newValue)
    }

    func nextFault() -> FaultID { FaultID(faults.add(1, ordering: .relaxed).newValue) }

    var eventCount: UInt64 { waiting.withLock { $0.sequence } }

    /// Records an event. Sequence and time are taken in one step: both grow together.
    func record(
        _ content: HistoryEvent.Content, by process: ProcessID
    ) throws(HistoryFileError) {
        let encoded = EncodedContent(content)
        while true {
            let result: Result<Bool, HistoryFileError> = waiting.withLock { waiting in
                switch waiting.phase {
                case .failed(let error): return .failure(error)
                case .finished: return .failure(.finished(path: path))
                case .open: break
                }
                if waiting.chunksBytes > Self.waitingLimit { return .success(false) }
                waiting.current.add(encoded, at: now, by: process)
                waiting.sequence += 1
                if waiting.current.count >= Self.chunkBytes { waiting.closeChunk() }
                return .success(true)
            }
            if try result.get() { return }
            sleepThread(for: .milliseconds(1))
        }
    }

    /// Puts on disk what waits. Closing also writes the end frame and refuses what comes later.
    func write(closing: Bool) throws(HistoryFileError) {
        let result: Result<Void, HistoryFileError> = disk.withLock { file in
            let taken: Result<[[UInt8]], HistoryFileError> = waiting.withLock { waiting in
                switch waiting.phase {
                case .failed(let error): return .failure(error)
                case .finished: return .success([])
                case .open: break
                }
                var chunks = waiting.takeChunks()
                if closing {
                    chunks.append(Self.endPayload(eventCount: waiting.sequence))
                    waiting.phase = .finished
                }
                return .success(chunks)
            }
            do throws(HistoryFileError) {
                try Self.append(try taken.get(), to: &file)
                return .success(())
            } catch {
                waiting.withLock { $0.phase = .failed(error) }
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func append(
        _ chunks: [[UInt8]], to file: inout AppendFile
    ) throws(HistoryFileError) {
        guard !chunks.isEmpty else { return }
        do throws(SystemError) {
            for chunk in chunks { try file.append(FrameLog.frame(chunk)) }
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
