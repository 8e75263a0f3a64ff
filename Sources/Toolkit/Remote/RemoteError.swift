public import SecureShell
public import SystemCalls

/// Why a machine did not do what it was asked: what was being done, on which machine, what went
/// wrong, and what to try.
public struct RemoteError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The machine, for example `root@10.0.0.7:22`.
    public let remote: String
    /// What was being done, for example `running `uname -a``.
    public let action: String
    public let cause: Cause
    /// Whether what was asked may have happened there all the same.
    public let mayHaveHappened: Bool

    public init(
        remote: String, action: String, cause: Cause, mayHaveHappened: Bool = false
    ) {
        self.remote = remote
        self.action = action
        self.cause = cause
        self.mayHaveHappened = mayHaveHappened
    }

    /// What went wrong.
    public enum Cause: Error, Equatable, Sendable {
        /// No connection came about.
        case unreachable(SystemError)
        /// Whoever listens there does not speak SSH; how it began instead.
        case notSSH(seen: String)
        /// The two sides have no algorithm in common; what each of them offers.
        case noCommonAlgorithm(String, ours: [String], theirs: [String])
        /// The server showed another key than the pinned one.
        case hostKeyChanged(pinned: HostKey, seen: HostKey)
        /// A private key that cannot be used.
        case identity(path: String, IdentityProblem)
        /// The agent is not there, or holds no key that can be used.
        case agent(String)
        /// The server takes none of our keys.
        case notAuthenticated(user: String, tried: [String], accepted: String)
        /// It answered a command with something else.
        case noShell(seen: String)
        /// The server gives no channel, or none of this kind.
        case channelRefused(String)
        /// What was waited for did not come by the deadline.
        case deadline(waitingFor: String)
        /// The connection ended or broke.
        case lost(String)
        /// A step of a file transfer failed there.
        case transfer(path: String, String)
        case tooMuchOutput(limit: Int)
        /// A call on this machine failed.
        case system(SystemError)
        /// A call of libssh2 failed in a way that has no name here.
        case library(call: String, code: Int32, text: String)
        /// `close` was called.
        case closed
    }

    /// What is wrong with a private key.
    public enum IdentityProblem: Error, Equatable, Sendable {
        case unreadable(SystemError)
        case rsa
        case otherKind(String)
        case notAKey
        case encrypted
        case wrongPassphrase
    }

    public var description: String {
        let advice = cause.advice
        return "\(remote): \(action): \(cause.reason)" + (advice.isEmpty ? "" : "; \(advice)")
            + (mayHaveHappened ? " (it may have happened all the same)" : "")
    }

    /// Whether the same may succeed a little later without anybody changing anything.
    var isPassing: Bool {
        switch cause {
        case .unreachable, .deadline, .lost, .channelRefused: true
        case .notSSH, .noCommonAlgorithm, .hostKeyChanged, .identity, .agent, .notAuthenticated,
            .noShell, .transfer, .tooMuchOutput, .system, .library, .closed:
            false
        }
    }

    /// The same failure of something else.
    func during(_ action: String, mayHaveHappened: Bool = false) -> RemoteError {
        RemoteError(
            remote: remote, action: action, cause: cause, mayHaveHappened: mayHaveHappened)
    }
}
