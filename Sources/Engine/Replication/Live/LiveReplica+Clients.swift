import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls

// Requests of clients (wire-api.md 7.5, 7.6; cluster-runner.md 12 to 14).

extension LiveReplica {
    mutating func take(_ request: ClientRequest, _ token: RequestToken) {
        switch request {
        case .submit(let slot, let payload): submit(token, slot: slot, payload: payload)
        case .getResource, .getLease: read(token, request)
        case .getMetrics(let slot): metrics(token, slot)
        case .tickExpirations(let slot): tick(token, slot)
        }
    }

    // MARK: - Submit

    private mutating func submit(_ token: RequestToken, slot: Slot, payload: [UInt8]) {
        switch supervisor.state {
        case .faulted:
            note("client_submit_rejected status=faulted \(summary)")
            return reply(token, .replicaFaulted)
        case .backup, .changingView, .installing, .uncertain:
            note("client_submit_not_primary \(viewSummary)")
            return reply(token, .notPrimary(role))
        case .halted(let role, _) where role != .primary,
            .stopping(let role) where role != .primary,
            .stopped(let role) where role != .primary:
            note("client_submit_not_primary \(viewSummary)")
            return reply(token, .notPrimary(role))
        case .confirming, .primary, .halted, .stopping, .stopped:
            consider(token, slot: slot, payload: payload, until: now + requestLimit)
        }
    }

    /// Everything after the role is known. Also asked again for requests that had to wait, so
    /// it answers from the retry table first.
    mutating func consider(
        _ token: RequestToken, slot: Slot, payload: [UInt8], until deadline: Instant
    ) {
        guard let applier else { return reply(token, .replicaFaulted) }
        let decoded: Result<ClientCommand, SubmissionError>
        do throws(SubmissionError) {
            decoded = .success(try settings.engine.decodeClient(payload))
        } catch {
            decoded = .failure(error)
        }
        if case .success(let command) = decoded,
            let answer = applier.kernel.answerFromRetryTable(to: command, at: slot)
        {
            return reply(token, .committed(CommittedSubmit(answer)))
        }
        switch supervisor.state {
        case .primary: break
        case .confirming:
            earlySubmits.append(token)
            return park(token, .early(slot: slot, payload: payload), until: deadline)
        case .halted, .stopping, .stopped: return reject(token, .engineHalted)
        case .backup, .changingView, .installing, .uncertain:
            return reply(token, .notPrimary(role))
        case .faulted: return reply(token, .replicaFaulted)
        }
        switch decoded {
        case .failure(let error): reject(token, error)
        case .success(let command):
            admit(token, command, slot: slot, payload: payload, until: deadline)
        }
    }

    /// A new operation at a serving primary.
    private mutating func admit(
        _ token: RequestToken, _ command: ClientCommand, slot: Slot, payload: [UInt8],
        until deadline: Instant
    ) {
        if case .expire = command.command {
            // Internal only: a client has no authority to end somebody's lease.
            return reject(token, .invalidRequest(.invalidCommandTag(6)))
        }
        if let lsn = pendingOperations[command.operationID] {
            return park(
                token, .repeated(lsn, slot: slot, payload: payload), until: deadline)
        }
        if let overflow = settings.kernel.slotOverflow(ofClient: command.command, at: slot) {
            return reject(token, .slotOverflow(overflow))
        }
        if let newest = newestSlot, slot < newest {
            // Applying it would need time to run backwards on every replica.
            return reject(
                token,
                .slotOverflow(SlotOverflow(kind: .operationWindow, requestSlot: slot, delta: 0)))
        }
        if isQuorumLost { return rejectIndefinite(token) }
        let limits = settings.limits
        guard log.pendingCount < limits.pendingEntries,
            log.pendingBytes + payload.count <= limits.pendingBytes,
            requests.count < limits.waitingRequests
        else {
            return reject(
                token,
                .overloaded(
                    queueDepth: UInt32(clamping: log.pendingCount),
                    queueCapacity: UInt32(clamping: limits.pendingEntries)))
        }
        guard let lsn = prepare(.client, slot: slot, payload: payload) else {
            return reply(token, .protocolError(detail: lsnExhausted.debugText))
        }
        pendingOperations[command.operationID] = lsn
        park(token, .write(lsn), until: deadline)
    }

    private var lsnExhausted: ReplicaNodeError { .prepareLSNExhausted(last: log.last) }

    /// Gives an entry the next position; nil when there is none left.
    private mutating func prepare(
        _ kind: PreparedEntry.Kind, slot: Slot, payload: [UInt8]
    ) -> LSN? {
        guard let lsn = log.nextPosition else { return nil }
        let entry = PreparedEntry(
            kind: kind, view: metadata.currentView, lsn: lsn, requestSlot: slot,
            payload: payload)
        takeIn(ReplicatedEntry(entry: entry, generation: generation))
        return lsn
    }

    /// Into memory and into the next journal batch.
    mutating func takeIn(_ replicated: ReplicatedEntry) {
        log.append(replicated, at: now)
        receiver.record(.entry(replicated))
    }

