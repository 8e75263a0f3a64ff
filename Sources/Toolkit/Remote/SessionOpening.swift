import SecureShell
import SystemCalls

/// The steps from nothing to a session that takes channels, each in the session's own thread and
/// all before one deadline: connect, exchange keys, verify the host key, authenticate.
struct SessionOpening {
    let configuration: SSHConfiguration
    let mailbox: SessionMailbox
    let deadline: Deadline

    private static let action = "connecting"

    func open() throws(RemoteError) -> LibrarySession {
        let keys = try inspectedIdentities()
        let library = try begin(hostKeys: [configuration.hostKey.kind])
        let seen = try hostKey(of: library)
        guard seen == configuration.hostKey else {
            throw error(.hostKeyChanged(pinned: configuration.hostKey, seen: seen))
        }
        try authenticate(library, keys)
        return library
    }

    /// A session after the key exchange, not authenticated.
    func begin(hostKeys: [String]) throws(RemoteError) -> LibrarySession {
        let transport = SessionTransport(try connection())
        let library: LibrarySession
        do throws(LibraryError) {
            library = try LibrarySession(transport, hostKeys: hostKeys)
        } catch {
            throw self.error(.init(error))
        }
        do throws(StepFailure) {
            try drive(library) { () throws(LibraryError) in try library.handshake() }
        } catch {
            throw self.error(handshakeCause(error, transport, hostKeys))
        }
        return library
    }

    func hostKey(of library: LibrarySession) throws(RemoteError) -> HostKey {
        guard let bytes = library.hostKey, let key = HostKey(bytes: bytes) else {
            throw error(.lost("the server showed no host key"))
        }
        return key
    }

    private func error(_ cause: RemoteError.Cause) -> RemoteError {
        RemoteError(remote: configuration.name, action: Self.action, cause: cause)
    }

    // MARK: - Waiting

    private enum StepFailure: Error {
        case library(LibraryError)
        case deadline
        case closed
    }

    /// Repeats a step as bytes arrive, until it is done.
    private func drive<Value>(
        _ library: LibrarySession, _ step: () throws(LibraryError) -> Value?
    ) throws(StepFailure) -> Value {
        let transport = library.transport
        while true {
            transport.beginTurn()
            do throws(LibraryError) {
                if let value = try step() {
                    transport.flush()
                    return value
                }
            } catch {
                throw .library(error)
            }
            transport.flush()
            if mailbox.isClosing { throw .closed }
            if deadline.isPassed { throw .deadline }
            // A second at most, so that closing is noticed.
            transport.wait(until: Deadline(min(deadline.instant, .now + .seconds(1))))
        }
    }

    // MARK: - Connecting

    private func connection() throws(RemoteError) -> FileDescriptor {
        switch configuration.route {
        case .direct(let address):
            do throws(SystemError) {
                return try TCPConnection.connect(to: address, until: deadline).descriptor
            } catch {
                throw self.error(.unreachable(error))
            }
        case .through(let jump, let address):
            return try jump.openStream(to: address, until: deadline)
        }
    }

    private func handshakeCause(
        _ failure: StepFailure, _ transport: SessionTransport, _ hostKeys: [String]
    ) -> RemoteError.Cause {
        let received = transport.firstBytes
        switch failure {
        case .closed: return .closed
        case .deadline:
            if received.isEmpty { return .deadline(waitingFor: "an SSH greeting") }
            if ServerGreeting.greeting(of: received) == nil {
                return .notSSH(seen: ServerGreeting.shown(received))
            }
            return .deadline(waitingFor: "the key exchange")
        case .library(let error):
            if let broken = transport.failure { return .lost("\(broken)") }
            if ServerGreeting.greeting(of: received) == nil {
                // A server that has too many connections closes them without a word.
                return received.isEmpty
                    ? .lost("the server closed it before its greeting")
                    : .notSSH(seen: ServerGreeting.shown(received))
            }
            if error.isNoCommonAlgorithm, let offer = ServerGreeting(received) {
                return Self.disagreement(offer, hostKeys) ?? .init(error)
            }
            return transport.hasEnded
                ? .lost("the server closed it during the key exchange") : .init(error)
        }
    }

