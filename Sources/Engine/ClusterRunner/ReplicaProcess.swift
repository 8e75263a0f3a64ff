import ClusterProtocol
import LeaseKernel
import SystemCalls

/// The daemon process of one replica, as operator commands see it from outside.
struct ReplicaProcess {
    let replica: ReplicaLayout

    /// Longest wait for a daemon to answer, or to end.
    static let patience = Duration.seconds(5)
    static let pollInterval = Duration.milliseconds(50)

    /// The status when the daemon answers.
    var status: StatusReply? {
        try? ControlClient(replica.addresses.control).status()
    }

    var hasPidFile: Bool { FileSystem.exists(replica.pidPath) }

    /// The number in the pid file; nil when there is none that could name a process.
    var recordedProcess: Int32? {
        guard let bytes = try? FileSystem.read(replica.pidPath, limit: 64) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return Int32(text.filter { !$0.isWhitespace })
    }

    func removePidFile() throws(ClusterRunnerError) {
        do throws(SystemError) {
            try FileSystem.removeFile(replica.pidPath)
        } catch {
            throw .system(doing: "removing the pid file", error)
        }
    }

    /// Starts the daemon with its output appended to the log file.
    func spawn(
        executable: String, layoutPath: String
    ) throws(ClusterRunnerError) -> ChildProcess {
        do throws(SystemError) {
            let log = try FileSystem.open(replica.logPath, .append)
            return try ChildProcess(
                executable: executable,
                arguments: [
                    "replica-daemon", "--layout-file", layoutPath, "--replica-id",
                    "\(replica.id)",
                ],
                output: .descriptor(log), error: .descriptor(log))
        } catch {
            throw .spawnFailed(replica.id, error)
        }
    }

    /// Waits until the daemon answers; a faulted one counts as ready (cluster-runner.md 1.1).
    func waitUntilReady(_ child: ChildProcess) throws(ClusterRunnerError) -> StatusReply {
        let deadline = Deadline.after(Self.patience)
        while true {
            if let status, status.processID == UInt32(child.processID) { return status }
            let ended: ExitStatus?
            do throws(SystemError) {
                ended = try child.wait(until: .after(Self.pollInterval))
            } catch {
                throw .system(doing: "waiting for replica \(replica.id)", error)
            }
            if let ended { throw .exitedBeforeReady(replica.id, ended) }
            if deadline.isPassed {
                throw .notReadyInTime(replica.id, replica.addresses.control)
            }
        }
    }
}
