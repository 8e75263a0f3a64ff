public import LeaseEngine
public import LeaseKernel

/// One replica with the semantics of the reference (replica.md 5 to 7): synchronous, over
/// storage that is handed in, in the version 2 formats.
///
/// It serves the deterministic simulation, surgery on workspaces and comparison with recorded
/// behaviour, weaknesses included; the daemon runs the live core instead. Every method checks
/// what the reference checks, in its order, and leaves the same bytes in the same files.
public struct ReplicaNode {
    public internal(set) var status: ReplicaStatus
    /// As stored, plus changes whose write failed (weakness R10).
    public internal(set) var metadata: ReplicaMetadata
    /// As stored, plus entries whose write failed (weakness R3).
    public internal(set) var prepared: PreparedEntries
    /// Present exactly when the status is active.
    public internal(set) var engine: Engine?
    let storage: any NodeStorage

    init(
        status: ReplicaStatus, metadata: ReplicaMetadata, prepared: PreparedEntries,
        engine: Engine?, storage: any NodeStorage
    ) {
        self.status = status
        self.metadata = metadata
        self.prepared = prepared
        self.engine = engine
        self.storage = storage
    }

    public var replicaID: ReplicaID { metadata.replicaID }
    public var lastAppliedLSN: LSN? { engine?.kernel.lastAppliedLSN }

    var validator: PrepareValidator { PrepareValidator(status: status, metadata: metadata) }

    /// The engine of an active replica.
    func requireEngine() throws(ReplicaNodeError) -> Engine {
        guard let engine else { throw .inactive(status) }
        return engine
    }

    func writeMetadata() throws(ReplicaNodeError) {
        do {
            try storage.replaceMetadata(with: MetadataFormatV2.encode(metadata))
        } catch {
            throw .metadataFile(error)
        }
    }

    func writePreparedLog() throws(ReplicaNodeError) {
        do {
            try storage.replacePreparedLog(with: PreparedLogFormatV2.encode(prepared))
        } catch {
            throw .preparedStorage(error)
        }
    }
}

// MARK: - Roles, views and votes (replica.md 7.1 to 7.4)

extension ReplicaNode {
    /// Takes a normal role in a view that is not below the highest known one. Prepared entries
    /// stay as they are.
    public mutating func configureNormalRole(
        view: View, role: ReplicaRole
    ) throws(ReplicaNodeError) {
        try validator.requireActive()
        guard role.isNormal else { throw .unsupportedNormalRole(role) }
        try requireNoRegression(to: view)
        metadata.currentView = view
        metadata.role = role
        metadata.lastNormalView = view
        metadata.durableVote = nil
        try writeMetadata()
    }

    /// Promises to support a candidate. A second vote of one view overwrites the first, and a
    /// vote does not fence the older view (weakness R6).
    public mutating func recordDurableVote(
        view: View, for candidate: ReplicaID
    ) throws(ReplicaNodeError) {
        try validator.requireActive()
        try requireNoRegression(to: view)
        metadata.durableVote = DurableVote(view: view, votedFor: candidate)
        try writeMetadata()
    }

    /// Stops serving and accepting; view and vote stay.
    public mutating func enterViewUncertain() throws(ReplicaNodeError) {
        try validator.requireActive()
        guard metadata.role != .viewUncertain else { return }
        metadata.role = .viewUncertain
        try writeMetadata()
    }

    /// Forgets every prepared entry, in any role.
    public mutating func discardUncommittedSuffix() throws(ReplicaNodeError) {
        try validator.requireActive()
        prepared.removeAll()
        try writePreparedLog()
    }

    private func requireNoRegression(to view: View) throws(ReplicaNodeError) {
        guard view >= metadata.highestKnownView else {
            throw .viewRegression(highestKnown: metadata.highestKnownView, requested: view)
        }
    }
}

// MARK: - Preparing (replica.md 7.5 to 7.7)

extension ReplicaNode {
    /// Gives a client request the next position and makes it durable. The retry table is the
    /// caller's business (replica.md 9).
    public mutating func prepareClientRequest(
        _ payload: [UInt8], at requestSlot: Slot
    ) throws(ReplicaNodeError) -> PreparedEntry {
        try validator.requireActive()
        try validator.requirePrimary()
        let entry = PreparedEntry(
            kind: .client, view: metadata.currentView, lsn: try validator.nextLSN(after: prepared),
            requestSlot: requestSlot, payload: payload)
        try append(entry)
        return entry
    }

    /// Prepares the expiration of what is due, earliest deadline first. When one append fails,
    /// the entries before it stay prepared.
    public mutating func prepareExpirationTick(
        at currentSlot: Slot
    ) throws(ReplicaNodeError) -> [PreparedEntry] {
        let engine = try requireEngine()
        try validator.requirePrimary()
        guard prepared.isEmpty else { throw .pendingPreparedEntries(count: prepared.count) }
        try requireRunning(engine)
        let due = engine.kernel.dueReservations(
            at: currentSlot, limit: engine.configuration.maxExpirationsPerTick)
        let requestSlot = engine.kernel.tickRequestSlot(at: currentSlot)
        var entries: [PreparedEntry] = []
        for reservation in due {
            let entry = PreparedEntry(
                kind: .internal, view: metadata.currentView,
                lsn: try validator.nextLSN(after: prepared), requestSlot: requestSlot,
                payload: CommandCodec.encode(reservation.command))
            try append(entry)
            entries.append(entry)
        }
        return entries
    }

