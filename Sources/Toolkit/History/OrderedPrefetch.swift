import Synchronization
import SystemCalls

/// Makes numbered things on several threads ahead of whoever takes them, in their order. Memory
/// is bounded by the few that wait.
final class OrderedPrefetch<Output: Sendable>: Sendable {
    /// What a thread does: makes each of its own numbers and hands the output over. Handing over
    /// waits for room, and is false when nobody wants any more. A thread that returns early ends
    /// the whole sequence there.
    typealias Body = @Sendable (_ numbers: StrideTo<Int>, _ give: (Output) -> Bool) -> Void

    /// Outputs that wait at most per thread.
    private static var depth: UInt32 { 2 }

    /// One thread's outputs: those whose number is its own, modulo the number of threads.
    private final class Lane: Sendable {
        let waiting = Mutex<[Output]>([])
        let free = Semaphore(permits: OrderedPrefetch.depth)
        let ready = Semaphore()
    }

    private final class StopFlag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    private let lanes: [Lane]
    private let threads: [WorkerThread]
    private let stop: StopFlag
    private let count: Int
    private let taken = Atomic<Int>(0)

    /// Begins at once to make numbers 0 up to `count`.
    init(_ count: Int, threads wanted: Int, _ body: @escaping Body) throws(SystemError) {
        self.count = count
        let lanes = (0..<max(1, min(wanted, count))).map { _ in Lane() }
        let stop = StopFlag()
        self.lanes = lanes
        self.stop = stop
        var threads: [WorkerThread] = []
        do throws(SystemError) {
            for (number, lane) in lanes.enumerated() {
                let numbers = stride(from: number, to: count, by: lanes.count)
                threads.append(
                    try WorkerThread(name: "decode-\(number)") {
                        body(numbers) { output in
                            lane.free.wait()
                            if stop.isSet.load(ordering: .acquiring) { return false }
                            lane.waiting.withLock { $0.append(output) }
                            lane.ready.signal()
                            return true
                        }
                        // For whoever waits for a number that will not come.
                        lane.ready.signal()
                    })
            }
        } catch {
            Self.end(lanes, threads, stop)
            throw error
        }
        self.threads = threads
    }

    deinit {
        Self.end(lanes, threads, stop)
    }

    private static func end(_ lanes: [Lane], _ threads: [WorkerThread], _ stop: StopFlag) {
        stop.isSet.store(true, ordering: .releasing)
        for lane in lanes { lane.free.signal() }
        for thread in threads { thread.join() }
    }

    /// The next output; nil behind the last. For one thread at a time.
    func next() -> Output? {
        let number = taken.load(ordering: .relaxed)
        guard number < count else { return nil }
        let lane = lanes[number % lanes.count]
        lane.ready.wait()
        let output = lane.waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        taken.store(output == nil ? count : number + 1, ordering: .relaxed)
        lane.free.signal()
        return output
    }
}
