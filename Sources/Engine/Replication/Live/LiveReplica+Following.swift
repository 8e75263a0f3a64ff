import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls

// What a backup does with the messages of its primary.

/// A snapshot that arrives in parts.
struct IncomingSnapshot: Sendable {
    let term: Term
    let lsn: LSN
    let highest: Term
    let totalBytes: UInt64
    var bytes: [UInt8]
}

/// A snapshot that is complete and was restored once to check it.
struct ReceivedSnapshot: Sendable {
    let lsn: LSN
    let highest: Term
    let bytes: [UInt8]
    let kernel: Kernel
}

extension LiveReplica {
    mutating func takeRequest(
        _ message: PeerMessage, from peer: ReplicaID, on stream: StreamToken
    ) {
        switch message {
        case .status(let status):
            hear(status, from: peer)
            effects.append(.answer(stream, .status(ownStatus)))
        case .confirm(let term, let round):
            guard follow(term, of: peer, on: stream) else { return }
            effects.append(.answer(stream, .confirmed(term, round: round)))
        case .append(let append):
            guard follow(append.term, of: peer, on: stream) else { return }
            takeAppend(append)
        case .snapshotChunk(let chunk):
            guard follow(chunk.term, of: peer, on: stream) else { return }
            takeSnapshot(chunk)
        case .confirmed, .appended, .mismatch, .snapshotReceived, .refused:
            // Answers have no place on an asking stream.
            return
        }
    }

    // MARK: - Whom to follow

    /// Whether `peer` is the primary this replica follows, now or from now on. If not, it has
    /// been told why.
    private mutating func follow(
        _ term: Term, of peer: ReplicaID, on stream: StreamToken
    ) -> Bool {
        switch supervisor.state {
        case .faulted, .halted, .stopping, .stopped: return refuse(.notAble, on: stream)
        case .confirming, .primary, .backup, .changingView, .installing, .uncertain: break
        }
        guard term.view >= max(highestHeardView, metadata.highestKnownView) else {
            return refuse(.outdated, on: stream)
        }
        if term.view > metadata.currentView {
            enterView(term.view, of: peer)
            return refuse(.busy, on: stream)
        }
        switch supervisor.state {
        case .confirming, .primary: return refuse(.anotherPrimary, on: stream)
        case .changingView: return refuse(.busy, on: stream)
        case .uncertain(.contested): return refuse(.notAble, on: stream)
        case .uncertain(.stored), .uncertain(.heardOf):
            // The primary of the own view calls: its backup is what this replica is.
            enterView(term.view, of: peer)
            return refuse(.busy, on: stream)
        case .backup, .installing: return accept(term, of: peer, on: stream)
        case .faulted, .halted, .stopping, .stopped: return refuse(.notAble, on: stream)
        }
    }

    /// One primary per view, one life after the other.
    private mutating func accept(
        _ term: Term, of peer: ReplicaID, on stream: StreamToken
    ) -> Bool {
        if let source = receiver.source, source.term.view == term.view {
            guard source.primary == peer else { return refuse(.anotherPrimary, on: stream) }
            guard term >= source.term else { return refuse(.outdated, on: stream) }
            if term == source.term {
                receiver.source?.stream = stream
                return true
            }
        } else if log.pending.contains(where: { $0.replicated.term > term }) {
            // Entries of a later life are here already: this is a message from the past.
            return refuse(.outdated, on: stream)
        }
        receiver.source = Receiver.Source(
            primary: peer, term: term, verified: log.commit, stream: stream,
            mark: CommitMark(lsn: LSN(0), checksum: nil))
        incomingSnapshot = nil
        return true
    }

    private mutating func refuse(_ reason: PeerRefusal, on stream: StreamToken) -> Bool {
        effects.append(.answer(stream, .refused(ownStatus, reason)))
        return false
    }

    /// Becomes a backup of `view`. What is not committed here is given up in a higher view: its
    /// primary was chosen because it holds everything that was ever answered.
    private mutating func enterView(_ view: View, of peer: ReplicaID) {
        if case .changingView(let current) = supervisor.state, current >= view { return }
        if case .installing = supervisor.state { return }
        let cause = "replica \(peer) is primary of view \(view)"
        let wasLeading = supervisor.isLeading
        supervisor.move(to: .changingView(view), because: cause, at: now)
        if wasLeading { answerAllAsDeposed() }
        refuseLegacy(
            .node(.viewMismatch(expected: view, found: metadata.currentView)))
        receiver.source = nil
        incomingSnapshot = nil
        if view > metadata.currentView, log.pendingCount > 0 {
            giveUp(from: LSN(log.commit.rawValue + 1))
        }
    }

    private mutating func giveUp(from lsn: LSN) {
        log.truncate(from: lsn)
        receiver.giveUp(from: lsn)
        refuseLegacy(.node(.preparedEntryConflict(lsn)), from: lsn)
    }

    // MARK: - Entries

    private mutating func takeAppend(_ append: AppendEntries) {
        guard var source = receiver.source else { return }
        if case .installing = supervisor.state { return busy(source) }
        let known = max(source.verified, log.commit)
        guard append.previous <= log.last else { return mismatch(source, resumeAfter: known) }
        if append.previous > known {
            let own = log.generation(at: append.previous)
            guard own == append.previousGeneration, own != .unknown,
                log[append.previous]?.replicated.entry.view == append.term.view
            else {
                return mismatch(source, resumeAfter: known)
            }
            // The same life wrote the same position: everything before it is equal as well.
            source.verified = append.previous
        } else {
            source.verified = known
        }
        for replicated in append.entries {
            guard take(replicated, &source) else { break }
        }
        if supervisor.isFaulted { return }
        if append.commit.lsn >= source.mark.lsn { source.mark = append.commit }
        source.owesAcknowledgement = true
        receiver.source = source
    }

