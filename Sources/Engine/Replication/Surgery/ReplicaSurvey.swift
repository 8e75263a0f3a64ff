import LeaseEngine
public import LeaseKernel

/// What one stopped replica can vouch for, found by replaying its files the way a start does.
///
/// A survey repairs what a crash in the middle of a commit or checkpoint leaves: frames enter
/// the log only once they are committed, so a log ahead of its metadata moves the commit
/// position up (weakness R2), and a snapshot that the metadata does not name yet is simply the
/// snapshot in use. Everything that could mean lost data is an error: such a replica must not
/// count for a majority.
public struct ReplicaSurvey: Sendable {
    /// The contents with commit, snapshot position and prepared entries as they really are.
    public let contents: WorkspaceContents
    /// The metadata as they are stored.
    public let stored: ReplicaMetadata
    /// The state after every committed entry.
    public let kernel: Kernel
    /// Where the frames of the log begin: everything up to here only the snapshot holds.
    public let replayFloor: LSN?
    /// The first of the entries left out because no replica can ever apply it (weakness R1).
    public let inapplicable: LSN?

    public var replicaID: ReplicaID { contents.metadata.replicaID }
    public var committed: LSN? { contents.metadata.commitLSN }
    /// The last entry the replica holds; a committed one counts as prepared.
    public var highest: LSN? { contents.prepared.highestLSN ?? committed }
    public var lastNormalView: View? { contents.metadata.lastNormalView }
    /// How much the log may be trusted to hold everything that was ever answered.
    public var standing: LogStanding {
        LogStanding(
            lastNormalView: lastNormalView, highestTerm: contents.highestTerm,
            highestPrepared: highest ?? LSN(0))
    }

    public init(
        _ contents: WorkspaceContents, configuration: KernelConfiguration
    ) throws(SurgeryError) {
        let replica = contents.metadata.replicaID
        stored = contents.metadata
        var replay = try SurveyReplay(contents, configuration: configuration)
        var contents = contents
        if let stop = try replay.run(contents.frames, of: replica) {
            contents.frames.removeSubrange(stop.index...)
            if let commit = contents.metadata.commitLSN, stop.lsn <= commit {
                throw .inapplicableFrame(replica, stop.lsn, reason: stop.reason)
            }
        }
        let applied = replay.kernel.lastAppliedLSN
        if let commit = contents.metadata.commitLSN, applied.map({ $0 < commit }) ?? true {
            throw .lostCommittedEntries(replica, committed: commit, held: applied)
        }
        try Self.settlePrepared(of: &contents, applied: applied)
        let poison = Self.cutInapplicable(from: &contents.prepared, after: replay.kernel)
        contents.metadata.commitLSN = applied
        contents.metadata.activeSnapshotLSN = replay.snapshotLSN
        // A marker whose snapshot is gone stands for nothing, and stops the reference's replay.
        contents.frames.removeAll { $0.isMarker && $0.lsn > replay.snapshotLSN ?? LSN(0) }
        self.contents = contents
        self.kernel = replay.kernel
        self.replayFloor = LogSplice.replayFloor(
            of: contents.frames, snapshot: replay.snapshotLSN)
        self.inapplicable = replay.stoppedAt ?? poison
    }

    /// Entries that the log has meanwhile committed are dropped; the others must continue it, in
    /// views that do not go back. In the reference's format they belong to the view in which the
    /// replica last took part, or to a later one it has joined.
    private static func settlePrepared(
        of contents: inout WorkspaceContents, applied: LSN?
    ) throws(SurgeryError) {
        let replica = contents.metadata.replicaID
        var frames: [LSN: WALFrame] = [:]
        for frame in contents.frames where !frame.isMarker { frames[frame.lsn] = frame }
        var next = applied.map(\.successor) ?? LSN(1)
        var view: View
        switch contents.format {
        case .reference: view = contents.metadata.lastNormalView ?? View(0)
        // A replica that catches up stores entries before it hears that they are committed:
        // those of earlier views, and those that its primary read back from a log, which does
        // not say in which view they were prepared (view 0).
        case .native: view = View(0)
        }
        for entry in contents.prepared.all {
            if let applied, entry.lsn <= applied {
                if let frame = frames[entry.lsn], frame != WALFrame(committing: entry) {
                    throw .contradictoryPreparedEntry(replica, entry.lsn)
                }
                continue
            }
            let isViewKnown = contents.format == .reference || entry.view > View(0)
            guard entry.lsn == next, !isViewKnown || entry.view >= view else {
                throw .contradictoryPreparedEntry(replica, entry.lsn)
            }
            next = entry.lsn.successor
            if isViewKnown { view = entry.view }
        }
        guard view <= contents.metadata.currentView || contents.prepared.isEmpty else {
            throw .contradictoryPreparedEntry(replica, contents.prepared.highestLSN ?? LSN(0))
        }
        if let applied { contents.prepared.removeThrough(applied) }
    }

