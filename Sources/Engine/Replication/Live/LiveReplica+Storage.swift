import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls

// What goes to disk and what comes back. At most one writing job is under way: whatever gathers
// meanwhile makes up the next one.

extension LiveReplica {
    /// Once per round: hands over everything that gathered.
    mutating func writeWhatGathered() {
        if framesSince == nil, applier?.unwrittenFrames.isEmpty == false { framesSince = now }
        guard case .idle = receiver.state else { return }
        switch supervisor.state {
        case .faulted, .halted, .stopped: return
        case .changingView(let view): writeView(view)
        case .installing: writeReceivedSnapshot()
        case .stopping: writeLast()
        case .confirming, .primary, .backup, .uncertain:
            if wantsCheckpoint || isLogLong {
                writeCheckpoint()
            } else if receiver.hasUnwrittenRecords {
                if gatherUntil.map({ now >= $0 }) ?? true { writeBatch() }
            } else {
                writeFramesIfDue()
            }
        }
    }

    /// After a batch of many entries the next one gathers for a moment: those who wait for the
    /// first send again, and one sync serves them all. Nil when there is nothing to wait for.
    var gatherUntil: Instant? {
        guard batchEntries >= UInt64(settings.limits.manyEntries) else { return nil }
        return batchTakenAt + settings.times.gatherWait
    }

    private var isLogLong: Bool {
        (applier?.logLength ?? 0) >= settings.limits.logBytes && canCheckpoint
            && log.commit > snapshotLSN ?? LSN(0)
    }

    /// Log frames are written without a sync: the journal has what they say. They go with a
    /// batch if one comes soon.
    private mutating func writeFramesIfDue() {
        guard let framesSince,
            now - framesSince >= settings.times.framesWait || framesFillMessage
        else { return }
        let token = newJob([.append(.log, takeFrames())], .write, as: .frames)
        receiver.holdFor(token, cause: "log frames", at: now)
    }

    private var framesFillMessage: Bool {
        (applier?.unwrittenFrames.count ?? 0) >= settings.limits.messageBytes
    }

    private mutating func takeFrames() -> [UInt8] {
        let frames = applier?.takeFrames() ?? []
        framesSince = nil
        framesTakenAt = now
        log.trim(
            through: log.commit, maximumBytes: settings.limits.recentBytes,
            maximumCount: settings.limits.recentEntries)
        return frames
    }

    private mutating func writeBatch() {
        batchTakenAt = now
        batchEntries = log.last.rawValue - min(receiver.persisted, log.last).rawValue
        if receiver.journalLength >= settings.limits.journalBytes { return compactJournal() }
        let token = StorageToken(nextToken)
        let batch = receiver.takeBatch(token, through: log.last, commit: log.commit, at: now)
        var work: [StorageWork] = [.append(.journal, batch), .sync(.journal)]
        // Not with each of many batches in a row: every one would wait for this write.
        let isTime = now - framesTakenAt >= settings.times.framesWait || framesFillMessage
        if framesSince != nil, isTime { work.append(.append(.log, takeFrames())) }
        _ = newJob(work, .write, as: .batch)
    }

    /// Makes the log durable instead of keeping its entries twice.
    private mutating func compactJournal() {
        let token = StorageToken(nextToken)
        let image = compactedJournal()
        receiver.replaceJournal(
            token, length: image.count, through: log.last, commit: log.commit, at: now)
        _ = newJob(
            [.append(.log, takeFrames()), .sync(.log), .replace(.journal, image)], .write,
            as: .compaction)
    }

    /// The journal of a log that is durable up to the commit position.
    private func compactedJournal() -> [UInt8] {
        let baseline = JournalRecord.baseline(
            durable: log.commit, highest: log.highestTerm(through: log.commit))
        return JournalFormat.encode(
            [baseline, .generation(generation)] + log.pending.map { .entry($0.replicated) })
    }

    // MARK: - Checkpoints

    private var canCheckpoint: Bool {
        settings.kernel.wheelLength <= SnapshotCodec.maxWheelLength
    }

    mutating func requestCheckpoint(_ token: RequestToken) {
        switch supervisor.state {
        case .confirming, .primary, .backup, .uncertain, .changingView, .installing: break
        case .faulted, .halted, .stopping, .stopped:
            return replyText(token, "status=error\nmessage=engine halted\n")
        }
        guard canCheckpoint else {
            return replyText(token, "status=error\nmessage=expiration wheel too long\n")
        }
        guard checkpointRequests.count < settings.limits.waitingRequests else {
            return replyText(token, "status=error\nmessage=too many checkpoint requests\n")
        }
        checkpointRequests.append(token)
        wantsCheckpoint = true
    }

