/// The bounds of a live replica. Each names what it limits and in which unit; none depends on
/// what a client or a peer sends.
public struct LiveLimits: Hashable, Sendable {
    /// A batch of this many entries means that many clients send at once.
    public var manyEntries = 8
    /// Entries that are prepared and not committed. A submit beyond it is `overloaded`.
    public var pendingEntries = 1024
    /// Bytes of their payloads.
    public var pendingBytes = 8 << 20
    /// Requests that wait for something: a commit, a round of confirmation, their turn.
    public var waitingRequests = 4096
    /// Payload bytes of one message to a peer; one entry may exceed it alone.
    public var messageBytes = 256 << 10
    /// Entries of one message to a peer.
    public var messageEntries = 1024
    /// Messages with entries that a peer has not answered yet.
    public var messagesInFlight = 8
    /// Any messages that a peer has not answered yet; further ones are held back.
    public var unansweredMessages = 64
    /// Payload bytes of committed entries kept in memory for peers that are a little behind.
    public var recentBytes = 2 << 20
    /// Committed entries kept for the same purpose.
    public var recentEntries = 8192
    /// Bytes of one part of a snapshot.
    public var snapshotChunkBytes = 256 << 10
    /// Longest snapshot that is taken in, in bytes.
    public var snapshotBytes = 256 << 20
    /// Journal length, in bytes, at which it is compacted.
    public var journalBytes = 4 << 20
    /// Log length, in bytes, at which a checkpoint is taken without being asked for.
    public var logBytes = 32 << 20

    public init() {}
}

/// How long a live replica waits for what.
public struct LiveTimes: Hashable, Sendable {
    /// A write, tick or read that is not through by then is answered without its result
    /// (cluster-runner.md 8: the reference's limit per peer).
    public var requestLimit: Duration = .milliseconds(500)
    /// A primary that has nothing to say sends this often.
    public var heartbeat: Duration = .milliseconds(200)
    /// A replica that is no primary reports this often where it stands.
    public var statusInterval: Duration = .seconds(1)
    /// Without an answer for this long, what was sent is sent again.
    public var resendAfter: Duration = .milliseconds(400)
    /// Without an answer for this long, the stream is given up.
    public var reconnectAfter: Duration = .seconds(3)
    /// Log frames of committed entries are gathered this long. The journal has what they say; a
    /// write with every batch would only hold up the batches.
    public var framesWait: Duration = .milliseconds(5)
    /// A new commit position waits this long for entries to go with, and entries for a peer that
    /// no quorum needs wait for more of them: a message, an answer and a sync for each would cost
    /// a busy cluster as much again. A peer silent for this long is not relied on.
    public var newsWait: Duration = .milliseconds(5)
    /// From one batch of many entries to the next, at least.
    public var gatherWait: Duration = .milliseconds(2)
    /// A round of confirmation without a majority is asked again after this long.
    public var confirmAgainAfter: Duration = .milliseconds(100)

    public init() {}
}
