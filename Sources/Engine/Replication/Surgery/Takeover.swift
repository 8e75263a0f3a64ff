import ClusterProtocol
import LeaseEngine
public import LeaseKernel

/// The stages of a takeover. Together they make it safe to stop at any moment and to begin anew,
/// also with another majority.
public enum TakeoverStage: CaseIterable, Hashable, Sendable {
    /// Every replica promises the new view and stops taking part in older ones. From here on
    /// any other majority knows that the number of this view is taken, and no older view can
    /// acknowledge anything that the adopted log lacks.
    case vote
    /// Every replica holds the adopted log in the new view, its suffix still uncommitted; none
    /// serves or accepts anything. Until the last stage is complete at least one replica is
    /// view_uncertain, which shows that the takeover has to be done again.
    case adopt
    /// A majority holds the suffix, so it is committed; the primary takes office last.
    case commit
}

/// How a new view begins on stopped replicas when the old primary is lost.
///
/// The rule: among the replicas of a majority, adopt the log with the highest (last normal view,
/// generation, highest prepared position), where a committed entry counts as prepared, and
/// commit its whole prepared suffix in a view above every known one. An acknowledged write was
/// durable on a majority before it was answered, and every other majority shares a replica with
/// that one. Within one view and generation every log is a prefix of the primary's; a primary
/// that crashed may have sent entries it then lost, and replaced them in its next generation.
/// So the adopted log holds every acknowledged write, also when its commit was heard by nobody
/// (cluster-runner.md 11.5 describes the loss that the reference's rule allows).
///
/// The rule is checked against everything the replicas know to be committed: a log that lacks
/// such an entry, or contradicts it, is never adopted.
public struct TakeoverPlan: Sendable {
    /// One replica's claim, for people who want to follow the decision.
    public struct Candidate: Hashable, Sendable {
        public let replica: ReplicaID
        public let standing: LogStanding
        public let committed: LSN?
        /// Left out of the log because no replica can apply it (weakness R1).
        public let inapplicable: LSN?
    }

    /// Whose log is adopted.
    public let source: ReplicaID
    public let newView: View
    public let primary: ReplicaID
    /// The last position of the adopted log; all of it is committed in the new view.
    public let target: LSN?
    /// The entries that were only prepared at the source and are committed by the takeover.
    public let recommitted: [PreparedEntry]
    /// Every replica that was judged, in the order of their ids.
    public let candidates: [Candidate]

    private let surveys: [ReplicaID: ReplicaSurvey]

    /// Judges the stopped replicas of a majority.
    ///
    /// - Parameters:
    ///   - clusterSize: the number of replicas the cluster has, stopped or lost.
    ///   - primary: who leads the new view; the source itself when nil.
    public init(
        _ surveys: [ReplicaSurvey], clusterSize: Int, primary: ReplicaID? = nil
    ) throws(SurgeryError) {
        var byID: [ReplicaID: ReplicaSurvey] = [:]
        for survey in surveys {
            guard byID.updateValue(survey, forKey: survey.replicaID) == nil else {
                throw .repeatedReplica(survey.replicaID)
            }
            guard survey.lastNormalView != nil else { throw .neverNormal(survey.replicaID) }
        }
        let needed = clusterSize / 2 + 1
        guard byID.count >= needed else {
            throw .noMajority(present: byID.count, needed: needed)
        }
        if let primary, byID[primary] == nil { throw .unknownReplica(primary) }
        let ordered = byID.values.sorted { $0.replicaID < $1.replicaID }
        let source = try Self.chooseSource(from: ordered, preferring: primary)
        let highestView = ordered.lazy.map(\.contents.metadata.highestKnownView).max()
        guard let highestView, highestView.rawValue < .max else { throw .viewExhausted }
        self.source = source.replicaID
        self.newView = View(highestView.rawValue + 1)
        self.primary = primary ?? source.replicaID
        self.target = source.highest
        self.recommitted = Array(source.contents.prepared.all)
        self.candidates = ordered.map { survey in
            Candidate(
                replica: survey.replicaID, standing: survey.standing,
                committed: survey.committed, inapplicable: survey.inapplicable)
        }
        self.surveys = byID
    }

    /// The order in which replicas are rewritten in every stage: the new primary last.
    public var order: [ReplicaID] {
        candidates.map(\.replica).filter { $0 != primary } + [primary]
    }

    /// The stages to go through, each on every replica before the next one begins.
    public var stages: [TakeoverStage] {
        recommitted.isEmpty ? [.vote, .commit] : [.vote, .adopt, .commit]
    }

