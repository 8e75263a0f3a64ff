import ClusterProtocol
import LeaseEngine
import LeaseKernel

// How snapshot, log and journal of one folder are put together.

extension LiveRecovery {
    /// One state out of several files, and what has to be written so that they say the same.
    struct Reconciled {
        var kernel: Kernel
        var startup: StartupReport
        /// Length of the log that is kept; what follows it was never synced.
        var keptLogBytes: Int
        var isLogCut: Bool
        /// Frames of committed entries that the log lost or never got.
        var missingFrames: [UInt8] = []
        var prepared: [ReplicatedEntry] = []
        var baseHighest = Term.unknown
        var highestGeneration = Generation.unknown
        var logFloor = LSN(0)
        /// The last frames' checksums, for comparing with peers.
        var checksums: [(LSN, UInt32)] = []

        var commit: LSN { kernel.lastAppliedLSN ?? LSN(0) }
    }

    func reconcile(_ files: Files, _ stored: StoredMetadata) throws -> Reconciled {
        try checkIdentity(stored.metadata)
        if let snapshot = files.snapshot,
            !SnapshotChecksums.accept(snapshot, checksums: files.snapshotChecksums)
        {
            throw FaultReason.native(.damagedSnapshot)
        }
        if let journal = files.journal, files.hasNativeJournal {
            let content: JournalContent
            do throws(JournalDecodeError) {
                content = try JournalReader.read(journal)
            } catch {
                throw FaultReason.native(.journalLoad(error))
            }
            return try reconcileNative(files, content)
        }
        if stored.isNew {
            return try replay(files, durable: LSN(0), isNative: true)
        }
        if stored.isNative {
            guard files.journal == nil else {
                throw FaultReason.native(.journalLoad(.unsupportedVersion(2)))
            }
            throw FaultReason.native(.missingJournal)
        }
        return try reconcileV2(files, stored.metadata)
    }

    /// The rules of replica.md 3.3 that do not speak of positions: those are found, not stored.
    private func checkIdentity(_ metadata: ReplicaMetadata) throws(FaultReason) {
        var positionless = metadata
        positionless.commitLSN = nil
        positionless.activeSnapshotLSN = nil
        do throws(ConsistencyViolation) {
            try MetadataConsistency.check(
                positionless, identity: settings.identity, applied: nil, localSnapshot: nil)
        } catch {
            throw .validation(error)
        }
    }

    // MARK: - Snapshot and log

    /// Restores the snapshot and replays the log. With native rules a bad tail beyond `durable`
    /// is cut, because it was never synced; before it the replica refuses to serve.
    private func replay(_ files: Files, durable: LSN, isNative: Bool) throws -> Reconciled {
        let kernel = try restore(files.snapshot)
        let loaded = kernel.lastAppliedLSN
        var walk = LogWalk(kernel, log: files.log, durable: durable, isNative: isNative)
        do throws(RecoveryError) {
            try walk.run()
        } catch {
            throw LiveStartError.recovery(error)
        }
        let applied = walk.replay.kernel.lastAppliedLSN
        if let applied, applied.rawValue == .max {
            throw LiveStartError.recovery(.nextLSNExhausted(lastApplied: applied))
        }
        let isCut = walk.end < files.log.count
        if applied ?? LSN(0) < durable {
            throw FaultReason.native(
                isCut
                    ? .damagedLog(offset: walk.end)
                    : .logBehindBaseline(baseline: durable, found: applied ?? LSN(0)))
        }
        let count = walk.replay.appliedCount
        let kind: StartupKind =
            if files.snapshot == nil {
                count == 0 ? .freshStart : .walOnly
            } else {
                count == 0 ? .snapshotOnly : .snapshotAndWAL
            }
        var result = Reconciled(
            kernel: walk.replay.kernel,
            startup: StartupReport(
                kind: kind, loadedSnapshotLSN: loaded, replayedFrameCount: count,
                replayedLastLSN: walk.replay.lastReplayedLSN),
            keptLogBytes: walk.end, isLogCut: isCut)
        // Only an unbroken run up to the applied position can serve peers.
        let reaches = walk.previous == applied
        result.logFloor = reaches ? walk.floor ?? LSN(0) : applied ?? LSN(0)
        result.checksums = walk.checksums
        return result
    }

    private func restore(_ snapshot: [UInt8]?) throws(LiveStartError) -> Kernel {
        guard let snapshot else {
            do throws(ConfigurationError) {
                return try Kernel(configuration: settings.kernel)
            } catch {
                throw .recovery(.configuration(error))
            }
        }
        let decoded: KernelSnapshot
        do throws(SnapshotDecodingError) {
            decoded = try SnapshotCodec.decode(snapshot)
        } catch {
            throw .recovery(.snapshotDecoding(error))
        }
        do throws(RestoreError) {
            return try Kernel(restoring: decoded, configuration: settings.kernel)
        } catch {
            throw .recovery(.snapshotRestore(error))
        }
    }