    private mutating func writeCheckpoint() {
        wantsCheckpoint = false
        guard let kernel = applier?.kernel, canCheckpoint else { return }
        let previous = snapshotLSN
        let token = StorageToken(nextToken)
        let image = compactedJournal()
        receiver.replaceJournal(
            token, length: image.count, through: log.last, commit: log.commit, at: now)
        let lsn = kernel.lastAppliedLSN
        var stored = metadata
        stored.activeSnapshotLSN = lsn
        _ = newJob(
            [
                .append(.log, takeFrames()), .checkpoint(state: kernel, keepAbove: previous),
                .replace(.journal, image), .replace(.metadata, MetadataFormatV3.encode(stored)),
            ], .checkpoint(CheckpointJob(snapshot: lsn, previous: previous)),
            as: .checkpoint)
        // Jobs run in order: whoever reads the files from now on finds them so.
        snapshotLSN = lsn
        logFloor = max(logFloor, previous ?? LSN(0))
        applier?.noteLogRewritten(length: 0)
        logEdition += 1
        for index in peers.indices { peers[index].logOffset = 0 }
    }

    // MARK: - View, snapshot, end

    private mutating func writeView(_ view: View) {
        let token = StorageToken(nextToken)
        // First the journal, then the metadata: an entry of the old view must never stand in a
        // folder that claims the new one.
        let batch = receiver.takeBatch(token, through: log.last, commit: log.commit, at: now)
        var stored = metadata
        stored.currentView = view
        stored.role = .backup
        stored.lastNormalView = view
        stored.durableVote = nil
        _ = newJob(
            [
                .append(.journal, batch), .sync(.journal), .append(.log, takeFrames()),
                .replace(.metadata, MetadataFormatV3.encode(stored)),
            ], .enterView(view), as: .view)
    }

    private mutating func viewStored(_ view: View) {
        metadata.currentView = view
        metadata.role = .backup
        metadata.lastNormalView = view
        metadata.durableVote = nil
        stateStoreTransition = Transition(
            to: "view \(view) backup", cause: supervisor.last.cause, at: now)
        guard case .changingView(let wanted) = supervisor.state, wanted == view else { return }
        supervisor.move(to: .backup, because: "view \(view) is stored", at: now)
    }

    private mutating func writeReceivedSnapshot() {
        guard let received = receivedSnapshot else {
            return supervisor.move(to: .backup, because: "no snapshot to store", at: now)
        }
        let token = StorageToken(nextToken)
        let marker = LogMarker.frame(lsn: received.lsn, slot: received.kernel.lastRequestSlot)
        // Entries above the snapshot stay: they may have been acknowledged.
        var successor = log
        successor.reset(to: received.lsn, highest: received.highest, at: now)
        let image = JournalFormat.encode(
            [
                .baseline(durable: received.lsn, highest: successor.baseHighest),
                .generation(generation),
            ] + successor.pending.map { .entry($0.replicated) })
        receiver.replaceJournal(
            token, length: image.count, through: successor.last, commit: received.lsn, at: now)
        var stored = metadata
        stored.commitLSN = received.lsn
        stored.activeSnapshotLSN = received.lsn
        _ = newJob(
            [
                .replaceSnapshot(received.bytes), .replace(.log, marker),
                .replace(.journal, image), .replace(.metadata, MetadataFormatV3.encode(stored)),
            ], .install(received), as: .install)
        receivedSnapshot = nil
    }

    private mutating func installed(_ received: ReceivedSnapshot) {
        log.reset(to: received.lsn, highest: received.highest, at: now)
        let marker = LogMarker.frame(lsn: received.lsn, slot: received.kernel.lastRequestSlot)
        applier?.install(received.kernel, logLength: marker.count)
        receiver.reset(persisted: log.last, journalLength: receiver.journalLength, at: now)
        metadata.commitLSN = received.lsn
        metadata.activeSnapshotLSN = received.lsn
        snapshotLSN = received.lsn
        logFloor = received.lsn
        logEdition += 1
        note("snapshot_installed lsn=\(received.lsn)")
        supervisor.move(to: .backup, because: "snapshot \(received.lsn) is stored", at: now)
        guard let source = receiver.source else { return }
        receiver.source?.verified = received.lsn
        effects.append(
            .answer(
                source.stream,
                .snapshotReceived(
                    source.term, snapshot: received.lsn, offset: UInt64(received.bytes.count),
                    installed: true)))
    }

    mutating func stop() {
        switch supervisor.state {
        case .faulted, .halted, .stopped:
            supervisor.move(to: .stopped(role), because: "asked to stop", at: now)
            return effects.append(.stopped)
        case .stopping: return
        case .confirming, .primary, .backup, .changingView, .installing, .uncertain:
            supervisor.move(to: .stopping(role), because: "asked to stop", at: now)
            answerAllAsHalted()
        }
    }

