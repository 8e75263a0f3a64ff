import Replication
import Synchronization
import SystemCalls

/// Runs storage jobs one after the other on a thread of its own, so that nothing else ever
/// waits for a disk. What became of each job is collected by the server after `finished` wakes
/// its loop.
final class StorageThread: Sendable {
    struct Completion: Sendable {
        let token: StorageToken
        let outcome: StorageOutcome
    }

    private struct Queue {
        var jobs: [StorageJob] = []
        var completions: [Completion] = []
        var isEnding = false
    }

    private let queue = Mutex(Queue())
    private let work: WakeUp
    let finished: WakeUp
    private let thread = Mutex<WorkerThread?>(nil)

    /// `runJob` owns the storage: it is called by this thread only.
    init(
        runJob: @escaping @Sendable (StorageJob) -> StorageOutcome
    ) throws(SystemError) {
        work = try WakeUp()
        finished = try WakeUp()
        let started = try WorkerThread(name: "storage") { self.run(runJob) }
        thread.withLock { $0 = started }
    }

    func submit(_ job: StorageJob) {
        queue.withLock { $0.jobs.append(job) }
        work.signal()
    }

    /// Jobs that have run since the last call, in order.
    func takeCompletions() -> [Completion] {
        finished.consume()
        return queue.withLock { queue in
            defer { queue.completions = [] }
            return queue.completions
        }
    }

    /// Finishes the jobs handed over so far, then ends the thread.
    func end() {
        queue.withLock { $0.isEnding = true }
        work.signal()
        thread.withLock { $0 }?.join()
    }

    private func run(_ runJob: (StorageJob) -> StorageOutcome) {
        while true {
            let (jobs, isEnding) = queue.withLock { queue in
                defer { queue.jobs = [] }
                return (queue.jobs, queue.isEnding)
            }
            for job in jobs {
                let outcome = runJob(job)
                queue.withLock {
                    $0.completions.append(Completion(token: job.token, outcome: outcome))
                }
                finished.signal()
            }
            if jobs.isEmpty {
                if isEnding { return }
                // Waiting on one's own eventfd cannot fail.
                _ = try? work.descriptor.waitUntilReadable(.after(.seconds(3600)))
                work.consume()
            }
        }
    }
}
