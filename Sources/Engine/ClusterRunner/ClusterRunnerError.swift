public import ClusterProtocol
public import LeaseKernel
public import SystemCalls

/// Why an operator command failed. The description is the published message where there is one
/// (cluster-runner.md 1).
public enum ClusterRunnerError: Error, Sendable, CustomStringConvertible {
    /// Reading or decoding one of the three text files.
    case layout(FileProblem)
    case faults(FileProblem)
    case timeline(FileProblem)
    case resolveWorkspace(path: String, SystemError)
    case createFolder(path: String, SystemError)
    case replicaUnknown(ReplicaID, layoutPath: String)
    case alreadyRunning(ReplicaID, NetworkAddress)
    case alreadyRunningWithProcess(ReplicaID, NetworkAddress, process: UInt32)
    case stillAlive(ReplicaID, process: Int32, pidPath: String)
    case alreadyStopped(ReplicaID)
    case spawnFailed(ReplicaID, SystemError)
    case exitedBeforeReady(ReplicaID, ExitStatus)
    case notReadyInTime(ReplicaID, NetworkAddress)
    case didNotStop([ReplicaID])
    case noAnswerToStop([ReplicaLayout])
    case killFailed(ReplicaID, SystemError)
    case controlFailed(NetworkAddress, reason: String)
    case system(doing: String, SystemError)

    /// What is wrong with a file: the system's reason or its content.
    public enum FileProblem: Error, Sendable, CustomStringConvertible {
        case inputOutput(SystemError)
        case content(ClusterFileError)
        case notText

        public var description: String {
            switch self {
            case .inputOutput(let error): "i/o error: \(error.textWithCode)"
            case .content(let error): "\(error)"
            case .notText: "i/o error: stream did not contain valid UTF-8"
            }
        }
    }

    public var description: String {
        switch self {
        case .layout(let problem): "failed to load local cluster layout: \(problem)"
        case .faults(let problem): "failed to load local cluster fault state: \(problem)"
        case .timeline(let problem): "failed to load local cluster timeline: \(problem)"
        case .resolveWorkspace(let path, let error):
            "failed to resolve workspace \(path): \(error.textWithCode)"
        case .createFolder(let path, let error):
            "failed to create \(path): \(error.textWithCode)"
        case .replicaUnknown(let replica, let path): "replica \(replica) is not present in \(path)"
        case .alreadyRunning(let replica, let address):
            "replica \(replica) is already running on \(address)"
        case .alreadyRunningWithProcess(let replica, let address, let process):
            "replica \(replica) is already running on \(address) with pid \(process)"
        case .stillAlive(let replica, let process, let path):
            "replica \(replica) still has a live pid \(process) at \(path)"
        case .alreadyStopped(let replica): "replica \(replica) is already stopped"
        case .spawnFailed(let replica, let error): "failed to start replica \(replica): \(error)"
        case .exitedBeforeReady(let replica, let status):
            "replica \(replica) exited before it became ready: \(status.publishedText)"
        case .notReadyInTime(let replica, let address):
            "replica \(replica) did not become ready on \(address) in time"
        case .didNotStop(let replicas):
            "not stopped in time: replica \(replicas.map(\.description).joined(separator: ", "))"
        case .noAnswerToStop(let silent):
            silent.map { replica in
                "replica \(replica.id) did not answer on "
                    + "\(replica.addresses.control) but still has pid file at "
                    + "\(replica.pidPath)"
            }.joined(separator: "\n")
        case .killFailed(let replica, let error): "failed to kill replica \(replica): \(error)"
        case .controlFailed(let address, let reason): "no answer from \(address): \(reason)"
        case .system(let doing, let error): "\(doing): \(error)"
        }
    }
}

extension SystemError {
    /// The system's text with the number, as published messages carry it:
    /// `No such file or directory (os error 2)`.
    public var textWithCode: String { "\(text) (os error \(code))" }
}

extension ExitStatus {
    /// `exit status: 1` or `signal: 9`.
    var publishedText: String {
        switch self {
        case .exited(let code): "exit status: \(code)"
        case .signaled(let number): "signal: \(number)"
        }
    }
}
