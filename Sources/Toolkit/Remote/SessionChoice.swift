import SystemCalls

/// Which session a job goes to. It decides from what it is told and does nothing itself.
struct SessionChoice {
    /// One session, as it is now.
    struct Facts {
        let purpose: SSHSession.Purpose
        let takesJobs: Bool
        let isConnecting: Bool
        let load: Int
        /// Commands at a time, if the server is known to bear fewer.
        let commandLimit: Int?
    }

    enum Decision: Equatable {
        case use(index: Int)
        case open
        /// An attempt to connect has just failed; not before then.
        case pause(until: Instant)
        /// All that may be open is in use.
        case wait
    }

    private let limits: SSHLimits
    /// Commands at a time in one session, as far as the server has shown.
    private(set) var commandLimit: Int
    private var backOff = BackOff.none

    private enum BackOff {
        case none
        case waiting(failures: Int, until: Instant)
    }

    init(_ limits: SSHLimits) {
        self.limits = limits
        commandLimit = limits.commandsPerSession
    }

    func decide(_ purpose: SSHSession.Purpose, _ sessions: [Facts], now: Instant) -> Decision {
        let known = sessions.compactMap(\.commandLimit).min() ?? commandLimit
        let limit =
            purpose == .commands ? min(known, commandLimit) : limits.streamsPerSession
        let candidates = sessions.enumerated().filter { _, facts in
            facts.takesJobs && facts.purpose == purpose && facts.load < limit
        }
        // The fullest one, so that others become free.
        if let best = candidates.max(by: { $0.element.load < $1.element.load }) {
            return .use(index: best.offset)
        }
        let connecting = sessions.filter(\.isConnecting).count
        if sessions.count >= limits.sessions || connecting >= limits.connectingSessions {
            return .wait
        }
        if case .waiting(_, let until) = backOff, now < until { return .pause(until: until) }
        return .open
    }

    mutating func connectingFailed(now: Instant) {
        let failures =
            switch backOff {
            case .none: 1
            case .waiting(let failures, _): failures + 1
            }
        let doublings = min(failures - 1, 20)
        let pause = min(limits.firstPause * (1 << doublings), limits.longestPause)
        backOff = .waiting(failures: failures, until: now + pause)
    }

    mutating func connected() {
        backOff = .none
    }

    /// The server refused a command's channel while so many others were in use. False when it
    /// refuses even the only one.
    mutating func commandRefused(others: Int) -> Bool {
        guard others > 0 else { return false }
        commandLimit = max(1, min(commandLimit, others))
        return true
    }
}
