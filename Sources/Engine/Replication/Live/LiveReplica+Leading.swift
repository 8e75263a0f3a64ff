import ClusterProtocol
import LeaseKernel
import SystemCalls

// What a primary does besides taking requests: commit, confirm, drive its peers.

extension LiveReplica {
    /// Commits what a majority holds and serves what waited for it.
    mutating func advanceLeading() {
        guard supervisor.isLeading else { return }
        if rounds.beginIfWanted(at: now) != nil {
            if rounds.completeIfPossible(quorum: settings.quorum) { roundCompleted() }
        }
        commitWhatMajorityHolds()
        serveWaiting()
    }

    /// The highest position that the quorum holds. The own disk must be among the holders: what
    /// a primary sent and lost in a crash could otherwise be committed without it.
    private var quorumPosition: LSN {
        guard settings.quorum > 1 else { return receiver.persisted }
        var matches = peers.map(\.match)
        matches.sort(by: >)
        guard settings.quorum - 2 < matches.count else { return LSN(0) }
        return min(matches[settings.quorum - 2], receiver.persisted)
    }

    private mutating func commitWhatMajorityHolds() {
        guard log.pendingCount > 0 else { return }
        commit(through: quorumPosition)
    }

    /// Applies entries in order. Backups come here as well.
    mutating func commit(through end: LSN) {
        while log.commit < end, let entry = log.oldestPending {
            let executed: ExecutedEntry
            do {
                let replicated = entry.replicated
                guard let result = try applier?.apply(replicated.entry, by: settings.rules)
                else { return }
                executed = result
            } catch {
                return fault(.unappliable(entry.lsn), cause: "applying \(entry.lsn): \(error)")
            }
            _ = log.commitNext()
            metadata.commitLSN = entry.lsn
            if let operation = executed.operationID { pendingOperations[operation] = nil }
            answerWaiting(at: entry.lsn, executed.applied)
        }
    }

    private mutating func answerWaiting(at lsn: LSN, _ applied: AppliedCommand) {
        for token in requests.takeTokens(at: lsn) {
            guard let (reason, deadline) = requests.remove(token) else { continue }
            switch reason {
            case .write: reply(token, .committed(CommittedSubmit(applied)))
            case .repeated(_, let slot, let payload):
                consider(token, slot: slot, payload: payload, until: deadline)
            case .tickEntries(let count, let last):
                reply(token, .tickApplied(processedCount: count, lastAppliedLSN: last))
            case .early, .read, .tick: break
            }
        }
    }

    mutating func roundCompleted() {
        guard case .confirming = supervisor.state else { return }
        supervisor.move(to: .primary, because: "a majority confirmed the view", at: now)
        let early = earlySubmits
        earlySubmits.removeAll()
        for token in early {
            guard let (reason, deadline) = requests.remove(token) else { continue }
            if case .early(let slot, let payload) = reason {
                consider(token, slot: slot, payload: payload, until: deadline)
            }
        }
    }

    /// Reads whose round is complete, and ticks whose turn has come. Both wait until everything
    /// that the log held at the start is committed: it may have been answered before.
    mutating func serveWaiting() {
        let facts = ServedAt(
            round: rounds.completed, commit: log.commit, count: waitingReads.count)
        guard !waitingReads.isEmpty, facts != servedAt else { return }
        let hasBarrier = log.commit >= startBarrier
        var remaining: [RequestToken] = []
        for token in waitingReads {
            switch requests[token] {
            case .read(let request, let round):
                guard hasBarrier, round <= rounds.completed else {
                    remaining.append(token)
                    continue
                }
                _ = requests.remove(token)
                answerRead(token, request)
            case .tick(let slot, let round, let after):
                guard hasBarrier, round <= rounds.completed,
                    log.commit >= max(after, lastTickEntry)
                else {
                    remaining.append(token)
                    continue
                }
                beginTick(token, slot)
            case .write, .repeated, .early, .tickEntries, nil: continue
            }
        }
        waitingReads = remaining
        servedAt = facts
        servedAt.count = remaining.count
    }

    /// Another view, another primary or a fault: hands back everything that waits.
    mutating func becomeUncertain(_ reason: Supervisor.Uncertainty, because cause: String) {
        let wasLeading = supervisor.isLeading
        supervisor.move(to: .uncertain(reason), because: cause, at: now)
        if wasLeading { answerAllAsDeposed() }
    }

    // MARK: - Peers

    mutating func peerConnected(_ peer: ReplicaID) {
        guard let index = index(of: peer) else { return }
        peers[index].connected(at: now)
        guard supervisor.isLeading else { return sendStatus(to: index) }
        if case .asking(let round, _) = rounds.state {
            ask(round, index)
        }
    }

    mutating func peerDisconnected(_ peer: ReplicaID) {
        guard let index = index(of: peer) else { return }
        peers[index].disconnected(at: now)
    }

    func index(of peer: ReplicaID) -> Int? { peers.firstIndex { $0.replica == peer } }

