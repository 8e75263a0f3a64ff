public import SecureShell
public import SystemCalls

/// How a machine is reached by SSH, and as whom.
public struct SSHConfiguration: Sendable {
    /// The way to the server's port.
    public enum Route: Sendable {
        case direct(SocketAddress)
        /// A stream that another machine opens to it: a jump.
        case through(any Remote, SocketAddress)

        var address: SocketAddress {
            switch self {
            case .direct(let address), .through(_, let address): address
            }
        }
    }

    /// Something that proves who we are.
    public enum Identity: Sendable {
        case file(path: String, passphrase: String?)
        /// The keys of an agent; without a path of the one that SSH_AUTH_SOCK names.
        case agent(socket: String?)
    }

    public var user: String
    public var route: Route
    /// The only key that is taken for the server's.
    public var hostKey: HostKey
    /// Tried in this order.
    public var identities: [Identity]
    public var limits = SSHLimits()

    public init(user: String, route: Route, hostKey: HostKey, identities: [Identity]) {
        self.user = user
        self.route = route
        self.hostKey = hostKey
        self.identities = identities
    }

    var name: String { "\(user)@\(route.address)" }
}

/// Bounds of what is kept open to one machine.
public struct SSHLimits: Sendable {
    /// For the connection, the key exchange and the authentication together.
    public var connect: Duration = .seconds(20)
    /// Commands at a time in one session; sshd's MaxSessions is 10 unless set. A server that
    /// refuses sooner is believed.
    public var commandsPerSession = 10
    public var streamsPerSession = 100
    /// Sessions at a time.
    public var sessions = 16
    /// Sessions that are not authenticated yet: servers drop more (dropbear 5 of one address,
    /// sshd some of 10).
    public var connectingSessions = 4
    /// A server that was silent for so long is asked for a sign of life; one that is silent for
    /// three times as long is given up.
    public var keepAlive: Duration = .seconds(15)
    /// The pause after a failed attempt to connect; it doubles with each, up to `longestPause`.
    public var firstPause: Duration = .milliseconds(100)
    public var longestPause: Duration = .seconds(5)

    public init() {}
}