    /// Makes an entry durable, on the primary for itself and on a backup for the primary. The
    /// identical entry again is a success that writes nothing.
    public mutating func append(_ entry: PreparedEntry) throws(ReplicaNodeError) {
        switch try validator.place(entry, among: prepared) {
        case .repeated: return
        case .next: break
        }
        let engine = try requireEngine()
        guard !engine.isHalted else { throw .submission(.engineHalted) }
        if entry.kind == .internal { try requireRunning(engine) }
        let rules = PreparedPayload(
            kernel: engine.kernel.configuration, engine: engine.configuration)
        do {
            try rules.check(entry)
        } catch {
            throw .submission(error)
        }
        prepared.insert(entry)
        try writePreparedLog()
    }

    private func requireRunning(_ engine: Engine) throws(ReplicaNodeError) {
        if engine.isHalted { throw .submission(.engineHalted) }
        if engine.nextLSN == nil {
            throw .submission(.lsnExhausted(lastApplied: LSN(.max)))
        }
    }
}

// MARK: - Committing (replica.md 7.8, 7.9)

extension ReplicaNode {
    /// Applies every entry up to `position`, which all must be prepared; the result of the last
    /// one, or nil when nothing was left to apply.
    public mutating func commitPrepared(
        through position: LSN
    ) throws(ReplicaNodeError) -> AppliedCommand? {
        try validator.requireActive()
        try validator.requireNormalRole()
        return try applyPrepared(through: position)
    }

    /// The same on a replica that is about to lead or follow a new view.
    public mutating func reconstructCommittedPrefix(
        through position: LSN
    ) throws(ReplicaNodeError) -> AppliedCommand? {
        try validator.requireActive()
        switch metadata.role {
        case .backup, .viewUncertain: break
        case .primary, .recovering, .faulted:
            throw .roleSetMismatch(found: metadata.role)
        }
        return try applyPrepared(through: position)
    }

    private mutating func applyPrepared(
        through position: LSN
    ) throws(ReplicaNodeError) -> AppliedCommand? {
        let committed = metadata.commitLSN ?? LSN(0)
        guard position > committed, let first = committed.successor else { return nil }
        var chosen: [PreparedEntry] = []
        var expected = first
        while expected <= position {
            guard let entry = prepared[expected] else { throw .missingPreparedEntry(expected) }
            chosen.append(entry)
            guard let next = expected.successor else { break }
            expected = next
        }
        var last: AppliedCommand?
        for entry in chosen { last = try apply(entry) }
        prepared.removeThrough(position)
        try writePreparedLog()
        try writeMetadata()
        return last
    }

    private mutating func apply(
        _ entry: PreparedEntry
    ) throws(ReplicaNodeError) -> AppliedCommand {
        guard entry.view == metadata.currentView else {
            throw .viewMismatch(expected: metadata.currentView, found: entry.view)
        }
        guard var engine = engine.take() else { throw .inactive(status) }
        defer { self.engine = engine }
        let applied: AppliedCommand
        do {
            switch entry.kind {
            case .client: applied = try engine.submit(entry.payload, at: entry.requestSlot)
            case .internal:
                applied = try engine.applyEncodedInternal(entry.payload, at: entry.requestSlot)
            }
        } catch {
            throw .submission(error)
        }
        guard applied.lsn == entry.lsn else {
            throw .appliedLSNMismatch(expected: entry.lsn, found: applied.lsn)
        }
        metadata.commitLSN = entry.lsn
        metadata.activeSnapshotLSN = engine.activeSnapshotLSN
        return applied
    }
}

// MARK: - Reads and checkpoints (replica.md 7.10, 7.11)

extension ReplicaNode {
    /// Why a read that requires everything up to `required` is refused; nil when it is allowed.
    public func readRefusal(required: LSN) -> ReadRefusal? {
        ReadGate(
            status: status, role: metadata.role,
            engineAcceptsWrites: !(engine?.isHalted ?? true), applied: lastAppliedLSN
        ).refusal(required: required)
    }

    /// Writes the state as a snapshot and shortens the log; in any role.
    public mutating func checkpoint() throws(ReplicaNodeError) -> CheckpointReport {
        guard var engine = engine.take() else { throw .inactive(status) }
        defer { self.engine = engine }
        let report: CheckpointReport
        do {
            report = try engine.checkpoint()
        } catch {
            throw .checkpoint(error)
        }
        metadata.activeSnapshotLSN = report.snapshotLSN
        try writeMetadata()
        return report
    }
}
