import Synchronization
import SystemCalls

/// One thing that is asked of a session. It is made by the caller's thread, which waits for it,
/// and carried out by the session's.
final class SessionJob: Sendable {
    enum Kind: Sendable {
        case command(CommandWork)
        case stream(SocketAddress)
    }

    enum Outcome: Sendable {
        case command(CommandResult)
        case stream(FileDescriptor)
    }

    /// A failure, by what can be done about it.
    enum Failure: Error {
        /// The session cannot be used, and nothing was asked of the server: another one may try.
        case sessionUnusable(RemoteError)
        /// The server gives no further channel here; nothing happened.
        case refused(RemoteError)
        case final(RemoteError)

        var error: RemoteError {
            switch self {
            case .sessionUnusable(let error), .refused(let error), .final(let error): error
            }
        }
    }

    private enum State {
        case queued
        /// The session's thread works on it, and watches its deadline.
        case started
        /// The caller has gone.
        case abandoned
        case finished(Result<Outcome, Failure>)
    }

    let kind: Kind
    /// What is being done, for errors.
    let action: String
    let deadline: Deadline
    private let remote: String
    private let state = Mutex(State.queued)
    private let wakeUp: WakeUp

    init(
        _ kind: Kind, action: String, remote: String, deadline: Deadline
    ) throws(SystemError) {
        self.kind = kind
        self.action = action
        self.remote = remote
        self.deadline = deadline
        wakeUp = try WakeUp()
    }

    func error(_ cause: RemoteError.Cause, mayHaveHappened: Bool = false) -> RemoteError {
        RemoteError(
            remote: remote, action: action, cause: cause, mayHaveHappened: mayHaveHappened)
    }

    /// False when the caller has gone meanwhile: nothing is to be done any more.
    func start() -> Bool {
        state.withLock { state in
            switch state {
            case .queued:
                state = .started
                return true
            case .abandoned, .started, .finished: return false
            }
        }
    }

    /// The first result counts.
    func finish(_ result: Result<Outcome, Failure>) {
        state.withLock { state in
            switch state {
            case .queued, .started: state = .finished(result)
            case .abandoned, .finished: break
            }
        }
        wakeUp.signal()
    }

    /// Blocks until it is finished, or until the deadline if nobody has begun it.
    func wait() throws(Failure) -> Outcome {
        var limit = deadline
        while true {
            _ = try? wakeUp.descriptor.waitUntilReadable(limit)
            let result: Result<Outcome, Failure>? = state.withLock { state in
                switch state {
                case .finished(let result): return result
                case .queued, .abandoned:
                    guard deadline.isPassed else { return nil }
                    state = .abandoned
                    return .failure(.final(error(.deadline(waitingFor: "the connection"))))
                case .started: return nil
                }
            }
            if let result { return try result.get() }
            // The session's thread has it, and ends it at its deadline.
            if deadline.isPassed { limit = .after(.seconds(1)) }
        }
    }
}

/// A command, where its input comes from and where its output goes.
struct CommandWork: Sendable {
    enum Input: Sendable {
        case bytes([UInt8])
        case file(FileDescriptor)
    }

    enum Output: Sendable {
        case memory
        /// The first line to memory, what follows it to a file.
        case file(FileDescriptor)
    }

    let line: String
    let input: Input
    let output: Output
}