    mutating func send(_ message: PeerMessage, to index: Int) {
        peers[index].noteSent(at: now)
        effects.append(.send(peers[index].replica, message))
    }

    private mutating func sendStatus(to index: Int) {
        guard peers[index].unanswered < settings.limits.unansweredMessages else { return }
        send(.status(ownStatus), to: index)
    }

    /// Once per round: entries, commit positions, questions asked again, signs of life.
    mutating func sendToPeers() {
        switch supervisor.state {
        case .confirming, .primary: break
        case .backup, .uncertain, .changingView, .installing: return sendStatuses()
        case .halted, .faulted, .stopping, .stopped: return
        }
        let prompt = promptPeers
        askForConfirmation(prompt)
        for index in peers.indices where peers[index].isConnected {
            if !giveUpIfSilent(index) { drive(index, isPrompt: prompt.contains(index)) }
        }
    }

    /// The peers that make a quorum with the own disk, those that answer and are nearest to the
    /// end of the log first. They get everything at once; the others get entries and commit
    /// positions a moment later, several in one message and for one sync.
    private var promptPeers: [Int] {
        // Asked in every round. A closure over `self` would copy all of it each time.
        var ranked: [PeerRank] = []
        for index in peers.indices {
            ranked.append(
                PeerRank(
                    index: index, isConnected: peers[index].isConnected,
                    isLate: peers[index].isLate(at: now, after: settings.times.newsWait),
                    match: peers[index].match))
        }
        ranked.sort()
        return ranked.prefix(settings.quorum - 1).map(\.index)
    }

    /// Asks the prompt peers at once, the others when those are late, and everybody again who
    /// has been silent for long.
    private mutating func askForConfirmation(_ prompt: [Int]) {
        guard case .asking(let current, let since) = rounds.state else { return }
        var round = current
        if now - since >= settings.times.confirmAgainAfter, let again = rounds.askAgain(at: now) {
            round = again
            for index in peers.indices where !rounds.hasAnswered(peers[index].replica) {
                peers[index].askedRound = 0
            }
        }
        for index in peers.indices
        where peers[index].isConnected && peers[index].askedRound < round
            && (prompt.contains(index) || now - since >= settings.times.newsWait)
        {
            ask(round, index)
        }
    }

    private mutating func ask(_ round: UInt64, _ index: Int) {
        guard peers[index].unanswered < settings.limits.unansweredMessages else { return }
        peers[index].askedRound = round
        send(.confirm(term, round: round), to: index)
    }

    private mutating func sendStatuses() {
        guard now - lastStatusSent >= settings.times.statusInterval else { return }
        lastStatusSent = now
        for index in peers.indices where peers[index].isConnected {
            if !giveUpIfSilent(index) { sendStatus(to: index) }
        }
    }

    /// True when the stream was given up. Otherwise what was not answered in time is sent again.
    private mutating func giveUpIfSilent(_ index: Int) -> Bool {
        guard peers[index].unanswered > 0 else { return false }
        if now - peers[index].lastHeard >= settings.times.reconnectAfter,
            now - peers[index].waitingSince >= settings.times.heartbeat
        {
            effects.append(.reconnect(peers[index].replica))
            peers[index].disconnected(at: now)
            return true
        }
        if now - peers[index].waitingSince >= settings.times.resendAfter {
            peers[index].resend(at: now)
        }
        return false
    }

    /// What may be sent: handed to the own disk or already there. Entries that gather while a
    /// batch is under way go out with the next one, so that one message carries them all.
    private var sendable: LSN {
        switch receiver.state {
        case .idle: receiver.persisted
        case .writing(_, let through): max(receiver.persisted, through)
        }
    }

    private mutating func drive(_ index: Int, isPrompt: Bool) {
        switch peers[index].mode {
        case .probing(let isAsked):
            guard !isAsked else { return beatHeart(index) }
            peers[index].mode = .probing(isAsked: true)
            sendEntries([], after: LSN(peers[index].next.rawValue - 1), to: index)
        case .streaming:
            noteNews(index)
            if isPrompt || newsIsDue(index) { streamEntries(index) }
            beatHeart(index)
        case .sendingSnapshot(let snapshot):
            driveSnapshot(snapshot, index)
        case .readingLog, .readingSnapshot: beatHeart(index)
        case .diverged: return
        }
    }

    private mutating func streamEntries(_ index: Int) {
        let limits = settings.limits
        let end = sendable
        while peers[index].next <= end {
            let peer = peers[index]
            let previous = LSN(peer.next.rawValue - 1)
            guard peer.unanswered < limits.unansweredMessages else { return }
            guard previous >= log.base else {
                // Older than memory reaches: one part at a time, from the log or the snapshot.
                if peer.match >= previous { fetchOlder(index) }
                return
            }
            let ahead = previous.rawValue - min(peer.match, previous).rawValue
            guard ahead < UInt64(limits.messagesInFlight * limits.messageEntries),
                log.payloadBytes(after: peer.match, through: previous)
                    < limits.messagesInFlight * limits.messageBytes
            else { return }
            let entries = log.entries(
                after: previous, through: end, maximumBytes: limits.messageBytes,
                maximumCount: limits.messageEntries)
            guard !entries.isEmpty else { return }
            sendEntries(entries, after: previous, to: index)
        }
    }

