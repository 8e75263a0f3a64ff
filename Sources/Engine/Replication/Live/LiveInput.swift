public import ClusterProtocol
public import LeaseKernel

/// Names one open request of the server, which keeps the connection that waits for the answer.
public struct RequestToken: Hashable, Sendable {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names one incoming peer stream, on which answers to its messages go back.
public struct StreamToken: Hashable, Sendable {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Everything that can happen to a live replica. Clock, randomness, sockets and files stay
/// outside: the server turns what they report into these values.
public enum LiveInput: Sendable {
    /// A decoded request of a client. Text-level problems (isolation, bad framing) are answered
    /// by the server and never arrive here.
    case client(RequestToken, ClientRequest)
    /// One-shot messages of the reference's replica protocol (cluster-runner.md 8).
    case legacyPrepare(RequestToken, PreparedEntry)
    case legacyCommit(RequestToken, view: View, LSN)
    /// The own outgoing stream to a peer finished its handshake.
    case peerConnected(ReplicaID)
    /// The own outgoing stream to a peer is gone; what was sent on it may or may not arrive.
    case peerDisconnected(ReplicaID)
    /// A message that came back on the own outgoing stream.
    case peerAnswer(ReplicaID, PeerMessage)
    /// A message on an incoming stream whose handshake named the sender.
    case peerRequest(ReplicaID, StreamToken, PeerMessage)
    /// A storage job has run: all of its work, or none that may be relied on.
    case storageFinished(StorageToken, StorageOutcome)
    /// Time has passed; hand in at `nextWakeUp` at the latest.
    case timer
    /// The fault file cut this replica off from clients and peers, or joined it again. The
    /// server closes or refuses the streams; here it only shows in `explain`.
    case isolationChanged(isolated: Bool)
    /// An operator asks for a checkpoint; answered with control text.
    case checkpoint(RequestToken)
    /// Ends service: waiting requests are answered, the log is synced, then `stopped` follows.
    case stop
}
