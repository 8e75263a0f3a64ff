import ClusterProtocol
import LeaseKernel
import SystemCalls

/// What a primary knows about one peer, and what it may send it next.
struct PeerProgress: Sendable {
    enum Mode: Sendable {
        /// Sends one empty message to learn where the peer stands; nothing else until it
        /// answers.
        case probing(isAsked: Bool)
        /// Sends entries from memory, several messages ahead of the answers.
        case streaming
        /// Waits for older entries from the log.
        case readingLog
        /// Waits for the snapshot to be read.
        case readingSnapshot
        /// Sends the snapshot, one part per answer.
        case sendingSnapshot(OutgoingSnapshot)
        /// Its log differs from this one at a committed position: it gets nothing any more.
        case diverged(LSN)
    }

    struct OutgoingSnapshot: Sendable {
        let lsn: LSN
        let highest: Term
        let bytes: [UInt8]
        var offset: Int
        /// When the part at `offset` was sent; nil when it was not.
        var askedAt: Instant?
    }

    let replica: ReplicaID
    private(set) var isConnected = false
    var mode = Mode.probing(isAsked: false)
    /// Everything up to here is the peer's as well, on its disk.
    private(set) var match = LSN(0)
    /// The next position to send.
    var next = LSN(1)
    /// The commit position the peer was told last.
    var toldCommit = LSN(0)
    /// Since when there is a higher one to tell, or an entry.
    var newsSince: Instant?
    /// Messages sent since the peer answered last.
    private(set) var unanswered = 0
    private(set) var lastSent: Instant
    private(set) var lastHeard: Instant
    /// The first of the unanswered messages.
    private(set) var waitingSince: Instant
    /// The round of confirmation the peer was asked for last.
    var askedRound: UInt64 = 0
    /// Where in the log file the entry at `next` may be found; 0 to begin at the start.
    var logOffset = 0
    /// What the peer last said about itself.
    var reported: PeerStatus?

    init(_ replica: ReplicaID, at now: Instant) {
        self.replica = replica
        lastSent = now
        lastHeard = now
        waitingSince = now
    }

    mutating func connected(at now: Instant) {
        self = PeerProgress(replica, at: now, keeping: self)
        isConnected = true
    }

    mutating func disconnected(at now: Instant) {
        self = PeerProgress(replica, at: now, keeping: self)
    }

    private init(_ replica: ReplicaID, at now: Instant, keeping old: PeerProgress) {
        self.init(replica, at: now)
        reported = old.reported
        if case .diverged = old.mode { mode = old.mode }
    }

    /// Whether it has not answered for this long.
    func isLate(at now: Instant, after limit: Duration) -> Bool {
        unanswered > 0 && now - waitingSince >= limit
    }

    mutating func noteSent(at now: Instant) {
        if unanswered == 0 { waitingSince = now }
        unanswered += 1
        lastSent = now
    }

    mutating func noteHeard(at now: Instant) {
        lastHeard = now
        unanswered = 0
        waitingSince = now
    }

    /// The peer holds everything up to `lsn`.
    mutating func noteMatch(_ lsn: LSN) {
        match = max(match, lsn)
        if next <= match { next = LSN(match.rawValue + 1) }
    }

    /// Sends everything after `lsn` again.
    mutating func restart(after lsn: LSN) {
        next = LSN(lsn.rawValue + 1)
        logOffset = 0
        mode = .streaming
    }

    /// Nothing came back for too long: what was sent may be lost.
    mutating func resend(at now: Instant) {
        unanswered = 0
        waitingSince = now
        switch mode {
        case .probing, .streaming:
            next = LSN(match.rawValue + 1)
            logOffset = 0
            mode = .probing(isAsked: false)
        case .sendingSnapshot(var snapshot):
            snapshot.askedAt = nil
            mode = .sendingSnapshot(snapshot)
        case .readingLog, .readingSnapshot, .diverged: break
        }
    }

    /// How far the peer is behind, in one word for `explain`.
    var modeText: String {
        guard isConnected else { return "disconnected" }
        return switch mode {
        case .probing: "probing"
        case .streaming: "streaming"
        case .readingLog: "reading_log"
        case .readingSnapshot: "reading_snapshot"
        case .sendingSnapshot(let snapshot):
            "sending_snapshot(\(snapshot.offset)/\(snapshot.bytes.count))"
        case .diverged(let lsn): "diverged_at_\(lsn)"
        }
    }
}
