public import LeaseEngine
public import LeaseKernel
public import SystemCalls

/// A replica without sockets, files and clocks: inputs go in, effects come out. The server
/// drives one; tests may drive another.
///
/// The server hands in everything that one poll of its sockets brought, one input each, then
/// calls `finishRound` once: that is where entries that gathered meanwhile become one journal
/// batch and one message per peer.
public protocol ReplicaCore: Sendable {
    mutating func handle(_ input: LiveInput, at now: Instant, effects: inout [LiveEffect])
    mutating func finishRound(at now: Instant, effects: inout [LiveEffect])
    /// When `timer` is wanted next, whatever else happens. Asked in every round; it is mutating
    /// because a server that is generic over its core would copy the core to ask it otherwise.
    var nextWakeUp: Instant { mutating get }
    /// What the status request reports (cluster-runner.md 7).
    var status: LiveStatus { get }
    /// Every component's state, blocking reason and last transition, and whether a read and a
    /// write would be served now.
    func explain(at now: Instant) -> [ExplainLine]
}

/// One `key=value` line of `explain`.
public struct ExplainLine: Hashable, Sendable {
    public let key: String
    public let value: String
    public init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}

/// The facts of a status reply that only the replica knows (cluster-runner.md 7).
public struct LiveStatus: Hashable, Sendable {
    /// What an active replica reports about its engine; absent when it is faulted.
    public struct Engine: Hashable, Sendable {
        public var acceptingWrites: Bool
        public var startupKind: StartupKind
        public var loadedSnapshotLSN: LSN?
        public var replayedWALFrameCount: UInt32
        public var replayedWALLastLSN: LSN?
    }

    public var role: ReplicaRole
    public var currentView: View
    public var commitLSN: LSN?
    public var activeSnapshotLSN: LSN?
    public var lastNormalView: View?
    public var durableVote: DurableVote?
    public var highestPreparedLSN: LSN?
    public var engine: Engine?
    /// The text of the fault (replica.md 2); nil while the replica is active.
    public var faultReason: String?
}