    // MARK: - Native journal

    private func reconcileNative(
        _ files: Files, _ journal: JournalContent
    ) throws -> Reconciled {
        var result = try replay(files, durable: journal.baseline, isNative: true)
        result.highestGeneration = journal.highestGeneration
        result.baseHighest = journal.baselineHighest
        try compare(Array(files.log.prefix(result.keptLogBytes)), with: journal)
        let applied = result.commit
        guard journal.commit <= max(applied, journal.entries.last?.entry.lsn ?? LSN(0)) else {
            throw FaultReason.native(
                .journalGap(expected: LSN(applied.rawValue + 1), found: journal.commit))
        }
        var replay = LogReplay(result.kernel, skippingThrough: nil)
        var next = LSN(applied.rawValue + 1)
        for replicated in journal.entries {
            let entry = replicated.entry
            guard entry.lsn > applied else {
                result.baseHighest = max(result.baseHighest, replicated.term)
                continue
            }
            guard entry.lsn == next else {
                throw FaultReason.native(.journalGap(expected: next, found: entry.lsn))
            }
            next = LSN(next.rawValue + 1)
            guard entry.lsn <= journal.commit else {
                result.prepared.append(replicated)
                continue
            }
            let frame = WALFrame(committing: entry)
            do throws(RecoveryError) {
                _ = try replay.replay(frame)
            } catch {
                throw FaultReason.native(.unappliable(entry.lsn))
            }
            let bytes = frame.encode()
            result.missingFrames.append(contentsOf: bytes)
            result.checksums.append((entry.lsn, Applier.checksum(ofFrame: bytes)))
            result.baseHighest = max(result.baseHighest, replicated.term)
        }
        guard replay.appliedCount > 0 else { return result }
        if result.logFloor > applied { result.logFloor = applied }
        result.kernel = replay.kernel
        let total = result.startup.replayedFrameCount + replay.appliedCount
        result.startup = StartupReport(
            kind: files.snapshot == nil ? .walOnly : .snapshotAndWAL,
            loadedSnapshotLSN: result.startup.loadedSnapshotLSN, replayedFrameCount: total,
            replayedLastLSN: replay.lastReplayedLSN)
        return result
    }

    /// What both files hold must be the same: log frames are written from journal entries.
    private func compare(
        _ log: [UInt8], with journal: JournalContent
    ) throws(FaultReason) {
        guard let first = journal.entries.first?.entry.lsn else { return }
        var cursor = LogCursor(log)
        while let (frame, _) = cursor.next() {
            guard let logged = frame.committedEntry, logged.lsn >= first else { continue }
            let index = Int(logged.lsn.rawValue - first.rawValue)
            guard index < journal.entries.count else { return }
            guard journal.entries[index].entry.hasSameContent(as: logged) else {
                throw .native(.journalConflict(logged.lsn))
            }
        }
    }

    // MARK: - Version 2

    /// The reference's rules, plus the repair of R2: a frame in the log proves that its entry
    /// was committed, because nothing else is ever written there.
    private func reconcileV2(_ files: Files, _ metadata: ReplicaMetadata) throws -> Reconciled {
        var result = try replay(files, durable: LSN(0), isNative: false)
        let applied = result.kernel.lastAppliedLSN
        let entries = try preparedV2(files)
        try checkSnapshot(metadata, local: result.startup.loadedSnapshotLSN)
        if let commit = metadata.commitLSN, applied ?? LSN(0) < commit {
            throw FaultReason.validation(
                .appliedLSNBehindCommitLSN(applied: applied, commit: commit))
        }
        if let applied, applied > metadata.commitLSN ?? LSN(0) {
            try checkRepair(files.log, metadata, entries, applied)
        }
        var next = LSN((applied?.rawValue ?? 0) + 1)
        for entry in entries.all where entry.lsn > applied ?? LSN(0) {
            try check(entry, expected: next, metadata)
            result.prepared.append(ReplicatedEntry(entry: entry, generation: .unknown))
            next = LSN(next.rawValue + 1)
        }
        return result
    }

    private func checkSnapshot(
        _ metadata: ReplicaMetadata, local: LSN?
    ) throws(FaultReason) {
        // A checkpoint that was cut off before its metadata leaves a newer snapshot behind.
        guard metadata.activeSnapshotLSN ?? LSN(0) <= local ?? LSN(0) else {
            throw .validation(
                .activeSnapshotMismatch(metadata: metadata.activeSnapshotLSN, local: local))
        }
    }

