import SecureShell
import Synchronization
import SystemCalls

/// The thread of a session: connects, then moves bytes between the server and all channels until
/// the session is over. Nobody else touches the library's session.
final class SessionOwner {
    private let configuration: SSHConfiguration
    private let purpose: SSHSession.Purpose
    private let mailbox: SessionMailbox
    private let library: LibrarySession
    private let poller: Poller
    private var opening: ChannelOpening = .idle
    private var isRetired = false
    private var waiting: [SessionJob] = []
    private var channels: [UInt64: Entry] = [:]
    private var nextToken = SessionOwner.firstChannelToken
    private var isRegisteredForWriting = false
    private var nextSignOfLife: Instant

    private struct Entry {
        let channel: any SessionChannel
        var registered: (descriptor: FileDescriptor, interest: Poller.Interest)?
    }

    /// libssh2 opens one channel at a time.
    private enum ChannelOpening {
        case idle
        case forJob(SessionJob)
        /// The channel is open, and the server has yet to say that its command runs. Two such
        /// answers at a time libssh2 confuses.
        case starting(CommandChannel)
        /// For nobody: it reads what the server has sent.
        case probe
    }

    private static let wakeUpToken: UInt64 = 0
    private static let serverToken: UInt64 = 1
    private static let firstChannelToken: UInt64 = 2

    /// The body of the thread.
    static func run(
        _ configuration: SSHConfiguration, for purpose: SSHSession.Purpose,
        with mailbox: SessionMailbox
    ) {
        let opening = SessionOpening(
            configuration: configuration, mailbox: mailbox,
            deadline: .after(configuration.limits.connect))
        do throws(RemoteError) {
            let library = try opening.open()
            let owner: SessionOwner
            do throws(SystemError) {
                owner = try SessionOwner(configuration, purpose, mailbox, library)
            } catch {
                throw RemoteError(
                    remote: configuration.name, action: "connecting", cause: .system(error))
            }
            if library.transport.confusesCommands { mailbox.limitsCommands(to: 1) }
            mailbox.becomes(.open)
            let cause = owner.serve()
            owner.end(cause)
        } catch {
            mailbox.end(error, wasOpen: false)
        }
    }

    private init(
        _ configuration: SSHConfiguration, _ purpose: SSHSession.Purpose,
        _ mailbox: SessionMailbox, _ library: LibrarySession
    ) throws(SystemError) {
        self.purpose = purpose
        self.configuration = configuration
        self.mailbox = mailbox
        self.library = library
        poller = try Poller()
        nextSignOfLife = .now + configuration.limits.keepAlive
        try poller.add(
            mailbox.wakeUp.descriptor, token: Self.wakeUpToken, interest: .readable)
        try poller.add(library.transport.socket, token: Self.serverToken, interest: .readable)
    }

    /// Turn after turn until the session is over; returns why.
    private func serve() -> RemoteError.Cause {
        while true {
            do throws(LibraryError) {
                try turn()
            } catch {
                return library.transport.lossCause(error, during: "use")
            }
            if !library.transport.isUsable {
                return library.transport.failure.map { .lost("\($0)") }
                    ?? .lost("the server closed it")
            }
            if mailbox.isClosing {
                library.disconnect()
                library.transport.flush()
                return isRetired ? Self.retired : .closed
            }
            if Instant.now - library.transport.lastReceived > configuration.limits.keepAlive * 3 {
                return .lost("the server was silent for \(configuration.limits.keepAlive * 3)")
            }
            do throws(SystemError) {
                try wait()
            } catch {
                return .system(error)
            }
        }
    }

    private func end(_ cause: RemoteError.Cause) {
        mailbox.end(
            RemoteError(remote: configuration.name, action: "connected", cause: cause),
            wasOpen: true)
        if case .forJob(let job) = opening {
            job.finish(.failure(.sessionUnusable(job.error(cause))))
        }
        handBack(cause)
        for entry in channels.values { entry.channel.isLost(cause) }
        channels = [:]
    }

    // MARK: - A turn

    private func turn() throws(LibraryError) {
        library.transport.beginTurn()
        waiting += mailbox.take()
        if isRetired { handBack(Self.retired) }
        try signOfLife()
        try advanceOpening()
        for (token, entry) in channels {
            if entry.channel.deadline?.isPassed == true { entry.channel.deadlineHasPassed() }
            if try entry.channel.advance(library.transport) { remove(token) }
        }
        library.transport.flush()
    }

    private func advanceOpening() throws(LibraryError) {
        while true {
            switch opening {
            case .idle:
                guard !isRetired, !waiting.isEmpty else { return }
                if let limit = commandLimit, channels.count >= limit {
                    return handBack(.lost("the session takes no more at a time"))
                }
                let job = waiting.removeFirst()
                if job.start() { opening = .forJob(job) } else { dropLoad() }
            case .probe:
                guard try library.probe() != nil else { return }
                opening = .idle
            case .starting(let channel):
                guard channel.isStarting else {
                    opening = .idle
                    continue
                }
                if channel.deadline?.isPassed == true { retire() }
                return
            case .forJob(let job):
                guard !isRetired else { return }
                guard try !advance(job) else { continue }
                if job.deadline.isPassed { giveUp(job) }
                return
            }
        }
    }