    /// The highest slot that is applied or prepared: nothing new may lie below it.
    var newestSlot: Slot? {
        if log.pendingCount > 0 { return log[log.last]?.replicated.entry.requestSlot }
        return applier?.kernel.lastRequestSlot
    }

    /// The oldest entry that is not committed has waited longer than a client does.
    var isQuorumLost: Bool {
        guard let oldest = log.oldestPending else { return false }
        return now - oldest.arrived >= requestLimit
    }

    // MARK: - Reads and metrics

    private mutating func read(_ token: RequestToken, _ request: ClientRequest) {
        switch supervisor.state {
        case .primary, .confirming: break
        case .faulted, .halted, .stopping, .stopped, .backup, .changingView, .installing,
            .uncertain:
            return answerRead(token, request)
        }
        guard requests.count < settings.limits.waitingRequests else {
            return reply(token, .notPrimary(.viewUncertain))
        }
        park(token, .read(request, round: rounds.join()), until: now + requestLimit)
        waitingReads.append(token)
    }

    /// Answers from the state as it is, if the gate lets it.
    mutating func answerRead(_ token: RequestToken, _ request: ClientRequest) {
        let required: LSN?
        let isResource: Bool
        switch request {
        case .getResource(_, let lsn): (required, isResource) = (lsn, true)
        case .getLease(_, let lsn, _): (required, isResource) = (lsn, false)
        case .submit, .getMetrics, .tickExpirations: return
        }
        if let refusal = readGate.refusal(required: required ?? LSN(0)) {
            lastReadRefusal = Transition(
                to: "refused", cause: refusal.debugText, at: now)
            switch refusal {
            case .replicaCrashed, .fence(.engineHalted):
                return reply(token, isResource ? .resourceEngineHalted : .leaseEngineHalted)
            case .role(let role): return reply(token, .notPrimary(role))
            case .fence(.requiredLSNNotApplied(let required, let applied)):
                let fence = ClusterProtocol.ReadFence(
                    requiredLSN: required, lastAppliedLSN: applied)
                return reply(
                    token,
                    isResource ? .resourceFenceNotApplied(fence) : .leaseFenceNotApplied(fence))
            }
        }
        guard let kernel = applier?.kernel else { return }
        switch request {
        case .getResource(let id, _):
            reply(
                token, kernel.resource(id).map { .resource(ResourceView($0)) } ?? .resourceNotFound)
        case .getLease(let id, _, let slot):
            switch kernel.reservation(id, at: slot) {
            case .found(let reservation): reply(token, .lease(LeaseView(reservation)))
            case .retired: reply(token, .leaseRetired)
            case .notFound: reply(token, .leaseNotFound)
            }
        case .submit, .getMetrics, .tickExpirations: return
        }
    }

    var readGate: ReadGate {
        ReadGate(
            status: replicaStatus, role: role, engineAcceptsWrites: isEngineRunning,
            applied: applier?.kernel.lastAppliedLSN)
    }

    var replicaStatus: ReplicaStatus {
        if case .faulted(let reason) = supervisor.state { .faulted(reason) } else { .active }
    }

    var isEngineRunning: Bool {
        switch supervisor.state {
        case .confirming, .primary, .backup, .changingView, .installing, .uncertain: true
        case .halted, .faulted, .stopping, .stopped: false
        }
    }

    private mutating func metrics(_ token: RequestToken, _ slot: Slot) {
        guard let kernel = applier?.kernel, !supervisor.isFaulted else {
            return reply(token, .replicaFaulted)
        }
        let health = kernel.health(at: slot)
        reply(
            token,
            .metrics(
                MetricsView(
                    queueDepth: 0, queueCapacity: settings.engine.maxSubmissionQueue,
                    acceptingWrites: isEngineRunning, startupKind: startup.kind,
                    loadedSnapshotLSN: startup.loadedSnapshotLSN,
                    replayedWALFrameCount: startup.replayedFrameCount,
                    replayedWALLastLSN: startup.replayedLastLSN,
                    activeSnapshotLSN: metadata.activeSnapshotLSN,
                    lastAppliedLSN: health.lastAppliedLSN,
                    lastRequestSlot: health.lastRequestSlot,
                    logicalSlotLag: health.logicalSlotLag,
                    expirationBacklog: health.expirationBacklog,
                    operationTableUsed: health.operationTableUsed,
                    operationTableCapacity: health.operationTableCapacity,
                    operationTableUtilizationPercent: health.operationTableUtilizationPercent)))
    }

    // MARK: - Ticks

    private mutating func tick(_ token: RequestToken, _ slot: Slot) {
        switch supervisor.state {
        case .faulted:
            note("tick_expirations_rejected status=faulted \(summary)")
            return reply(token, .replicaFaulted)
        case .halted(.primary, _), .stopping(.primary), .stopped(.primary):
            return reply(token, .tickRejected(Rejection(.engineHalted)))
        case .backup, .changingView, .installing, .uncertain, .halted, .stopping, .stopped:
            note("tick_expirations_not_primary \(viewSummary)")
            return reply(token, .notPrimary(role))
        case .confirming, .primary: break
        }
        guard !isQuorumLost, requests.count < settings.limits.waitingRequests else {
            return reply(token, .tickRejected(Rejection(.storageFailure)))
        }
        park(
            token, .tick(slot, round: rounds.join(), after: log.last),
            until: now + requestLimit)
        waitingReads.append(token)
    }

