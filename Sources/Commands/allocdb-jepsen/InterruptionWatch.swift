import Campaign
import Glibc
import Synchronization
import SystemCalls

/// Turns the signals that ask for the end into an `Interruption`. The first one asks the run to
/// heal and stop; another one, given after a moment, leaves at once, and then the next run finds
/// what was left behind.
final class InterruptionWatch: Sendable {
    /// One press of Ctrl-C may reach this process twice, through its group and through `make`.
    static let patience = Duration.seconds(2)

    private let ended = Atomic<Bool>(false)
    private let thread = Mutex<WorkerThread?>(nil)

    /// Must be called before the run starts threads: they inherit the blocked signals.
    init(_ interruption: Interruption) throws(SystemError) {
        let reader = try SignalReader([Signals.interrupt, Signals.terminate, Signals.hangUp])
        let started = try WorkerThread(name: "signals") { [self] in
            var first: Instant?
            while !ended.load(ordering: .acquiring) {
                let isReady = (try? reader.descriptor.waitUntilReadable(.after(.milliseconds(200))))
                guard isReady == true, reader.next() != nil else { continue }
                let now = Instant.now
                if let first, now - first > Self.patience {
                    StandardStreams.writeError("leaving at once; the next run cleans up\n")
                    _exit(ExitCode.interrupted.rawValue)
                }
                if first == nil {
                    first = now
                    interruption.request()
                    StandardStreams.writeError(
                        "interrupted: healing, stopping and bundling; again to leave at once\n")
                }
            }
        }
        thread.withLock { $0 = started }
    }

    func end() {
        ended.store(true, ordering: .releasing)
        thread.withLock { $0 }?.join()
    }
}
