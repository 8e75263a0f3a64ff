import ClusterProtocol
public import LeaseEngine
public import LeaseKernel
public import SystemCalls

/// What a live replica is told once, when it starts.
public struct LiveSettings: Sendable {
    /// What a committed entry does to the state.
    public typealias Rules =
        @Sendable (inout Kernel, PreparedEntry) throws(EntryFailure) -> ExecutedEntry

    public var identity: ReplicaIdentity
    /// The other replicas.
    public var peers: [ReplicaID]
    /// How many replicas must hold an entry, the primary included. The majority, except in
    /// tests that show why.
    public var quorum: Int
    public var kernel: KernelConfiguration
    public var engine: EngineConfiguration
    /// What an empty folder becomes (cluster-runner.md 10).
    public var layoutRole: ReplicaRole
    public var layoutView: View
    /// By which live entries are applied. The allocator's own, except in tests that show what
    /// comes of others.
    public var rules: Rules = { kernel, entry throws(EntryFailure) in
        try kernel.carryOut(entry)
    }
    public var limits = LiveLimits()
    public var times = LiveTimes()

    public init(
        identity: ReplicaIdentity, peers: [ReplicaID], kernel: KernelConfiguration,
        engine: EngineConfiguration, layoutRole: ReplicaRole, layoutView: View
    ) {
        self.identity = identity
        self.peers = peers
        self.quorum = (peers.count + 1) / 2 + 1
        self.kernel = kernel
        self.engine = engine
        self.layoutRole = layoutRole
        self.layoutView = layoutView
    }
}

/// One replica of the cluster as the daemon runs it: group commit, confirmed reads, catch-up,
/// native files (docs/reference/formats.md).
///
/// How a write goes: it becomes the next entry of the log, the journal batch on its way to the
/// own disk and the message to every peer carry it at the same time, and once the own disk and
/// a majority have it, it is applied and answered. How a read goes: a majority confirms after
/// its arrival that it still follows this primary; no disk is involved.
public struct LiveReplica: ReplicaCore, Sendable {
    let settings: LiveSettings
    /// As stored, except for the positions, which are hints (`MetadataFormatV3`).
    var metadata: ReplicaMetadata
    var supervisor: Supervisor
    var log: LiveLog
    var receiver: Receiver
    /// Absent exactly while the replica is faulted from the start.
    var applier: Applier?
    let startup: StartupReport
    /// This life of the primary; a backup never uses it.
    let generation: Generation
    /// Reads wait for what the log held at the start: it may have been answered before.
    let startBarrier: LSN
    var peers: [PeerProgress]
    var rounds = ReadRounds()
    var requests = RequestBook()
    /// Operations whose entry is not committed, for finding repetitions.
    var pendingOperations: [OperationID: LSN] = [:]
    /// Reads and ticks in the order of their rounds.
    var waitingReads: [RequestToken] = []
    /// Submits that wait for the first confirmation.
    var earlySubmits: [RequestToken] = []
    /// What `serveWaiting` saw when it ran last; without a change there is nothing to serve.
    var servedAt = ServedAt()
    var lastTickEntry = LSN(0)
    /// One-shot prepares and commits that wait for the journal.
    var waitingLegacy: [WaitingLegacy] = []
    var incomingSnapshot: IncomingSnapshot?
    /// Complete and checked; stored as soon as the disk is free.
    var receivedSnapshot: ReceivedSnapshot?
    var jobs: [StorageToken: StorageJobPurpose] = [:]
    var nextToken: UInt64 = 1
    /// The lowest position that the log file still holds as an entry, minus one.
    var logFloor: LSN
    /// Position of the snapshot file once every job handed over has run.
    var snapshotLSN: LSN?
    /// How often the log file was rewritten: offsets into an older edition mean nothing.
    var logEdition: UInt64 = 0
    /// When the oldest log frame that no job carries yet was seen.
    var framesSince: Instant?
    /// When a batch of journal records went to the disk last, and how many entries it held.
    var batchTakenAt: Instant
    var batchEntries: UInt64 = 0
    /// When frames went to the disk last.
    var framesTakenAt: Instant
    var checkpointRequests: [RequestToken] = []
    var wantsCheckpoint = false
    var isIsolated = false
    var stateStoreTransition: Transition
    var lastValidatorRefusal: Transition?
    var lastReadRefusal: Transition?
    var lastStatusSent: Instant
    var now: Instant
    var effects: [LiveEffect] = []

