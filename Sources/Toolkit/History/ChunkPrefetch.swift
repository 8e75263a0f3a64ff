import Synchronization
import SystemCalls

/// Decodes chunks on several threads ahead of whoever takes them, in their order. Memory is
/// bounded by the chunks that wait.
final class ChunkPrefetch: Sendable {
    typealias Decoded = Result<[HistoryEvent], HistoryFileError>

    /// Chunks that wait at most per thread.
    private static let depth = 2

    /// One thread's chunks: those whose number is its own, modulo the number of threads.
    private final class Lane: Sendable {
        let waiting = Mutex<[Decoded]>([])
        let free = Semaphore(permits: UInt32(ChunkPrefetch.depth))
        let ready = Semaphore()
    }

    private final class StopFlag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    private let lanes: [Lane]
    private let threads: [WorkerThread]
    private let stop: StopFlag
    private let taken = Atomic<Int>(0)
    private let chunkCount: Int

    /// Begins at once. `chunks` are handed out in order, each once.
    init(
        _ frames: FrameReader, _ chunks: [ChunkPlace], threads count: Int
    ) throws(HistoryFileError) {
        chunkCount = chunks.count
        let lanes = (0..<max(1, min(count, chunks.count))).map { _ in Lane() }
        self.lanes = lanes
        let stop = StopFlag()
        self.stop = stop
        var threads: [WorkerThread] = []
        do throws(SystemError) {
            for (number, lane) in lanes.enumerated() {
                let own = Array(
                    chunks.indices.lazy.filter { $0 % lanes.count == number }.map { chunks[$0] })
                threads.append(
                    try WorkerThread(name: "decode-\(number)") {
                        Self.work(frames, own, lane, stop)
                    })
            }
        } catch {
            stop.isSet.store(true, ordering: .releasing)
            for lane in lanes { lane.free.signal() }
            for thread in threads { thread.join() }
            throw .reading(frames.path, error)
        }
        self.threads = threads
    }

    deinit {
        stop.isSet.store(true, ordering: .releasing)
        for lane in lanes { lane.free.signal() }
        for thread in threads { thread.join() }
    }

    /// The next chunk's events; nil after the last. For one thread at a time.
    func next() -> Decoded? {
        let number = taken.load(ordering: .relaxed)
        guard number < chunkCount else { return nil }
        taken.store(number + 1, ordering: .relaxed)
        let lane = lanes[number % lanes.count]
        lane.ready.wait()
        defer { lane.free.signal() }
        // Each permit of `ready` stands for one chunk in the list.
        return lane.waiting.withLock { $0.removeFirst() }
    }

    private static func work(
        _ frames: FrameReader, _ chunks: [ChunkPlace], _ lane: Lane, _ stop: StopFlag
    ) {
        do throws(HistoryFileError) {
            var decoder = try ChunkDecoder(frames)
            for chunk in chunks {
                lane.free.wait()
                if stop.isSet.load(ordering: .acquiring) { return }
                let events = try decoder.events(of: chunk)
                lane.waiting.withLock { $0.append(.success(events)) }
                lane.ready.signal()
            }
        } catch {
            lane.waiting.withLock { $0.append(.failure(error)) }
            lane.ready.signal()
        }
    }
}
