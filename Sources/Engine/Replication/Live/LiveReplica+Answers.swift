import ClusterProtocol
import LeaseKernel
import SystemCalls

// What peers answer a primary, and what any replica hears of views.

extension LiveReplica {
    mutating func takeAnswer(_ message: PeerMessage, from peer: ReplicaID) {
        guard let index = index(of: peer) else { return }
        peers[index].noteHeard(at: now)
        switch message {
        case .status(let status): hear(status, from: peer)
        case .refused(let status, let reason):
            hear(status, from: peer)
            refused(reason, by: peer, status)
        case .confirmed(let answered, let round):
            guard supervisor.isLeading, answered == term else { return }
            if rounds.answer(from: peer, round: round, quorum: settings.quorum) {
                roundCompleted()
            }
        case .appended(let answered, let matched, let mark):
            guard supervisor.isLeading, answered == term else { return }
            appended(matched, mark, index)
        case .mismatch(let answered, let resumeAfter):
            guard supervisor.isLeading, answered == term else { return }
            mismatched(resumeAfter, index)
        case .snapshotReceived(let answered, let snapshot, let offset, let installed):
            guard supervisor.isLeading, answered == term else { return }
            snapshotReceived(snapshot, offset, installed, index)
        case .confirm, .append, .snapshotChunk:
            // Questions have no place on an answering stream.
            return
        }
    }

    private mutating func appended(_ matched: LSN, _ mark: CommitMark, _ index: Int) {
        let peer = peers[index].replica
        guard mark.lsn <= log.last, matched <= log.last else {
            return fault(
                .behindPeer(peer, peerCommit: max(mark.lsn, matched), highest: log.last),
                cause: "replica \(peer) holds committed entries that are missing here")
        }
        if let theirs = mark.checksum, let ours = applier?.checksum(at: mark.lsn), ours != theirs {
            peers[index].mode = .diverged(mark.lsn)
            return note("peer_diverged peer=\(peer) lsn=\(mark.lsn)")
        }
        peers[index].noteMatch(matched)
        switch peers[index].mode {
        case .probing: peers[index].restart(after: matched)
        case .streaming, .readingLog, .readingSnapshot, .sendingSnapshot, .diverged: break
        }
    }

    private mutating func mismatched(_ resumeAfter: LSN, _ index: Int) {
        switch peers[index].mode {
        case .probing, .streaming:
            peers[index].restart(after: min(resumeAfter, log.last))
        case .readingLog, .readingSnapshot, .diverged: break
        case .sendingSnapshot(let snapshot):
            if resumeAfter >= snapshot.lsn {
                peers[index].restart(after: min(resumeAfter, log.last))
            }
        }
    }

    private mutating func snapshotReceived(
        _ lsn: LSN, _ offset: UInt64, _ installed: Bool, _ index: Int
    ) {
        guard case .sendingSnapshot(var snapshot) = peers[index].mode, snapshot.lsn == lsn else {
            return
        }
        if installed { return peers[index].restart(after: lsn) }
        guard offset <= UInt64(snapshot.bytes.count) else { return }
        // A repeated answer to an older part must not send the transfer back.
        snapshot.offset = Int(offset)
        snapshot.askedAt = offset == UInt64(snapshot.bytes.count) ? now : nil
        peers[index].mode = .sendingSnapshot(snapshot)
    }

    /// Anybody may tell of a higher view; only its primary brings this replica into it.
    mutating func hear(_ status: PeerStatus, from peer: ReplicaID) {
        if let index = index(of: peer) { peers[index].reported = status }
        guard status.view > highestHeardView, !supervisor.isFaulted else { return }
        switch supervisor.state {
        case .changingView(let view) where view >= status.view: return
        case .confirming, .primary, .backup, .changingView, .installing, .uncertain: break
        case .halted, .faulted, .stopping, .stopped: return
        }
        note("higher_view_heard view=\(status.view) from=\(peer)")
        // A view that is being stored is finished first; its end finds the higher one again.
        if case .changingView = supervisor.state { return }
        if case .installing = supervisor.state { return }
        becomeUncertain(
            .heardOf(status.view, from: peer), because: "replica \(peer) knows view \(status.view)")
    }

    private mutating func refused(
        _ reason: PeerRefusal, by peer: ReplicaID, _ status: PeerStatus
    ) {
        switch reason {
        case .anotherPrimary:
            guard supervisor.isLeading, status.view == metadata.currentView,
                status.role == .primary
            else { return }
            becomeUncertain(
                .contested(by: peer), because: "replica \(peer) is primary of the same view")
        case .outdated, .notAble, .busy: return
        }
    }
}