    /// Continues from what the files hold.
    init(_ start: LiveStart, settings: LiveSettings, at now: Instant) {
        self.settings = settings
        self.now = now
        lastStatusSent = now
        batchTakenAt = now
        framesTakenAt = now
        startup = start.startup
        metadata = start.metadata
        generation = start.generation
        supervisor = Supervisor(start.state, cause: "start", at: now)
        stateStoreTransition = Transition(
            to: "view \(start.metadata.currentView) \(start.metadata.role.word)",
            cause: "recovered", at: now)
        logFloor = start.logFloor
        snapshotLSN = start.startup.loadedSnapshotLSN
        applier = start.applier
        log = LiveLog(base: start.commit, highest: start.baseHighest)
        for replicated in start.prepared {
            log.append(replicated, at: now)
            if let operation = replicated.operationID { pendingOperations[operation] = log.last }
        }
        startBarrier = log.last
        if supervisor.isLeading { _ = rounds.join() }
        receiver = Receiver(persisted: log.last, journalLength: start.journalLength, at: now)
        peers = settings.peers.map { PeerProgress($0, at: now) }
        if start.isConfigured {
            note(
                "startup_configured_normal_role target_role=\(metadata.role.word) "
                    + "target_view=\(metadata.currentView) \(summary)")
        }
    }

    public mutating func handle(
        _ input: LiveInput, at instant: Instant, effects out: inout [LiveEffect]
    ) {
        now = max(now, instant)
        switch input {
        case .client(let token, let request): take(request, token)
        case .legacyPrepare(let token, let entry): takeLegacyPrepare(entry, token)
        case .legacyCommit(let token, let view, let lsn):
            takeLegacyCommit(view, lsn, token)
        case .peerConnected(let peer): peerConnected(peer)
        case .peerDisconnected(let peer): peerDisconnected(peer)
        case .peerAnswer(let peer, let message): takeAnswer(message, from: peer)
        case .peerRequest(let peer, let stream, let message):
            takeRequest(message, from: peer, on: stream)
        case .storageFinished(let token, let outcome): storageFinished(token, outcome)
        case .timer: break
        case .isolationChanged(let isolated): isIsolated = isolated
        case .checkpoint(let token): requestCheckpoint(token)
        case .stop: stop()
        }
        flushEffects(into: &out)
    }

    public mutating func finishRound(at instant: Instant, effects out: inout [LiveEffect]) {
        now = max(now, instant)
        expireRequests()
        advanceLeading()
        advanceFollowing()
        writeWhatGathered()
        sendToPeers()
        requests.dropAnswered()
        flushEffects(into: &out)
    }

    private mutating func flushEffects(into out: inout [LiveEffect]) {
        out.append(contentsOf: effects)
        effects.removeAll(keepingCapacity: true)
    }

