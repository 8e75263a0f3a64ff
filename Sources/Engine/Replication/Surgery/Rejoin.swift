import ClusterProtocol
public import LeaseKernel

/// How a lagging or outdated replica is brought in line with the primary of the current view,
/// by files (replica.md 13, cluster-runner.md 11.3).
public struct RejoinPlan: Sendable {
    /// How much of the primary's files the replica takes over.
    public enum Method: Hashable, Sendable {
        /// It keeps its own log and snapshot and gets the frames above its commit position.
        case suffixOnly
        /// It gets the primary's snapshot and log; nothing of its own is kept.
        case snapshotTransfer
    }

    public let replica: ReplicaID
    public let primary: ReplicaID
    public let view: View
    /// The commit position the replica stands at afterwards.
    public let target: LSN?
    public let method: Method
    /// What the replica's folder holds afterwards.
    public let contents: WorkspaceContents

    /// Plans from a copy of the primary's folder and the stopped replica's own. The primary may
    /// run, but its folder must have been read after the replica was stopped.
    ///
    /// Entries that are only prepared on the primary are transferred too, other than by the
    /// reference: among them are all those whose receipt the replica may have acknowledged, and
    /// the primary will count it for them.
    public init(
        _ survey: ReplicaSurvey, from primary: ReplicaSurvey
    ) throws(SurgeryError) {
        let own = survey.contents
        let theirs = primary.contents
        try Self.requirePrimary(primary, for: survey.replicaID)
        let highest = own.metadata.highestKnownView
        guard highest <= theirs.metadata.currentView else {
            throw .viewAheadOfPrimary(
                survey.replicaID, highestKnown: highest, primary: theirs.metadata.currentView)
        }
        if let committed = survey.committed,
            primary.committed.map({ committed > $0 }) ?? true
        {
            throw .committedBeyondSource(
                survey.replicaID, committed: committed, source: primary.replicaID,
                held: primary.committed)
        }
        if let lsn = survey.firstDifference(from: primary, in: .committed) {
            throw .divergedLogs(survey.replicaID, primary.replicaID, lsn)
        }
        let floor = primary.replayFloor ?? LSN(0)
        let method: Method =
            (survey.committed ?? LSN(0)) >= floor ? .suffixOnly : .snapshotTransfer
        self.init(
            replacing: own.metadata.identity, in: own.format, from: primary, method: method,
            keeping: method == .suffixOnly ? survey : nil)
    }

    /// Plans a rejoin that keeps nothing of the replica's own: for a folder that is lost,
    /// damaged or diverged.
    public init(
        replacing identity: ReplicaIdentity, format: WorkspaceContents.Format,
        from primary: ReplicaSurvey
    ) throws(SurgeryError) {
        try Self.requirePrimary(primary, for: identity.replicaID)
        self.init(
            replacing: identity, in: format, from: primary, method: .snapshotTransfer,
            keeping: nil)
    }

    private init(
        replacing identity: ReplicaIdentity, in format: WorkspaceContents.Format,
        from primary: ReplicaSurvey, method: Method, keeping survey: ReplicaSurvey?
    ) {
        let theirs = primary.contents
        let view = theirs.metadata.currentView
        let metadata = ReplicaMetadata(
            replicaID: identity.replicaID, shardID: identity.shardID, currentView: view,
            role: .backup, commitLSN: primary.committed,
            activeSnapshotLSN: (survey?.contents.metadata ?? theirs.metadata).activeSnapshotLSN,
            lastNormalView: view)
        self.replica = identity.replicaID
        self.primary = primary.replicaID
        self.view = view
        self.target = primary.committed
        self.method = method
        self.contents = WorkspaceContents(
            format: format, metadata: metadata,
            snapshot: survey.map(\.contents.snapshot) ?? theirs.snapshot,
            frames: survey.map {
                LogSplice.suffix(
                    of: theirs.frames, onto: $0.contents.frames, committed: $0.committed)
            } ?? theirs.frames,
            prepared: theirs.prepared, generations: theirs.generations,
            highestTerm: theirs.highestTerm,
            highestGeneration: max(
                theirs.highestGeneration, survey?.contents.highestGeneration ?? .unknown))
    }

    private static func requirePrimary(
        _ primary: ReplicaSurvey, for replica: ReplicaID
    ) throws(SurgeryError) {
        guard primary.replicaID != replica else { throw .rejoinFromItself(replica) }
        let role = primary.contents.metadata.role
        guard role == .primary else {
            throw .sourceIsNotPrimary(primary.replicaID, role: role)
        }
    }
}