    /// False when nothing after this entry may be taken in.
    private mutating func take(
        _ replicated: ReplicatedEntry, _ source: inout Receiver.Source
    ) -> Bool {
        let lsn = replicated.entry.lsn
        let own = log[lsn]?.replicated
        if lsn <= log.commit {
            if let own, !own.entry.hasSameContent(as: replicated.entry) {
                fault(.diverged(lsn), cause: "the primary holds another entry at \(lsn)")
                return false
            }
            return true
        }
        if lsn <= source.verified { return true }
        if let own {
            if own.isSame(as: replicated) {
                source.verified = lsn
                return true
            }
            // Written by a life of the primary that lost it, so nobody was answered.
            giveUp(from: lsn)
        }
        guard lsn == log.nextPosition,
            log.pendingCount < settings.limits.pendingEntries * 4
        else { return false }
        takeIn(replicated)
        source.verified = lsn
        return true
    }

    private mutating func mismatch(_ source: Receiver.Source, resumeAfter: LSN) {
        effects.append(.answer(source.stream, .mismatch(source.term, resumeAfter: resumeAfter)))
    }

    private mutating func busy(_ source: Receiver.Source) {
        effects.append(.answer(source.stream, .refused(ownStatus, .busy)))
    }

    /// Once per round: commits what the primary has committed, and acknowledges what is on disk.
    mutating func advanceFollowing() {
        guard case .backup = supervisor.state else { return }
        answerLegacy()
        guard let source = receiver.source else { return }
        commit(through: min(source.mark.lsn, source.verified, receiver.persisted))
        if supervisor.isFaulted { return }
        if log.commit >= source.mark.lsn, let theirs = source.mark.checksum,
            let ours = applier?.checksum(at: source.mark.lsn), ours != theirs
        {
            return fault(
                .diverged(source.mark.lsn),
                cause: "the primary's log differs at \(source.mark.lsn)")
        }
        // What is under way is acknowledged when it is on disk, in one message.
        if source.owesAcknowledgement, receiver.persisted >= source.verified { acknowledge() }
    }

    /// Tells the primary what is on disk. Called for every batch as well, so that one that
    /// follows at once does not hold the answer back.
    mutating func acknowledge() {
        guard let source = receiver.source, source.owesAcknowledgement else { return }
        receiver.source?.owesAcknowledgement = receiver.persisted < source.verified
        effects.append(
            .answer(
                source.stream,
                .appended(
                    source.term, matched: min(source.verified, receiver.persisted),
                    commit: ownMark)))
    }

    // MARK: - Snapshots

    private mutating func takeSnapshot(_ chunk: SnapshotChunk) {
        guard let source = receiver.source else { return }
        if case .installing = supervisor.state { return busy(source) }
        guard chunk.snapshot > log.commit else {
            return mismatch(source, resumeAfter: max(log.commit, source.verified))
        }
        guard chunk.totalBytes <= UInt64(settings.limits.snapshotBytes),
            chunk.snapshot.rawValue < .max - 1
        else {
            note("snapshot_refused bytes=\(chunk.totalBytes)")
            _ = refuse(.notAble, on: source.stream)
            return
        }
        var incoming =
            incomingSnapshot
            ?? IncomingSnapshot(
                term: chunk.term, lsn: chunk.snapshot, highest: chunk.highest,
                totalBytes: chunk.totalBytes, bytes: [])
        if incoming.lsn != chunk.snapshot || incoming.totalBytes != chunk.totalBytes
            || incoming.term != chunk.term
        {
            incoming = IncomingSnapshot(
                term: chunk.term, lsn: chunk.snapshot, highest: chunk.highest,
                totalBytes: chunk.totalBytes, bytes: [])
        }
        if chunk.offset == UInt64(incoming.bytes.count),
            UInt64(incoming.bytes.count + chunk.bytes.count) <= chunk.totalBytes
        {
            incoming.bytes.append(contentsOf: chunk.bytes)
        }
        incomingSnapshot = incoming
        if UInt64(incoming.bytes.count) == incoming.totalBytes { return install(incoming, source) }
        effects.append(
            .answer(
                source.stream,
                .snapshotReceived(
                    source.term, snapshot: incoming.lsn, offset: UInt64(incoming.bytes.count),
                    installed: false)))
    }

    private mutating func install(_ incoming: IncomingSnapshot, _ source: Receiver.Source) {
        incomingSnapshot = nil
        do {
            let kernel = try Kernel(
                restoring: try SnapshotCodec.decode(incoming.bytes),
                configuration: settings.kernel)
            guard kernel.lastAppliedLSN == incoming.lsn else {
                return note("snapshot_refused lsn=\(incoming.lsn) error=position")
            }
            receivedSnapshot = ReceivedSnapshot(
                lsn: incoming.lsn, highest: incoming.highest, bytes: incoming.bytes,
                kernel: kernel)
            supervisor.move(
                to: .installing(incoming.lsn),
                because: "replica \(source.primary) sent its snapshot", at: now)
        } catch {
            note("snapshot_refused lsn=\(incoming.lsn) error=\(error)")
        }
    }
}

extension PreparedEntry {
    /// The same command at the same position; the view may differ.
    func hasSameContent(as other: PreparedEntry) -> Bool {
        kind == other.kind && lsn == other.lsn && requestSlot == other.requestSlot
            && payload == other.payload
    }
}

extension ReplicatedEntry {
    /// The same entry of the same life of a primary. Where a life is not known, which is so for
    /// entries read from a log, the content decides.
    func isSame(as other: ReplicatedEntry) -> Bool {
        guard entry.hasSameContent(as: other.entry) else { return false }
        return term == other.term || generation == .unknown || other.generation == .unknown
    }
}
