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
    ///
    /// With `endsWithInput` the end of standard input counts as a signal: whoever started this
    /// process is gone, and nobody else would ever end it.
    init(_ interruption: Interruption, endsWithInput: Bool = false) throws(SystemError) {
        let reader = try SignalReader([Signals.interrupt, Signals.terminate, Signals.hangUp])
        let poller = try Poller()
        try poller.add(reader.descriptor, token: 0, interest: .readable)
        let input =
            endsWithInput ? FileDescriptor(owning: dup(STDIN_FILENO), subject: "input") : nil
        if let input { try poller.add(input, token: 1, interest: .readable) }
        let started = try WorkerThread(name: "signals") { [self] in
            var first: Instant?
            while !ended.load(ordering: .acquiring) {
                var isAsked = false
                for ready in (try? poller.wait(.milliseconds(200))) ?? [] {
                    if ready.token == 0 {
                        isAsked = reader.next() != nil || isAsked
                    } else if let input, (try? input.read(atMost: 4096))?.isEmpty != false {
                        _ = try? poller.remove(input)
                        isAsked = true
                    }
                }
                guard isAsked else { continue }
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