    private mutating func writeLast() {
        let token = StorageToken(nextToken)
        let batch = receiver.takeBatch(token, through: log.last, commit: log.commit, at: now)
        _ = newJob(
            [
                .append(.journal, batch), .sync(.journal), .append(.log, takeFrames()),
                .sync(.log),
            ], .stop, as: .stop)
    }

    // MARK: - Completions

    mutating func storageFinished(_ token: StorageToken, _ outcome: StorageOutcome) {
        guard let purpose = jobs.removeValue(forKey: token) else { return }
        switch (purpose, outcome) {
        case (.readLog(let peer, let edition), _): logRead(for: peer, edition, outcome)
        case (.readSnapshot(let peer, let lsn), _): snapshotRead(lsn, for: peer, outcome)
        case (.write, .failed(let failure)), (.checkpoint, .failed(let failure)),
            (.enterView, .failed(let failure)), (.install, .failed(let failure)):
            halt(failure)
        case (.stop, .failed(let failure)):
            halt(failure)
            effects.append(.stopped)
        case (.write, _): written(token)
        case (.checkpoint(let job), _):
            written(token)
            checkpointed(job)
        case (.enterView(let view), _):
            written(token)
            viewStored(view)
        case (.install(let received), _):
            _ = receiver.finished(token, at: now)
            installed(received)
        case (.stop, _):
            written(token)
            supervisor.move(to: .stopped(role), because: "everything is on disk", at: now)
            effects.append(.stopped)
        }
    }

    private mutating func written(_ token: StorageToken) {
        guard receiver.finished(token, at: now) else { return }
        guard case .backup = supervisor.state else { return }
        if let source = receiver.source {
            // With the acknowledgement goes the newest commit position.
            commit(through: min(source.mark.lsn, source.verified, receiver.persisted))
        }
        acknowledge()
        answerLegacy()
    }

    private mutating func checkpointed(_ job: CheckpointJob) {
        metadata.activeSnapshotLSN = job.snapshot
        stateStoreTransition = Transition(
            to: "snapshot \(job.snapshot.map { "\($0)" } ?? "none")", cause: "checkpoint", at: now)
        note("checkpoint snapshot_lsn=\(job.snapshot.map { "\($0)" } ?? "none")")
        let text =
            "status=ok\nsnapshot_lsn=\(job.snapshot.map { "\($0)" } ?? "none")\n"
            + "previous_snapshot_lsn=\(job.previous.map { "\($0)" } ?? "none")\n"
        for token in checkpointRequests { replyText(token, text) }
        checkpointRequests.removeAll()
    }

    /// Older entries for a peer that is behind.
    private mutating func logRead(
        for peer: ReplicaID, _ edition: UInt64, _ outcome: StorageOutcome
    ) {
        guard let index = index(of: peer), case .readingLog = peers[index].mode else { return }
        peers[index].mode = .streaming
        guard supervisor.isLeading, peers[index].isConnected else { return }
        switch outcome {
        case .log(let entries, let nextOffset):
            guard let first = entries.first, first.lsn == peers[index].next else {
                if peers[index].logOffset > 0 {
                    peers[index].logOffset = 0
                    return
                }
                // The log does not reach back as far as was thought: the snapshot does.
                logFloor = max(logFloor, peers[index].next)
                return
            }
            peers[index].logOffset = edition == logEdition ? nextOffset : 0
            let known = entries.filter { $0.lsn <= log.commit }.map { entry in
                log[entry.lsn]?.replicated ?? ReplicatedEntry(entry: entry, generation: .unknown)
            }
            sendEntries(known, after: LSN(first.lsn.rawValue - 1), to: index)
        case .done, .snapshot: return
        case .failed(let failure):
            note("log_read_failed peer=\(peer) error=\(failure)")
            peers[index].resend(at: now)
        }
    }

    private mutating func snapshotRead(
        _ lsn: LSN, for peer: ReplicaID, _ outcome: StorageOutcome
    ) {
        guard let index = index(of: peer), case .readingSnapshot = peers[index].mode else {
            return
        }
        switch outcome {
        case .snapshot(let bytes):
            peers[index].mode = .sendingSnapshot(
                PeerProgress.OutgoingSnapshot(
                    lsn: lsn, highest: log.highestTerm(through: lsn), bytes: bytes, offset: 0))
        case .done, .log: peers[index].mode = .streaming
        case .failed(let failure):
            note("snapshot_read_failed peer=\(peer) error=\(failure)")
            peers[index].mode = .probing(isAsked: false)
        }
    }
}
