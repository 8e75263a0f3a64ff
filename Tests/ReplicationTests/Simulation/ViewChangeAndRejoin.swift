import LeaseEngine
import LeaseKernel
import Replication

// The two procedures of the simulation that change several replicas at once.

extension ReplicatedSimulation {
    // MARK: - View change (replica.md 11)

    mutating func completeViewChange(
        to candidate: ReplicaID, view: View
    ) throws(SimulationError) {
        try judgeMajority()
        let voters = [candidate] + reachable(from: candidate).filter { $0 != candidate }
        guard isActive(candidate), voters.count >= Self.majority else {
            throw .viewChangeQuorumUnavailable(
                candidate, reachable: isActive(candidate) ? voters.count : 0)
        }
        let target = targetPosition(among: voters)
        for id in voters {
            try withNode(id) { node throws(ReplicaNodeError) in
                try node.recordDurableVote(view: view, for: candidate)
                if id != candidate { try node.enterViewUncertain() }
            }
        }
        if let target { try copyMissing(through: target, to: candidate, from: voters) }
        try withNode(candidate) { node throws(ReplicaNodeError) in
            try node.enterViewUncertain()
            if let target { _ = try node.reconstructCommittedPrefix(through: target) }
        }
        for id in voters {
            try withNode(id) { node throws(ReplicaNodeError) in
                try node.discardUncommittedSuffix()
                try node.configureNormalRole(
                    view: view, role: id == candidate ? .primary : .backup)
            }
        }
        configuredPrimary = candidate
        outstanding.removeAll()
        messages.removeAll { $0.body.view.map { $0 < view } ?? false }
    }

    /// What the old primary has prepared alone does not count while it is still in office.
    private func targetPosition(among voters: [ReplicaID]) -> LSN? {
        voters.flatMap { id in
            [
                node(id)?.metadata.commitLSN,
                id == configuredPrimary ? nil : node(id)?.prepared.highestLSN,
            ].compactMap { $0 }
        }.max()
    }

    private mutating func copyMissing(
        through target: LSN, to candidate: ReplicaID, from voters: [ReplicaID]
    ) throws(SimulationError) {
        let committed = node(candidate)?.metadata.commitLSN?.rawValue ?? 0
        guard committed < target.rawValue else { return }
        for position in (committed + 1)...target.rawValue {
            let lsn = LSN(position)
            if node(candidate)?.prepared[lsn] != nil { continue }
            guard let entry = voters.compactMap({ node($0)?.prepared[lsn] }).first else {
                throw .viewChangeMissingPreparedEntry(candidate, lsn)
            }
            try withNode(candidate) { node throws(ReplicaNodeError) in try node.append(entry) }
        }
    }

    // MARK: - Rejoin (replica.md 13)

    mutating func rejoin(
        _ target: ReplicaID, from primary: ReplicaID
    ) throws(SimulationError) -> RejoinPlan.Method {
        guard target != primary else { throw .rejoinPrimary(target) }
        try requireConfiguredPrimary(primary)
        guard let leader = node(primary), leader.metadata.role == .primary,
            let source = storage(of: primary)
        else { throw .notConfiguredPrimary(expected: configuredPrimary, found: primary) }
        let leaderFrames = WALScan(source.engine.wal ?? [])
        guard leaderFrames.stop == .cleanEnd else {
            throw .replicaWALNotClean(primary, leaderFrames.stop)
        }
        guard let follower = node(target), follower.status == .active,
            let files = storage(of: target)
        else { throw .replicaFaulted(target) }
        let view = leader.metadata.currentView
        guard follower.metadata.highestKnownView <= view else {
            throw .replicaViewAheadOfPrimary(
                target, highestKnown: follower.metadata.highestKnownView, primary: view)
        }
        guard (follower.metadata.commitLSN ?? LSN(0)) <= (leader.metadata.commitLSN ?? LSN(0))
        else {
            throw .replicaCommitAheadOfPrimary(
                target, committed: follower.metadata.commitLSN,
                primary: leader.metadata.commitLSN)
        }
        try withNode(target) { node throws(ReplicaNodeError) in
            try node.discardUncommittedSuffix()
        }
        replicas[target]?.node = nil
        let own = WALScan(files.engine.wal ?? [])
        if case .corruption = own.stop { throw .replicaWALNotClean(target, own.stop) }
        let method = try writeRejoin(
            leader.metadata, leaderFrames.frames, source.engine.snapshot, follower.metadata,
            own.frames, into: files)
        try recover(target)
        guard isActive(target) else { throw .replicaFaulted(target) }
        try withNode(target) { node throws(ReplicaNodeError) in
            try node.configureNormalRole(view: view, role: .backup)
        }
        forget(target)
        return method
    }

    private func writeRejoin(
        _ leader: ReplicaMetadata, _ leaderFrames: [WALFrame], _ leaderSnapshot: [UInt8]?,
        _ follower: ReplicaMetadata, _ own: [WALFrame], into files: MemoryNodeStorage
    ) throws(SimulationError) -> RejoinPlan.Method {
        let floor = LogSplice.replayFloor(of: leaderFrames, snapshot: leader.activeSnapshotLSN)
        var metadata = ReplicaMetadata(
            replicaID: follower.replicaID, shardID: follower.shardID,
            currentView: leader.currentView, role: .backup, commitLSN: leader.commitLSN,
            activeSnapshotLSN: follower.activeSnapshotLSN, lastNormalView: leader.currentView)
        let method: RejoinPlan.Method
        let frames: [WALFrame]
        if (follower.commitLSN ?? LSN(0)) >= (floor ?? LSN(0)) {
            method = .suffixOnly
            frames = LogSplice.suffix(of: leaderFrames, onto: own, committed: follower.commitLSN)
        } else {
            method = .snapshotTransfer
            guard let lsn = leader.activeSnapshotLSN else {
                throw .snapshotTransferUnavailable(follower.replicaID)
            }
            guard let file = leaderSnapshot, let snapshot = try? SnapshotCodec.decode(file),
                let image = try? SnapshotCodec.encode(snapshot)
            else { throw .primarySnapshotMissing(leader.replicaID) }
            metadata.activeSnapshotLSN = lsn
            files.engine.snapshot = image
            frames = leaderFrames
        }
        files.engine.wal = frames.flatMap { $0.encode() }
        files.preparedLog = nil
        files.metadata = MetadataFormatV2.encode(metadata)
        return method
    }

    /// Removes every trace of a replica that has just been brought in line.
    private mutating func forget(_ id: ReplicaID) {
        messages.removeAll { $0.from == .replica(id) || $0.to == .replica(id) }
        for lsn in outstanding.keys { outstanding[lsn]?.holders.remove(id) }
    }
}
