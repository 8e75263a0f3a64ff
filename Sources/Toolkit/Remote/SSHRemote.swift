public import SecureShell
import Synchronization
public import SystemCalls

/// A machine behind SSH. Sessions to it are opened when they are needed, kept, shared by all
/// callers, and opened again after they broke.
public final class SSHRemote: Remote {
    private struct State {
        var sessions: [SSHSession] = []
        var choice: SessionChoice
        var isClosed = false
    }

    private let configuration: SSHConfiguration
    private let state: Mutex<State>

    public init(_ configuration: SSHConfiguration) {
        self.configuration = configuration
        state = Mutex(State(choice: SessionChoice(configuration.limits)))
    }

    public var name: String { configuration.name }

    /// The key the server shows now, to be pinned when the machine is prepared. This is the only
    /// time that a key is believed unseen.
    public static func hostKey(
        at address: SocketAddress, through jump: (any Remote)? = nil, until deadline: Deadline
    ) throws(RemoteError) -> HostKey {
        let placeholder = HostKey(kind: HostKey.kinds[0])
        let configuration = SSHConfiguration(
            user: "nobody", route: jump.map { .through($0, address) } ?? .direct(address),
            hostKey: placeholder, identities: [])
        let mailbox: SessionMailbox
        do throws(SystemError) {
            mailbox = try SessionMailbox()
        } catch {
            throw RemoteError(
                remote: "\(address)", action: "asking for the host key", cause: .system(error))
        }
        let opening = SessionOpening(
            configuration: configuration, mailbox: mailbox, deadline: deadline)
        let library = try opening.begin(hostKeys: HostKey.kinds)
        defer { library.disconnect() }
        return try opening.hostKey(of: library)
    }

    public func connect(until deadline: Deadline) throws(RemoteError) {
        let action = "connecting"
        let expected = "allocdb \(Processes.ownID)"
        let result = try perform(
            .command(
                CommandWork(line: "echo \(expected)", input: .bytes([]), output: .memory)),
            purpose: .commands, action: action, until: deadline, repeating: false)
        guard case .command(let answer) = result else { return }
        if answer.status.isSuccess, answer.outputText == expected + "\n" { return }
        let seen = (answer.outputText + answer.errorText).split(separator: "\n").first ?? ""
        throw RemoteError(
            remote: name, action: action,
            cause: .noShell(seen: seen.isEmpty ? "\(answer.status)" : "\(seen)"))
    }

    public func execute(
        _ line: String, input: [UInt8], until deadline: Deadline
    ) throws(RemoteError) -> CommandResult {
        try run(
            CommandWork(line: line, input: .bytes(input), output: .memory),
            action: "running `\(line.prefix(100))`", until: deadline)
    }

    public func openStream(
        to address: SocketAddress, until deadline: Deadline
    ) throws(RemoteError) -> FileDescriptor {
        let action = "opening a stream to \(address)"
        let outcome = try perform(
            .stream(address), purpose: .streams(address.host), action: action, until: deadline)
        guard case .stream(let descriptor) = outcome else {
            throw RemoteError(remote: name, action: action, cause: .lost("no stream"))
        }
        return descriptor
    }

    public func close() {
        let sessions = state.withLock { state in
            state.isClosed = true
            defer { state.sessions = [] }
            return state.sessions
        }
        for session in sessions { session.end() }
    }

    func run(
        _ work: CommandWork, action: String, until deadline: Deadline
    ) throws(RemoteError) -> CommandResult {
        let outcome = try perform(
            .command(work), purpose: .commands, action: action, until: deadline)
        guard case .command(let result) = outcome else {
            throw RemoteError(remote: name, action: action, cause: .lost("no result"))
        }
        return result
    }

    // MARK: - Sessions

    /// Hands the job to one session after another until one carries it out, as long as it is
    /// certain that none has begun it.
    private func perform(
        _ kind: SessionJob.Kind, purpose: SSHSession.Purpose, action: String,
        until deadline: Deadline, repeating: Bool = true
    ) throws(RemoteError) -> SessionJob.Outcome {
        var last = RemoteError(
            remote: name, action: action, cause: .deadline(waitingFor: "a free session"))
        while !deadline.isPassed {
            let job: SessionJob
            let step: Step
            do throws(SystemError) {
                job = try SessionJob(kind, action: action, remote: name, deadline: deadline)
                step = try self.step(job, purpose)
            } catch {
                throw RemoteError(remote: name, action: action, cause: .system(error))
            }
            switch step {
            case .closed: throw RemoteError(remote: name, action: action, cause: .closed)
            case .pause(let until):
                sleepThread(for: min(until - .now, deadline.remaining))
            case .submitted(let session):
                do throws(SessionJob.Failure) {
                    let outcome = try job.wait()
                    state.withLock { $0.choice.connected() }
                    return outcome
                } catch {
                    last = error.error
                    try judge(error, of: session, purpose, repeating: repeating)
                }
            }
        }
        throw last
    }

    private enum Step {
        case submitted(SSHSession)
        case pause(until: Instant)
        case closed
    }

    /// How long to look away when everything is in use.
    private static let glance: Duration = .milliseconds(2)

    private func step(
        _ job: SessionJob, _ purpose: SSHSession.Purpose
    ) throws(SystemError) -> Step {
        try state.withLock { state throws(SystemError) in
            if state.isClosed { return .closed }
            Self.dropEnded(&state)
            switch state.choice.decide(purpose, state.sessions.map(\.facts), now: .now) {
            case .use(let index):
                state.sessions[index].submit(job)
                return .submitted(state.sessions[index])
            case .open:
                let session = try SSHSession(configuration, for: purpose)
                session.submit(job)
                state.sessions.append(session)
                return .submitted(session)
            case .pause(let until): return .pause(until: until)
            case .wait: return .pause(until: .now + Self.glance)
            }
        }
    }

    /// Forgets sessions that are over; those that never came about delay the next attempt.
    private static func dropEnded(_ state: inout State) {
        state.sessions.removeAll { session in
            guard case .over(_, let wasOpen) = session.standing else { return false }
            if !wasOpen { state.choice.connectingFailed(now: .now) }
            return true
        }
    }

    /// Returns when another session may try.
    private func judge(
        _ failure: SessionJob.Failure, of session: SSHSession, _ purpose: SSHSession.Purpose,
        repeating: Bool
    ) throws(RemoteError) {
        switch failure {
        case .final(let error): throw error
        case .refused(let error):
            // A refused stream is the answer of whoever was to be reached.
            guard purpose == .commands,
                state.withLock({ $0.choice.commandRefused(others: session.load) })
            else { throw error }
        case .sessionUnusable(let error):
            if !error.isPassing || !repeating { throw error }
        }
    }
}

extension SSHSession {
    fileprivate var facts: SessionChoice.Facts {
        let (takesJobs, isConnecting) =
            switch standing {
            case .connecting: (true, true)
            case .open: (true, false)
            case .retired, .over: (false, false)
            }
        return SessionChoice.Facts(
            purpose: purpose, takesJobs: takesJobs, isConnecting: isConnecting, load: load,
            commandLimit: commandLimit)
    }
}