    private static func disagreement(
        _ offer: ServerGreeting, _ hostKeys: [String]
    ) -> RemoteError.Cause? {
        for (kind, ours, theirs) in [
            ("host key algorithm", hostKeys, offer.hostKeys),
            ("key exchange", LibrarySession.keyExchanges, offer.keyExchanges),
            ("cipher", LibrarySession.ciphers, offer.ciphersToUs),
            (
                "message authentication", LibrarySession.authenticationCodes,
                offer.authenticationCodesToUs
            ),
        ] where Set(ours).isDisjoint(with: theirs) {
            return .noCommonAlgorithm(kind, ours: ours, theirs: theirs)
        }
        return nil
    }

    // MARK: - Authentication

    private func inspectedIdentities() throws(RemoteError) -> [SSHConfiguration.Identity] {
        for case .file(let path, let passphrase) in configuration.identities {
            do throws(RemoteError.IdentityProblem) {
                _ = try PrivateKeyFile.inspect(path, passphrase: passphrase)
            } catch {
                throw self.error(.identity(path: path, error))
            }
        }
        return configuration.identities
    }

    private func authenticate(
        _ library: LibrarySession, _ identities: [SSHConfiguration.Identity]
    ) throws(RemoteError) {
        let user = configuration.user
        let accepted = try authenticationStep(library) { () throws(LibraryError) in
            try library.acceptedMethods(for: user)
        }
        // A server that lets everybody in has done so.
        if accepted.isEmpty { return }
        var tried: [String] = []
        for identity in identities {
            switch identity {
            case .file(let path, let passphrase):
                tried.append(path)
                let isIn = try attempt(library, path: path) { () throws(LibraryError) in
                    try library.authenticate(user, keyFile: path, passphrase: passphrase)
                }
                if isIn { return }
            case .agent(let socket):
                let agent = try agent(of: library, at: socket)
                let usable = agent.identities.filter { HostKey.kinds.contains($0.key.kind) }
                if usable.isEmpty {
                    let kinds = Set(agent.identities.map(\.key.kind)).sorted()
                    throw error(
                        .agent(
                            kinds.isEmpty
                                ? "it holds no key"
                                : "it holds keys of unusable kinds only: "
                                    + kinds.joined(separator: ", ")))
                }
                for key in usable {
                    tried.append("\(key.key.kind) \(key.key.fingerprint) of the agent")
                    let isIn = try attempt(library, path: nil) { () throws(LibraryError) in
                        try agent.authenticate(user, with: key)
                    }
                    if isIn { return }
                }
            }
        }
        throw error(.notAuthenticated(user: user, tried: tried, accepted: accepted))
    }

    /// Whether the server took it. A key that cannot be opened is an error at once.
    private func attempt(
        _ library: LibrarySession, path: String?, _ step: () throws(LibraryError) -> Void?
    ) throws(RemoteError) -> Bool {
        do throws(StepFailure) {
            try drive(library, step)
            return true
        } catch {
            if case .library(let failure) = error, library.transport.isUsable {
                if failure.isKeyRefused { return false }
                if let path, failure.isKeyUnusable {
                    throw self.error(.identity(path: path, .wrongPassphrase))
                }
            }
            throw self.error(cause(error, library.transport, "the authentication"))
        }
    }

    private func authenticationStep<Value>(
        _ library: LibrarySession, _ step: () throws(LibraryError) -> Value?
    ) throws(RemoteError) -> Value {
        do throws(StepFailure) {
            return try drive(library, step)
        } catch {
            throw self.error(cause(error, library.transport, "the authentication"))
        }
    }

    private func cause(
        _ failure: StepFailure, _ transport: SessionTransport, _ step: String
    ) -> RemoteError.Cause {
        switch failure {
        case .closed: .closed
        case .deadline: .deadline(waitingFor: step)
        case .library(let error): transport.lossCause(error, during: step)
        }
    }

    private func agent(
        of library: LibrarySession, at socket: String?
    ) throws(RemoteError) -> LibraryAgent {
        guard let path = socket ?? Environment["SSH_AUTH_SOCK"] else {
            throw error(.agent("SSH_AUTH_SOCK is not set"))
        }
        do throws(LibraryError) {
            return try library.agent(at: path)
        } catch {
            throw self.error(.agent("nothing answers at \(path) (\(error.text))"))
        }
    }
}

extension RemoteError.Cause {
    init(_ error: LibraryError) {
        self = .library(call: error.call, code: error.code, text: error.text)
    }
}

extension SessionTransport {
    /// What became of the connection, or the library's own failure while it stands.
    func lossCause(_ error: LibraryError, during step: String) -> RemoteError.Cause {
        if let failure { return .lost("\(failure) during \(step)") }
        return hasEnded ? .lost("the server closed it during \(step)") : .init(error)
    }
}
