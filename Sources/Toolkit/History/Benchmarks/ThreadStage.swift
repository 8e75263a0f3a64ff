import Glibc
public import Synchronization
public import SystemCalls

/// What a thread is at, for another one that looks now and then. To say so costs the thread one
/// store in its own memory.
public final class ThreadStage: Sendable {
    @usableFromInline let now = Atomic<UInt8>(0)

    public init() {}

    @inlinable @inline(__always)
    public func enter(_ stage: UInt8) { now.store(stage, ordering: .relaxed) }

    fileprivate var current: UInt8 { now.load(ordering: .relaxed) }
}

/// Looks some two thousand times a second what a thread is at: how often each stage was seen is its share
/// of the time. It needs no clock in what it measures.
public struct StageSampler: ~Copyable {
    private static let pauseMicroseconds: UInt32 = 500

    private final class Counts: Sendable {
        let stages = Mutex([Int](repeating: 0, count: 256))
        let isOver = Atomic<Bool>(false)
    }

    private let counts = Counts()
    private let thread: WorkerThread

    public init(watching stage: ThreadStage) throws(SystemError) {
        let counts = counts
        thread = try WorkerThread(name: "stages") {
            while !counts.isOver.load(ordering: .relaxed) {
                counts.stages.withLock { $0[Int(stage.current)] += 1 }
                usleep(Self.pauseMicroseconds)
            }
        }
    }

    deinit { end() }

    /// Ends the looking: how often each stage was seen.
    public func finish() -> [Int] {
        end()
        return counts.stages.withLock { $0 }
    }

    private func end() {
        counts.isOver.store(true, ordering: .relaxed)
        thread.join()
    }
}
