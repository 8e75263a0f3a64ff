import Replication
import Synchronization
import SystemCalls

/// The two threads of a daemon. Both wait for the sockets; what is heard wakes one of them. When
/// that is work for the disk, it does this work itself and goes on with the result: acknowledges,
/// applies, answers. Meanwhile the other one still waits.
///
/// So nothing ever waits for a disk but what must, and between a message, the sync it asks for,
/// and the acknowledgement of it no thread has to be woken up. (A storage thread of its own would
/// have to be woken before each sync and would have to wake the loop after it: on this path, on
/// every replica, about a third of the time of a write.)
final class ServerThreads<Core: ReplicaCore>: Sendable {
    enum Ending: Sendable {
        case clean
        /// The core did not finish in time: its storage may still be at work.
        case hung
        case failed(SystemError)
    }

    private let server: Mutex<ReplicaServer<Core>>
    private let poller: Poller
    /// Interrupts the one that waits.
    private let interruption: WakeUp
    private let ended: WakeUp
    private let runJob: @Sendable (StorageJob) -> StorageOutcome

    /// `runJob` is called by one thread at a time.
    init(
        _ server: sending ReplicaServer<Core>,
        runJob: @escaping @Sendable (StorageJob) -> StorageOutcome
    ) throws(SystemError) {
        poller = server.poller
        interruption = server.interruption
        ended = try WakeUp()
        self.runJob = runJob
        self.server = Mutex(server)
    }

    /// Serves until a stop request or a termination signal has been carried out. The caller's
    /// thread does neither of the two jobs, so that a disk that hangs cannot hold it.
    func run() throws(SystemError) -> Ending {
        server.withLock { $0.begin() }
        let threads = [
            try WorkerThread(name: "replica-1") { self.work() },
            try WorkerThread(name: "replica-2") { self.work() },
        ]
        while true {
            // Waiting on one's own eventfd cannot fail.
            _ = try? ended.descriptor.waitUntilReadable(.after(.seconds(3600)))
            guard let ending = server.withLock({ $0.ending }) else { continue }
            if case .clean = ending {
                for thread in threads { thread.join() }
            }
            return ending
        }
    }

    private func work() {
        while true {
            let (hasEnded, isDue) = server.withLock { ($0.ending != nil, $0.isDue) }
            if hasEnded { break }
            do throws(SystemError) {
                // Whatever has a time of its own is in the server's alarm.
                let ready = try poller.wait(isDue ? .zero : nil)
                let hasJobs = server.withLock { server in
                    server.serve(ready)
                    return server.takeWriting()
                }
                if hasJobs { runJobs() }
            } catch {
                server.withLock { $0.end(.failed(error)) }
            }
        }
        ended.signal()
        // The other one may wait for sockets that say nothing any more.
        interruption.signal()
    }

    /// Runs jobs in order until none is left; what each makes possible is done before the next.
    private func runJobs() {
        while let job = server.withLock({ $0.nextJob() }) {
            let outcome = runJob(job)
            let mustInterrupt = server.withLock { server in
                server.finish(job, outcome)
                return server.isDue
            }
            if mustInterrupt { interruption.signal() }
        }
    }
}