    /// Removes the first entry that can not be applied and everything after it. Nobody was told
    /// that one of them succeeded: the primary that tried to commit it ended there.
    private static func cutInapplicable(
        from prepared: inout PreparedEntries, after kernel: Kernel
    ) -> LSN? {
        var kernel = kernel
        for entry in prepared.all {
            if kernel.applyOrExplain(WALFrame(committing: entry)) != nil {
                prepared.removeFrom(entry.lsn)
                return entry.lsn
            }
        }
        return nil
    }
}

/// Replays the snapshot and the frames of one replica, and checks that nothing is missing
/// between them.
private struct SurveyReplay {
    private(set) var kernel: Kernel
    let snapshotLSN: LSN?
    private(set) var stoppedAt: LSN?

    struct Stop {
        let index: Int
        let lsn: LSN
        let reason: String
    }

    init(
        _ contents: WorkspaceContents, configuration: KernelConfiguration
    ) throws(SurgeryError) {
        let replica = contents.metadata.replicaID
        do {
            if let file = contents.snapshot {
                let snapshot = try SnapshotCodec.decode(file)
                kernel = try Kernel(restoring: snapshot, configuration: configuration)
            } else {
                kernel = try Kernel(configuration: configuration)
            }
        } catch {
            throw .unusableSnapshot(replica, reason: "\(error)")
        }
        snapshotLSN = kernel.lastAppliedLSN
    }

    /// Applies the frames after the snapshot; stops at one that can not be applied.
    mutating func run(
        _ frames: [WALFrame], of replica: ReplicaID
    ) throws(SurgeryError) -> Stop? {
        for (index, frame) in frames.enumerated() {
            if let snapshotLSN, frame.lsn <= snapshotLSN { continue }
            if frame.isMarker {
                // A marker stands for the snapshot it was taken with; ahead of the loaded one,
                // that snapshot is missing.
                guard kernel.lastAppliedLSN == frame.lsn else {
                    throw .gapInLog(
                        replica, expected: kernel.lastAppliedLSN ?? LSN(0), found: frame.lsn)
                }
                continue
            }
            guard let expected = kernel.lastAppliedLSN.map(\.successor) ?? LSN(1),
                frame.lsn == expected
            else {
                throw .gapInLog(
                    replica, expected: kernel.lastAppliedLSN ?? LSN(0), found: frame.lsn)
            }
            if let reason = kernel.applyOrExplain(frame) {
                stoppedAt = frame.lsn
                return Stop(index: index, lsn: frame.lsn, reason: reason)
            }
        }
        return nil
    }
}

extension Kernel {
    /// Applies a frame; says why when it can not be applied, and then nothing has changed.
    mutating func applyOrExplain(_ frame: WALFrame) -> String? {
        do {
            switch frame.recordType {
            case .clientCommand:
                let request = try CommandCodec.decodeClient(frame.payload)
                if let overflow = configuration.slotOverflow(
                    ofClient: request.command, at: frame.requestSlot)
                {
                    return "\(overflow)"
                }
                _ = try apply(request, lsn: frame.lsn, requestSlot: frame.requestSlot)
            case .internalCommand:
                let command = try CommandCodec.decodeInternal(frame.payload)
                if let overflow = configuration.slotOverflow(
                    ofInternal: command, at: frame.requestSlot)
                {
                    return "\(overflow)"
                }
                _ = try applyInternal(command, lsn: frame.lsn, requestSlot: frame.requestSlot)
            case .snapshotMarker:
                break
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