    /// False when the server has not answered yet.
    private func advance(_ job: SessionJob) throws(LibraryError) -> Bool {
        do throws(LibraryError) {
            switch job.kind {
            case .command(let work):
                guard let channel = try library.openCommandChannel() else { return false }
                let command = CommandChannel(job, work, channel)
                add(command)
                opening = .starting(command)
                return true
            case .stream(let address):
                guard
                    let channel = try library.openStreamChannel(
                        host: "\(address.host)", port: address.port)
                else { return false }
                try connect(job, address, channel)
            }
        } catch {
            guard error.isChannelFailure else { throw error }
            job.finish(.failure(.refused(job.error(.channelRefused(error.text)))))
            dropLoad()
        }
        opening = .idle
        return true
    }

    private func connect(
        _ job: SessionJob, _ address: SocketAddress, _ channel: LibraryChannel
    ) throws(LibraryError) {
        do throws(SystemError) {
            let pair = try StreamPair(subject: "\(address) through \(configuration.name)")
            add(StreamChannel(channel, pair.first))
            job.finish(.success(.stream(pair.second)))
        } catch {
            // The channel is closed with the session: without descriptors nothing else goes on.
            job.finish(.failure(.final(job.error(.system(error)))))
            dropLoad()
        }
    }

    /// Nobody waits for the channel in opening any more. libssh2 cannot take it back, and would
    /// hold up every other: so this session opens no further one, and ends with its channels.
    private func giveUp(_ job: SessionJob) {
        job.finish(
            .failure(.final(job.error(.deadline(waitingFor: "the server to open a channel")))))
        dropLoad()
        retire()
    }

    private func retire() {
        isRetired = true
        mailbox.becomes(.retired)
        handBack(Self.retired)
    }

    /// Streams are none of its business.
    private var commandLimit: Int? { purpose == .commands ? mailbox.commandLimit : nil }

    private static let retired = RemoteError.Cause.lost("the session takes no more")

    private func handBack(_ cause: RemoteError.Cause) {
        for job in waiting {
            job.finish(.failure(.sessionUnusable(job.error(cause))))
            dropLoad()
        }
        waiting = []
    }

    private func signOfLife() throws(LibraryError) {
        guard Instant.now >= nextSignOfLife else { return }
        nextSignOfLife = .now + configuration.limits.keepAlive
        if channels.isEmpty, case .idle = opening {
            opening = .probe
        } else {
            try library.keepAlive(every: 1)
        }
    }

    // MARK: - Channels

    private func add(_ channel: any SessionChannel) {
        channels[nextToken] = Entry(channel: channel, registered: nil)
        nextToken += 1
    }

    private func remove(_ token: UInt64) {
        // Its local descriptor is closed, which takes it from the poller.
        channels[token] = nil
        dropLoad()
    }

    private func dropLoad() {
        mailbox.load.subtract(1, ordering: .relaxed)
    }

    // MARK: - Waiting

    private func wait() throws(SystemError) {
        try register()
        if isRetired, channels.isEmpty { mailbox.close() }
        for ready in try poller.wait(library.transport.wantsTurn ? .zero : timeLeft()) {
            switch ready.token {
            case Self.wakeUpToken: mailbox.wakeUp.consume()
            case Self.serverToken:
                if channels.isEmpty, case .idle = opening { opening = .probe }
            case let token:
                guard ready.interest.contains(.hangup), let entry = channels[token] else { break }
                try forget(token)
                entry.channel.localEndIsGone()
            }
        }
    }

    private func timeLeft() -> Duration {
        var instant = nextSignOfLife
        if case .forJob(let job) = opening, !isRetired {
            instant = min(instant, job.deadline.instant)
        }
        for entry in channels.values {
            if let deadline = entry.channel.deadline { instant = min(instant, deadline.instant) }
        }
        return Deadline(instant).remaining
    }

    /// Tells the poller what each side waits for.
    private func register() throws(SystemError) {
        let transport = library.transport
        if transport.hasOutgoing != isRegisteredForWriting {
            isRegisteredForWriting = transport.hasOutgoing
            try poller.modify(
                transport.socket, token: Self.serverToken,
                interest: isRegisteredForWriting ? [.readable, .writable] : .readable)
        }
        for (token, entry) in channels {
            guard let local = entry.channel.local else {
                try forget(token)
                continue
            }
            guard let registered = entry.registered else {
                try poller.add(local.descriptor, token: token, interest: local.interest)
                channels[token]?.registered = local
                continue
            }
            if registered.interest != local.interest {
                try poller.modify(local.descriptor, token: token, interest: local.interest)
                channels[token]?.registered = local
            }
        }
    }

    /// A closed descriptor has left the poller by itself.
    private func forget(_ token: UInt64) throws(SystemError) {
        guard let registered = channels[token]?.registered else { return }
        channels[token]?.registered = nil
        if registered.descriptor.rawValue >= 0 { try poller.remove(registered.descriptor) }
    }
}