    private mutating func fetchOlder(_ index: Int) {
        let peer = peers[index]
        if peer.next > logFloor {
            peers[index].mode = .readingLog
            let request = LogReadRequest(
                from: peer.next, offset: peer.logOffset,
                maximumBytes: settings.limits.messageBytes)
            _ = newJob(
                [.readLog(request)], .readLog(peer.replica, edition: logEdition), as: .reading)
        } else if let snapshotLSN, snapshotLSN >= peer.next {
            peers[index].mode = .readingSnapshot
            _ = newJob([.readSnapshot], .readSnapshot(peer.replica, snapshotLSN), as: .reading)
        } else {
            // The log does not reach back and no snapshot reaches far enough: make one.
            wantsCheckpoint = true
        }
    }

    mutating func sendEntries(
        _ entries: [ReplicatedEntry], after previous: LSN, to index: Int
    ) {
        let append = AppendEntries(
            term: term, previous: previous, previousGeneration: log.generation(at: previous),
            commit: ownMark, entries: entries)
        peers[index].toldCommit = log.commit
        peers[index].newsSince = nil
        if let last = entries.last {
            peers[index].next = LSN(last.entry.lsn.rawValue + 1)
        }
        send(.append(append), to: index)
    }

    /// One part at a time. Other answers of the peer say nothing about this one, so it has a
    /// clock of its own.
    private mutating func driveSnapshot(
        _ snapshot: PeerProgress.OutgoingSnapshot, _ index: Int
    ) {
        if let asked = snapshot.askedAt, now - asked < settings.times.resendAfter {
            return beatHeart(index)
        }
        if snapshot.offset == snapshot.bytes.count {
            // All of it arrived and nothing came of it: see where the peer stands.
            peers[index].mode = .probing(isAsked: false)
        } else {
            sendSnapshotPart(snapshot, to: index)
        }
    }

    private mutating func sendSnapshotPart(
        _ snapshot: PeerProgress.OutgoingSnapshot, to index: Int
    ) {
        let end = min(snapshot.bytes.count, snapshot.offset + settings.limits.snapshotChunkBytes)
        var asked = snapshot
        asked.askedAt = now
        peers[index].mode = .sendingSnapshot(asked)
        send(
            .snapshotChunk(
                SnapshotChunk(
                    term: term, snapshot: snapshot.lsn, highest: snapshot.highest,
                    totalBytes: UInt64(snapshot.bytes.count), offset: UInt64(snapshot.offset),
                    bytes: Array(snapshot.bytes[snapshot.offset..<end]))),
            to: index)
    }

    /// Tells a new commit position if no entries come along to carry it, and otherwise that this
    /// primary is alive.
    private mutating func beatHeart(_ index: Int) {
        noteNews(index)
        let peer = peers[index]
        let isDue = now - peer.lastSent >= settings.times.heartbeat
        let hasAllEntries = peer.match.rawValue + 1 >= peer.next.rawValue
        guard isDue || (hasAllEntries && newsIsDue(index)),
            peer.unanswered < settings.limits.unansweredMessages
        else { return }
        switch peer.mode {
        case .streaming:
            sendEntries([], after: LSN(peer.next.rawValue - 1), to: index)
        case .probing, .readingLog, .readingSnapshot, .sendingSnapshot, .diverged:
            sendEntries([], after: min(peer.match, log.last), to: index)
        }
    }

    /// Notices entries and commit positions that a peer was not told.
    private mutating func noteNews(_ index: Int) {
        let peer = peers[index]
        guard case .streaming = peer.mode, peer.toldCommit < log.commit || peer.next <= sendable
        else {
            peers[index].newsSince = nil
            return
        }
        if peer.newsSince == nil { peers[index].newsSince = now }
    }

    /// Whether the news for a peer has waited long enough, or fills a message.
    private func newsIsDue(_ index: Int) -> Bool {
        let peer = peers[index]
        guard let since = peer.newsSince else { return false }
        let previous = LSN(peer.next.rawValue - 1)
        return now - since >= settings.times.newsWait || previous < log.base
            || log.last.rawValue - min(previous, log.last).rawValue
                >= UInt64(settings.limits.messageEntries)
    }
}

/// Where a peer stands among those that are sent entries at once; the first are preferred.
private struct PeerRank: Comparable {
    let index: Int
    let isConnected: Bool
    let isLate: Bool
    let match: LSN

    static func < (left: PeerRank, right: PeerRank) -> Bool {
        if left.isConnected != right.isConnected { return left.isConnected }
        if left.isLate != right.isLate { return right.isLate }
        if left.match != right.match { return left.match > right.match }
        return left.index < right.index
    }
}
