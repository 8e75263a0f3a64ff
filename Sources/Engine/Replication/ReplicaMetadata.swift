public import LeaseKernel

/// A promise to support one candidate of a view (replica.md 7.2).
public struct DurableVote: Hashable, Sendable {
    public var view: View
    public var votedFor: ReplicaID

    public init(view: View, votedFor: ReplicaID) {
        self.view = view
        self.votedFor = votedFor
    }
}

/// Which replica of which shard a folder belongs to.
public struct ReplicaIdentity: Hashable, Sendable {
    public var replicaID: ReplicaID
    public var shardID: ShardID

    public init(replicaID: ReplicaID, shardID: ShardID) {
        self.replicaID = replicaID
        self.shardID = shardID
    }
}

/// What a replica must remember across restarts besides its log: who it is, its view and role,
/// how far it has committed, and whom it has promised what (replica.md 3).
public struct ReplicaMetadata: Hashable, Sendable {
    public var replicaID: ReplicaID
    public var shardID: ShardID
    public var currentView: View
    public var role: ReplicaRole
    /// Position of the last committed entry; nil before the first one.
    public var commitLSN: LSN?
    /// Position of the snapshot in use; nil without a snapshot and for an empty one.
    public var activeSnapshotLSN: LSN?
    /// The last view in which the replica was primary or backup. A takeover trusts it: whoever
    /// stores view v here holds every entry that v began with. A replica that learns of a
    /// higher view while it lags may store that as its current view at once, but here only when
    /// it has caught up to where the view began.
    public var lastNormalView: View?
    public var durableVote: DurableVote?

    public init(
        replicaID: ReplicaID, shardID: ShardID, currentView: View, role: ReplicaRole,
        commitLSN: LSN? = nil, activeSnapshotLSN: LSN? = nil, lastNormalView: View? = nil,
        durableVote: DurableVote? = nil
    ) {
        self.replicaID = replicaID
        self.shardID = shardID
        self.currentView = currentView
        self.role = role
        self.commitLSN = commitLSN
        self.activeSnapshotLSN = activeSnapshotLSN
        self.lastNormalView = lastNormalView
        self.durableVote = durableVote
    }

    public var identity: ReplicaIdentity {
        ReplicaIdentity(replicaID: replicaID, shardID: shardID)
    }

    /// The larger of the current view and the vote's view: no operation may go below it
    /// (replica.md 7).
    public var highestKnownView: View {
        durableVote.map { max($0.view, currentView) } ?? currentView
    }
}