    /// Everything that was prepared when the tick came is applied: writes one expire entry per
    /// due lease (replica.md 7.6).
    mutating func beginTick(_ token: RequestToken, _ slot: Slot) {
        guard let kernel = applier?.kernel else { return }
        let due = kernel.dueReservations(
            at: slot, limit: settings.engine.maxExpirationsPerTick)
        let entrySlot = max(slot, newestSlot ?? slot)
        for reservation in due {
            let overflow = settings.kernel.slotOverflow(
                ofInternal: reservation.command, at: entrySlot)
            if let overflow {
                _ = requests.remove(token)
                return reply(token, .tickRejected(Rejection(.slotOverflow(overflow))))
            }
        }
        guard log.last.rawValue < .max - UInt64(due.count) else {
            _ = requests.remove(token)
            return reply(
                token, .tickRejected(Rejection(.lsnExhausted(lastApplied: log.commit))))
        }
        var last: LSN?
        for reservation in due {
            last = prepare(
                .internal, slot: entrySlot, payload: CommandCodec.encode(reservation.command))
        }
        guard let last else {
            _ = requests.remove(token)
            return reply(token, .tickApplied(processedCount: 0, lastAppliedLSN: nil))
        }
        lastTickEntry = last
        requests.change(token, to: .tickEntries(count: UInt32(due.count), last: last))
    }

    // MARK: - Waiting and answering

    var requestLimit: Duration { settings.times.requestLimit }

    mutating func park(
        _ token: RequestToken, _ reason: RequestBook.Waiting, until deadline: Instant
    ) {
        guard requests.count < settings.limits.waitingRequests else {
            return answerTimeout(token, reason)
        }
        requests.park(token, reason, until: deadline)
    }

    mutating func expireRequests() {
        for (token, reason) in requests.expired(at: now) { answerTimeout(token, reason) }
    }

    /// The time is up. Entries stay: the primary drives them until a majority has them.
    private mutating func answerTimeout(_ token: RequestToken, _ reason: RequestBook.Waiting) {
        switch reason {
        case .write(let lsn):
            let holders = peers.count { $0.match >= lsn } + (receiver.persisted >= lsn ? 1 : 0)
            note(
                "quorum_unavailable lsn=\(lsn) acked_replicas=\(holders) "
                    + "required_quorum=\(settings.quorum)")
            rejectIndefinite(token)
        case .repeated, .early: rejectIndefinite(token)
        case .read: reply(token, .notPrimary(.viewUncertain))
        case .tick, .tickEntries: reply(token, .tickRejected(Rejection(.storageFailure)))
        }
    }

    /// This replica no longer leads: nobody here can say what becomes of pending writes.
    mutating func answerAllAsDeposed() {
        for (token, reason) in requests.takeAll() {
            switch reason {
            case .write, .repeated: rejectIndefinite(token)
            case .early, .read, .tick: reply(token, .notPrimary(role))
            case .tickEntries: reply(token, .tickRejected(Rejection(.storageFailure)))
            }
        }
        waitingReads.removeAll()
        earlySubmits.removeAll()
        pendingOperations.removeAll()
    }

    mutating func answerAllAsHalted() {
        for (token, reason) in requests.takeAll() {
            switch reason {
            case .write, .repeated: rejectIndefinite(token)
            case .early: reject(token, .engineHalted)
            case .read(let request, _): answerRead(token, request)
            case .tick: reply(token, .tickRejected(Rejection(.engineHalted)))
            case .tickEntries: reply(token, .tickRejected(Rejection(.storageFailure)))
            }
        }
        waitingReads.removeAll()
        answerUnfinished(.submission(.engineHalted))
    }

    mutating func rejectIndefinite(_ token: RequestToken) {
        reply(token, .submitRejected(Rejection(.storageFailure)))
    }

    private mutating func reject(_ token: RequestToken, _ error: SubmissionError) {
        lastValidatorRefusal = Transition(to: "refused", cause: error.debugText, at: now)
        reply(token, .submitRejected(Rejection(Rejection.Code(error))))
    }

    mutating func reply(_ token: RequestToken, _ response: ClientResponse) {
        do {
            effects.append(.reply(token, try response.encoded()))
        } catch {
            // Only a list of 2^32 members has no encoding, and no kernel holds one.
            effects.append(
                .reply(token, TextReply.protocolError(detail: "\(error)").bytes))
        }
    }

    mutating func reply(_ token: RequestToken, _ text: TextReply) {
        effects.append(.reply(token, text.bytes))
    }

    mutating func replyText(_ token: RequestToken, _ text: String) {
        effects.append(.reply(token, Array(text.utf8)))
    }

    var summary: String { status.summaryFields }

    var viewSummary: String {
        "role=\(role.word) view=\(metadata.currentView) "
            + "commit_lsn=\(log.commit.rawValue == 0 ? "none" : "\(log.commit)")"
    }
}
