import LeaseKernel
import SystemCalls

/// The plain lines of a daemon's log, on standard error (cluster-runner.md 6, 15).
struct DaemonLog: Sendable {
    let replica: ReplicaID

    /// One line that begins with `replica=N`.
    func event(_ fields: String) {
        line("replica=\(replica) \(fields)")
    }

    /// One line as it is.
    func line(_ text: String) {
        StandardStreams.writeError(text + "\n")
    }
}
