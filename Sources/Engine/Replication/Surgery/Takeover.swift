public import ClusterProtocol
import LeaseEngine
public import LeaseKernel

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
        public let lastNormalView: View?
        public let generation: Generation
        public let committed: LSN?
        public let highest: LSN?
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
                replica: survey.replicaID, lastNormalView: survey.lastNormalView,
                generation: survey.generation, committed: survey.committed, highest: survey.highest,
                inapplicable: survey.inapplicable)
        }
        self.surveys = byID
    }

    /// The replicas to rewrite, the new primary last: until the switch of its folder no primary
    /// of the new view exists, and by then a majority holds the adopted log.
    public var order: [ReplicaID] {
        candidates.map(\.replica).filter { $0 != primary } + [primary]
    }

    /// What the folder of `replica` holds in the new view, in the format it has now.
    public func contents(for replica: ReplicaID) -> WorkspaceContents? {
        guard let own = surveys[replica]?.contents, let adopted = surveys[source]?.contents else {
            return nil
        }
        let metadata = ReplicaMetadata(
            replicaID: replica, shardID: own.metadata.shardID, currentView: newView,
            role: replica == primary ? .primary : .backup, commitLSN: target,
            activeSnapshotLSN: adopted.metadata.activeSnapshotLSN, lastNormalView: newView)
        return WorkspaceContents(
            format: own.format, metadata: metadata, snapshot: adopted.snapshot,
            frames: adopted.frames + recommitted.map { WALFrame(committing: $0) },
            prepared: PreparedEntries(), generations: adopted.generations,
            highestGeneration: surveys.values.lazy.map(\.contents.highestGeneration).max()
                ?? .unknown)
    }

    /// The highest (last normal view, generation, position) among the logs that hold everything
    /// known to be committed. Equal claims have equal logs; then the replica that becomes
    /// primary, or else the one that knows most commits, saves copying.
    private static func chooseSource(
        from surveys: [ReplicaSurvey], preferring primary: ReplicaID?
    ) throws(SurgeryError) -> ReplicaSurvey {
        func rank(_ survey: ReplicaSurvey) -> (View, Generation, LSN, Int, LSN) {
            (
                survey.lastNormalView ?? View(0), survey.generation, survey.highest ?? LSN(0),
                survey.replicaID == primary ? 1 : 0, survey.committed ?? LSN(0)
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
        for survey in ordered where survey.lastNormalView > source.lastNormalView {
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

/// No view is below every view.
private func > (left: View?, right: View?) -> Bool {
    (left?.rawValue ?? 0) > (right?.rawValue ?? 0)
}
