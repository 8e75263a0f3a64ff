import Synchronization
import SystemCalls

/// One connection to a server, with a thread of its own that alone touches it. Jobs are handed to
/// that thread, and their callers wait for it.
final class SSHSession: Sendable {
    /// What its channels are for. Opening one can take as long as a network is silent, and holds
    /// up all others of the session: so what leads to one host waits for that host alone.
    enum Purpose: Hashable, Sendable {
        case commands
        case streams(SocketAddress.Host)
    }

    enum Standing: Sendable {
        case connecting
        case open
        /// Takes no new jobs: libssh2 has an open channel under way that nobody waits for.
        case retired
        case over(RemoteError, wasOpen: Bool)
    }

    let purpose: Purpose
    private let shared: SessionMailbox
    private let thread: WorkerThread

    /// Begins to connect. Jobs can be handed over at once.
    init(_ configuration: SSHConfiguration, for purpose: Purpose) throws(SystemError) {
        let shared = try SessionMailbox()
        self.purpose = purpose
        self.shared = shared
        thread = try WorkerThread(name: "ssh") {
            SessionOwner.run(configuration, for: purpose, with: shared)
        }
    }

    deinit {
        shared.close()
    }

    var standing: Standing { shared.standing }

    /// Commands at a time, if the server bears fewer than it says; known once it is connected.
    var commandLimit: Int? { shared.commandLimit }

    /// Jobs that are waiting or under way, and channels that are not closed yet.
    var load: Int { shared.load.load(ordering: .relaxed) }

    func submit(_ job: SessionJob) {
        shared.put(job)
    }

    /// Says good-bye and waits until the thread has ended.
    func end() {
        shared.close()
        thread.join()
    }
}

/// What the callers' threads and the session's thread share.
final class SessionMailbox: Sendable {
    private struct State {
        var jobs: [SessionJob] = []
        var standing = SSHSession.Standing.connecting
        var isClosing = false
        var commandLimit: Int?
    }

    private let state = Mutex(State())
    let wakeUp: WakeUp
    let load = Atomic(0)

    init() throws(SystemError) {
        wakeUp = try WakeUp()
    }

    var standing: SSHSession.Standing { state.withLock { $0.standing } }
    var isClosing: Bool { state.withLock { $0.isClosing } }
    var commandLimit: Int? { state.withLock { $0.commandLimit } }

    func put(_ job: SessionJob) {
        load.add(1, ordering: .relaxed)
        let end: RemoteError? = state.withLock { state in
            if case .over(let error, _) = state.standing { return error }
            state.jobs.append(job)
            return nil
        }
        guard let end else { return wakeUp.signal() }
        load.subtract(1, ordering: .relaxed)
        job.finish(.failure(.sessionUnusable(end.during(job.action))))
    }

    func take() -> [SessionJob] {
        state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
    }

    func limitsCommands(to count: Int) {
        state.withLock { $0.commandLimit = count }
    }

    func becomes(_ standing: SSHSession.Standing) {
        state.withLock { $0.standing = standing }
    }

    /// The session is over; what is left here and what comes later is told so.
    func end(_ error: RemoteError, wasOpen: Bool) {
        becomes(.over(error, wasOpen: wasOpen))
        for job in take() { job.finish(.failure(.sessionUnusable(error.during(job.action)))) }
    }

    func close() {
        state.withLock { $0.isClosing = true }
        wakeUp.signal()
    }
}