    /// The format in which a replica's folder is and stays.
    func format(of replica: ReplicaID) -> WorkspaceContents.Format {
        surveys[replica]?.contents.format ?? .reference
    }

    /// The metadata with which a replica promises the new view and gives up the older ones. The
    /// rest of its folder stays as it is.
    public func vote(of replica: ReplicaID) -> ReplicaMetadata? {
        guard var metadata = surveys[replica]?.stored else { return nil }
        metadata.role = .viewUncertain
        metadata.durableVote = DurableVote(view: newView, votedFor: primary)
        return metadata
    }

    /// What the folder of `replica` holds after the stage, in the format it has now; nil for a
    /// stage that changes the metadata only.
    public func contents(
        for replica: ReplicaID, after stage: TakeoverStage
    ) -> WorkspaceContents? {
        guard let own = surveys[replica]?.contents, let adopted = surveys[source]?.contents else {
            return nil
        }
        var metadata = ReplicaMetadata(
            replicaID: replica, shardID: own.metadata.shardID, currentView: newView,
            role: .viewUncertain, commitLSN: adopted.metadata.commitLSN,
            activeSnapshotLSN: adopted.metadata.activeSnapshotLSN, lastNormalView: newView)
        var frames = adopted.frames
        var prepared = PreparedEntries()
        switch stage {
        case .vote: return nil
        case .adopt:
            for entry in recommitted { prepared.insert(entry.adopted(by: newView)) }
        case .commit:
            frames += recommitted.map { WALFrame(committing: $0) }
            metadata.commitLSN = target
            metadata.role = replica == primary ? .primary : .backup
        }
        return WorkspaceContents(
            format: own.format, metadata: metadata, snapshot: adopted.snapshot, frames: frames,
            prepared: prepared,
            // Nobody has written anything in the new view yet.
            highestTerm: Term(view: newView, generation: .unknown),
            highestGeneration: surveys.values.lazy.map(\.contents.highestGeneration).max()
                ?? .unknown)
    }

    /// The highest (last normal view, generation, position) among the logs that hold everything
    /// known to be committed. Equal claims have equal logs; then the replica that becomes
    /// primary, or else the one that knows most commits, saves copying.
    private static func chooseSource(
        from surveys: [ReplicaSurvey], preferring primary: ReplicaID?
    ) throws(SurgeryError) -> ReplicaSurvey {
        func rank(_ survey: ReplicaSurvey) -> (LogStanding, Int, LSN) {
            (
                survey.standing, survey.replicaID == primary ? 1 : 0,
                survey.committed ?? LSN(0)
            )
        }
        // The caller has made sure that there is a majority, so at least one survey.
        let ahead = surveys.dropFirst().reduce(surveys[0]) {
            ($1.committed ?? LSN(0)) > ($0.committed ?? LSN(0)) ? $1 : $0
        }
        for survey in surveys {
            if let lsn = ahead.firstDifference(from: survey, in: .committed) {
                throw .divergedLogs(ahead.replicaID, survey.replicaID, lsn)
            }
        }
        let ordered = surveys.sorted { rank($0) > rank($1) }
        // The one that is ahead covers itself, so there is a first.
        let source = ordered.first { $0.covers(ahead) } ?? ahead
        // A replica that took part in a later view holds all that was committed before it.
        for survey in ordered
        where survey.standing.lastNormalView > source.standing.lastNormalView {
            throw .committedBeyondSource(
                ahead.replicaID, committed: ahead.committed ?? LSN(0), source: survey.replicaID,
                held: survey.highest)
        }
        return source
    }
}

extension ReplicaSurvey {
    /// Which entries of the other replica a comparison looks at.
    enum Compared {
        case committed
        /// Prepared ones as well.
        case held
    }

    /// The first position that this replica has committed and `other` holds differently.
    func firstDifference(from other: ReplicaSurvey, in compared: Compared) -> LSN? {
        var frames: [LSN: WALFrame] = [:]
        for frame in other.contents.frames where !frame.isMarker { frames[frame.lsn] = frame }
        switch compared {
        case .committed: break
        case .held:
            for entry in other.contents.prepared.all {
                frames[entry.lsn] = WALFrame(committing: entry)
            }
        }
        for frame in contents.frames where !frame.isMarker {
            if let theirs = frames[frame.lsn], theirs != frame { return frame.lsn }
        }
        return nil
    }

    /// Whether this replica holds everything that `other` has committed.
    func covers(_ other: ReplicaSurvey) -> Bool {
        guard let committed = other.committed else { return true }
        guard let highest, highest >= committed else { return false }
        return other.firstDifference(from: self, in: .held) == nil
    }
}
