public import LeaseKernel

/// The rules a stored metadata image must obey towards the folder it lies in (replica.md 3.3).
/// The role takes no part in them.
public enum MetadataConsistency {
    /// Checks the ten rules in their order; throws the first violation.
    ///
    /// - Parameters:
    ///   - applied: the last position the local engine has applied.
    ///   - localSnapshot: the position of the snapshot the engine loaded.
    public static func check(
        _ metadata: ReplicaMetadata, identity: ReplicaIdentity, applied: LSN?, localSnapshot: LSN?
    ) throws(ConsistencyViolation) {
        guard metadata.replicaID == identity.replicaID else {
            throw .replicaIDMismatch(expected: identity.replicaID, found: metadata.replicaID)
        }
        guard metadata.shardID == identity.shardID else {
            throw .shardIDMismatch(expected: identity.shardID, found: metadata.shardID)
        }
        try checkSnapshot(metadata)
        try checkViews(metadata)
        guard metadata.activeSnapshotLSN == localSnapshot else {
            throw .activeSnapshotMismatch(
                metadata: metadata.activeSnapshotLSN, local: localSnapshot)
        }
        try checkApplied(applied, commit: metadata.commitLSN)
    }

    private static func checkSnapshot(
        _ metadata: ReplicaMetadata
    ) throws(ConsistencyViolation) {
        guard let snapshot = metadata.activeSnapshotLSN else { return }
        guard let commit = metadata.commitLSN else {
            throw .snapshotWithoutCommit(activeSnapshot: snapshot)
        }
        guard snapshot <= commit else {
            throw .snapshotBeyondCommit(activeSnapshot: snapshot, commit: commit)
        }
    }

    private static func checkViews(_ metadata: ReplicaMetadata) throws(ConsistencyViolation) {
        if let lastNormalView = metadata.lastNormalView, lastNormalView > metadata.currentView {
            throw .lastNormalViewAhead(
                currentView: metadata.currentView, lastNormalView: lastNormalView)
        }
        guard let vote = metadata.durableVote else { return }
        if let lastNormalView = metadata.lastNormalView, vote.view < lastNormalView {
            throw .durableVoteBelowLastNormalView(
                lastNormalView: lastNormalView, votedView: vote.view)
        }
        guard vote.view >= metadata.currentView else {
            throw .durableVoteBelowCurrentView(
                currentView: metadata.currentView, votedView: vote.view)
        }
    }

    private static func checkApplied(
        _ applied: LSN?, commit: LSN?
    ) throws(ConsistencyViolation) {
        if let applied, commit.map({ applied > $0 }) ?? true {
            throw .appliedLSNExceedsCommitLSN(applied: applied, commit: commit)
        }
        if let commit, applied.map({ $0 < commit }) ?? true {
            throw .appliedLSNBehindCommitLSN(applied: applied, commit: commit)
        }
    }
}

/// A folder whose files contradict each other or their reader's expectation (replica.md 3.3, 6).
public enum ConsistencyViolation: Error, Hashable, Sendable {
    case replicaIDMismatch(expected: ReplicaID, found: ReplicaID)
    case shardIDMismatch(expected: ShardID, found: ShardID)
    case snapshotWithoutCommit(activeSnapshot: LSN)
    case snapshotBeyondCommit(activeSnapshot: LSN, commit: LSN)
    case lastNormalViewAhead(currentView: View, lastNormalView: View)
    case durableVoteBelowLastNormalView(lastNormalView: View, votedView: View)
    case durableVoteBelowCurrentView(currentView: View, votedView: View)
    case activeSnapshotMismatch(metadata: LSN?, local: LSN?)
    case appliedLSNExceedsCommitLSN(applied: LSN, commit: LSN?)
    case appliedLSNBehindCommitLSN(applied: LSN?, commit: LSN)
    case preparedEntriesWithoutMetadata(count: Int)
    case preparedOrderMismatch(expected: LSN, found: LSN)
    case preparedViewMismatch(expected: View, found: View, LSN)
    case preparedPayloadRejected(LSN)
}

extension ConsistencyViolation: DebugTextual {
    public var debugText: String {
        switch self {
        case .replicaIDMismatch(let expected, let found):
            "ReplicaIdMismatch { expected: \(expected.debugText), found: \(found.debugText) }"
        case .shardIDMismatch(let expected, let found):
            "ShardIdMismatch { expected: \(expected.debugText), found: \(found.debugText) }"
        case .snapshotWithoutCommit(let snapshot):
            "SnapshotWithoutCommit { active_snapshot_lsn: \(snapshot.debugText) }"
        case .snapshotBeyondCommit(let snapshot, let commit):
            "SnapshotBeyondCommit { active_snapshot_lsn: \(snapshot.debugText), "
                + "commit_lsn: \(commit.debugText) }"
        case .lastNormalViewAhead(let current, let last):
            "LastNormalViewAhead { current_view: \(current.debugText), "
                + "last_normal_view: \(last.debugText) }"
        case .durableVoteBelowLastNormalView(let last, let voted):
            "DurableVoteBelowLastNormalView { last_normal_view: \(last.debugText), "
                + "voted_view: \(voted.debugText) }"
        case .durableVoteBelowCurrentView(let current, let voted):
            "DurableVoteBelowCurrentView { current_view: \(current.debugText), "
                + "voted_view: \(voted.debugText) }"
        case .activeSnapshotMismatch(let metadata, let local):
            "ActiveSnapshotMismatch { metadata_snapshot_lsn: \(metadata.debugText), "
                + "local_snapshot_lsn: \(local.debugText) }"
        case .appliedLSNExceedsCommitLSN(let applied, let commit):
            "AppliedLsnExceedsCommitLsn { last_applied_lsn: \(applied.debugText), "
                + "commit_lsn: \(commit.debugText) }"
        case .appliedLSNBehindCommitLSN(let applied, let commit):
            "AppliedLsnBehindCommitLsn { last_applied_lsn: \(applied.debugText), "
                + "commit_lsn: \(commit.debugText) }"
        case .preparedEntriesWithoutMetadata(let count):
            "PreparedEntriesWithoutMetadata { count: \(count) }"
        case .preparedOrderMismatch(let expected, let found):
            "PreparedOrderMismatch { expected_lsn: \(expected.debugText), "
                + "found_lsn: \(found.debugText) }"
        case .preparedViewMismatch(let expected, let found, let lsn):
            "PreparedViewMismatch { expected_view: \(expected.debugText), "
                + "found_view: \(found.debugText), lsn: \(lsn.debugText) }"
        case .preparedPayloadRejected(let lsn):
            "PreparedPayloadRejected { lsn: \(lsn.debugText) }"
        }
    }
}