    public var nextWakeUp: Instant {
        var next = now + .seconds(1)
        if let deadline = requests.nextDeadline { next = min(next, deadline) }
        if let framesSince, isEngineRunning, case .idle = receiver.state {
            next = min(next, framesSince + settings.times.framesWait)
        }
        if receiver.hasUnwrittenRecords, case .idle = receiver.state, let gatherUntil {
            next = min(next, gatherUntil)
        }
        switch supervisor.state {
        case .confirming, .primary:
            for peer in peers where peer.isConnected {
                next = min(next, peer.lastSent + settings.times.heartbeat)
                if let since = peer.newsSince { next = min(next, since + settings.times.newsWait) }
            }
            if case .asking(let round, let since) = rounds.state {
                next = min(next, since + settings.times.confirmAgainAfter)
                if peers.contains(where: { $0.isConnected && $0.askedRound < round }) {
                    next = min(next, since + settings.times.newsWait)
                }
            }
        case .backup, .uncertain, .changingView, .installing:
            next = min(next, lastStatusSent + settings.times.statusInterval)
        case .halted, .faulted, .stopping, .stopped: break
        }
        return max(next, now + .milliseconds(1))
    }

    // MARK: - Small helpers used by every part

    var id: ReplicaID { settings.identity.replicaID }
    var role: ReplicaRole { supervisor.role }
    var term: Term { Term(view: metadata.currentView, generation: generation) }

    /// The highest view this replica is in or has heard of. A vote is not among them: it is a
    /// promise of one replica, and nobody else should stop for it.
    var highestHeardView: View {
        if case .uncertain(.heardOf(let view, _)) = supervisor.state {
            return max(view, metadata.currentView)
        }
        return metadata.currentView
    }

    var ownStatus: PeerStatus {
        PeerStatus(
            view: highestHeardView, role: role, commit: log.commit, highestPrepared: log.last)
    }

    /// The own commit position with what lies there, for the peer to compare.
    var ownMark: CommitMark {
        CommitMark(lsn: log.commit, checksum: applier?.checksum(at: log.commit))
    }

    mutating func newJob(
        _ work: [StorageWork], _ purpose: StorageJobPurpose, as kind: StorageBoundary.Purpose
    ) -> StorageToken {
        let token = StorageToken(nextToken)
        nextToken += 1
        jobs[token] = purpose
        effects.append(.store(StorageJob(token: token, purpose: kind, work: work)))
        return token
    }

    mutating func note(_ event: String) {
        effects.append(.log("replica=\(id) event=\(event)"))
    }

    mutating func fault(_ fault: NativeFault, cause: String) {
        guard !supervisor.isFaulted else { return }
        supervisor.move(to: .faulted(.native(fault)), because: cause, at: now)
        answerAllAsDeposed()
        answerUnfinished(.node(.inactive(replicaStatus)))
        note("faulted reason=\(fault.debugText)")
    }

    mutating func halt(_ failure: StorageFailure) {
        guard !supervisor.isFaulted else { return }
        let role = role
        supervisor.move(to: .halted(role, failure), because: failure.description, at: now)
        note("engine_halted error=\(failure)")
        answerAllAsHalted()
    }

    /// Operators and one-shot peers wait without a limit of their own: when their turn can no
    /// longer come, they are told.
    mutating func answerUnfinished(_ refusal: LegacyRefusal) {
        for token in checkpointRequests {
            replyText(token, "status=error\nmessage=\(refusal.text)\n")
        }
        checkpointRequests.removeAll()
        refuseLegacy(refusal)
    }
}

/// What a storage job was for.
enum StorageJobPurpose: Sendable {
    /// Journal batch, log frames, or both.
    case write
    case checkpoint(CheckpointJob)
    case readLog(ReplicaID, edition: UInt64)
    case readSnapshot(ReplicaID, LSN)
    case enterView(View)
    case install(ReceivedSnapshot)
    case stop
}

/// The facts that requests wait for.
struct ServedAt: Hashable, Sendable {
    var round: UInt64 = 0
    var commit = LSN(0)
    var count = 0
}

struct CheckpointJob: Sendable {
    let snapshot: LSN?
    let previous: LSN?
}

extension ReplicatedEntry {
    /// The client operation that the entry carries; nil for internal entries.
    var operationID: OperationID? {
        switch entry.kind {
        case .client:
            guard let command = try? CommandCodec.decodeClient(entry.payload) else { return nil }
            return command.operationID
        case .internal: return nil
        }
    }
}