    /// Every position the log is ahead must be the entry that was prepared there, unless the
    /// prepared log was already rewritten without it.
    private func checkRepair(
        _ log: [UInt8], _ metadata: ReplicaMetadata, _ entries: PreparedEntries, _ applied: LSN
    ) throws(FaultReason) {
        let commit = metadata.commitLSN ?? LSN(0)
        var cursor = LogCursor(log)
        while let (frame, _) = cursor.next() {
            guard let logged = frame.committedEntry, logged.lsn > commit,
                let prepared = entries[logged.lsn]
            else { continue }
            guard prepared.hasSameContent(as: logged) else {
                throw .validation(
                    .appliedLSNExceedsCommitLSN(applied: applied, commit: metadata.commitLSN))
            }
        }
    }

    private func check(
        _ entry: PreparedEntry, expected: LSN, _ metadata: ReplicaMetadata
    ) throws(FaultReason) {
        guard entry.lsn == expected else {
            throw .validation(.preparedOrderMismatch(expected: expected, found: entry.lsn))
        }
        guard entry.view == metadata.currentView else {
            throw .validation(
                .preparedViewMismatch(
                    expected: metadata.currentView, found: entry.view, entry.lsn))
        }
        let isGood: Bool
        switch entry.kind {
        case .client:
            let request = try? settings.engine.decodeClient(entry.payload)
            isGood =
                request.map {
                    settings.kernel.slotOverflow(ofClient: $0.command, at: entry.requestSlot) == nil
                } ?? false
        case .internal:
            let command = try? settings.engine.decodeInternal(entry.payload)
            isGood =
                command.map {
                    settings.kernel.slotOverflow(ofInternal: $0, at: entry.requestSlot) == nil
                } ?? false
        }
        guard isGood else { throw .validation(.preparedPayloadRejected(entry.lsn)) }
    }

    // MARK: - Writing it back

    /// Makes the log durable, then writes a journal that begins where the log ends, then the
    /// metadata. After a crash between them the files are reconciled to the same state again.
    func store(
        _ state: Reconciled, _ stored: StoredMetadata, on storage: inout some ReplicaStorage
    ) throws -> LiveStart {
        var metadata = stored.metadata
        metadata.commitLSN = state.kernel.lastAppliedLSN
        metadata.activeSnapshotLSN = state.startup.loadedSnapshotLSN
        let isConfigured = metadata.role == .recovering
        if isConfigured {
            try configure(&metadata)
        }
        let leads = metadata.role == .primary
        let generation =
            leads ? Generation(state.highestGeneration.rawValue + 1) : state.highestGeneration
        if state.isLogCut { try storage.truncate(.log, to: state.keptLogBytes) }
        try storage.append(.log, state.missingFrames)
        try storage.sync(.log)
        if let snapshot = try storage.read(.snapshot) {
            try storage.replace(
                .snapshotChecksums, with: SnapshotChecksums(of: snapshot).encoded)
        }
        let journal = JournalFormat.encode(
            [
                .baseline(durable: state.commit, highest: state.baseHighest),
                .generation(generation),
            ] + state.prepared.map { .entry($0) })
        try storage.replace(.journal, with: journal)
        try storage.replace(.metadata, with: MetadataFormatV3.encode(metadata))

        var applier = Applier(
            state.kernel, logLength: state.keptLogBytes + state.missingFrames.count)
        for (lsn, checksum) in state.checksums { applier.remember(checksum, at: lsn) }
        var start = LiveStart(metadata: metadata, state: Self.state(of: metadata.role))
        start.applier = applier
        start.startup = state.startup
        start.commit = state.commit
        start.prepared = state.prepared
        start.baseHighest = state.baseHighest
        start.generation = generation
        start.logFloor = state.logFloor
        start.journalLength = journal.count
        start.isConfigured = isConfigured
        return start
    }

    private func configure(_ metadata: inout ReplicaMetadata) throws(LiveStartError) {
        guard settings.layoutRole.isNormal else { throw .layoutRole(settings.layoutRole) }
        guard settings.layoutView >= metadata.highestKnownView else {
            throw .viewRegression(
                .viewRegression(
                    highestKnown: metadata.highestKnownView, requested: settings.layoutView))
        }
        metadata.currentView = settings.layoutView
        metadata.role = settings.layoutRole
        metadata.lastNormalView = settings.layoutView
        metadata.durableVote = nil
    }

    private static func state(of role: ReplicaRole) -> Supervisor.State {
        switch role {
        case .primary: .confirming
        case .backup: .backup
        case .viewUncertain, .recovering: .uncertain(.stored(role))
        case .faulted: .faulted(.persistedFaultState)
        }
    }
}
