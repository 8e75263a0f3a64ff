import ClusterProtocol
import LeaseEngine
import LeaseKernel

// One-shot prepares and commits of the reference's protocol (cluster-runner.md 8). A backup
// honours them; a primary does not (weakness C8).

/// A one-shot message whose answer waits for the journal.
struct WaitingLegacy: Sendable {
    let token: RequestToken
    let lsn: LSN
    let isCommit: Bool
    let view: View
}

extension LiveReplica {
    mutating func takeLegacyPrepare(_ entry: PreparedEntry, _ token: RequestToken) {
        do throws(LegacyRefusal) {
            try requireBackup()
            guard entry.view == metadata.currentView else {
                throw .node(.viewMismatch(expected: metadata.currentView, found: entry.view))
            }
            if let own = log[entry.lsn]?.replicated.entry, entry.lsn > log.commit {
                guard own == entry else { throw .node(.preparedEntryConflict(entry.lsn)) }
            } else {
                guard let next = log.nextPosition else {
                    throw .node(.prepareLSNExhausted(last: log.last))
                }
                guard entry.lsn == next else {
                    throw .node(.prepareOrderMismatch(expected: next, found: entry.lsn))
                }
                try checkPayload(entry)
                takeIn(ReplicatedEntry(entry: entry, generation: .unknown))
            }
            waitingLegacy.append(
                WaitingLegacy(token: token, lsn: entry.lsn, isCommit: false, view: entry.view))
            answerLegacy()
        } catch {
            note(
                "protocol_prepare_rejected role=\(role.word) "
                    + "local_view=\(metadata.currentView) request_view=\(entry.view) "
                    + "request_lsn=\(entry.lsn) error=\(error.text)")
            replyRefusal(token, .protocolError(error: error.text))
        }
    }

    mutating func takeLegacyCommit(_ view: View, _ lsn: LSN, _ token: RequestToken) {
        guard view == metadata.currentView else {
            note(
                "protocol_commit_view_mismatch role=\(role.word) "
                    + "local_view=\(metadata.currentView) commit_view=\(view) commit_lsn=\(lsn)")
            return replyRefusal(
                token, .viewMismatch(expected: metadata.currentView, found: view))
        }
        do throws(LegacyRefusal) {
            try requireBackup()
            guard lsn <= log.last else {
                throw .node(.missingPreparedEntry(LSN(log.last.rawValue + 1)))
            }
            waitingLegacy.append(
                WaitingLegacy(token: token, lsn: lsn, isCommit: true, view: view))
            answerLegacy()
        } catch {
            note(
                "protocol_commit_rejected role=\(role.word) "
                    + "local_view=\(metadata.currentView) commit_lsn=\(lsn) error=\(error.text)")
            replyRefusal(token, .protocolError(error: error.text))
        }
    }

    /// Answers what the journal has meanwhile.
    mutating func answerLegacy() {
        while let first = waitingLegacy.first, first.lsn <= receiver.persisted {
            waitingLegacy.removeFirst()
            let reply: ReplicaReply
            if first.isCommit {
                commit(through: first.lsn)
                guard log.commit >= first.lsn else { return }
                reply = .committed(view: first.view, commitLSN: first.lsn, replica: id)
            } else {
                reply = .prepared(view: first.view, lsn: first.lsn, replica: id)
            }
            effects.append(.reply(first.token, reply.bytes))
        }
    }

    /// Answers those from `lsn` on whose answer will not come.
    mutating func refuseLegacy(_ refusal: LegacyRefusal, from lsn: LSN = LSN(0)) {
        for waiting in waitingLegacy where waiting.lsn >= lsn {
            replyRefusal(waiting.token, .protocolError(error: refusal.text))
        }
        waitingLegacy.removeAll { $0.lsn >= lsn }
    }

    private func requireBackup() throws(LegacyRefusal) {
        if case .faulted = supervisor.state { throw .node(.inactive(replicaStatus)) }
        guard case .backup = supervisor.state else {
            if case .halted = supervisor.state { throw .submission(.engineHalted) }
            throw .node(.roleMismatch(expected: .backup, found: role))
        }
        guard waitingLegacy.count < settings.limits.waitingRequests,
            log.pendingCount < settings.limits.pendingEntries
        else {
            throw .submission(
                .overloaded(
                    queueDepth: UInt32(clamping: log.pendingCount),
                    queueCapacity: UInt32(clamping: settings.limits.pendingEntries)))
        }
    }

    /// What a primary checks before it prepares; a stranger may not have (weakness R1).
    private func checkPayload(_ entry: PreparedEntry) throws(LegacyRefusal) {
        let overflow: SlotOverflow?
        do throws(SubmissionError) {
            switch entry.kind {
            case .client:
                let request = try settings.engine.decodeClient(entry.payload)
                overflow = settings.kernel.slotOverflow(
                    ofClient: request.command, at: entry.requestSlot)
            case .internal:
                let command = try settings.engine.decodeInternal(entry.payload)
                overflow = settings.kernel.slotOverflow(
                    ofInternal: command, at: entry.requestSlot)
            }
        } catch {
            throw .submission(error)
        }
        if let overflow { throw .submission(.slotOverflow(overflow)) }
        if let newest = newestSlot, entry.requestSlot < newest {
            throw .submission(
                .slotOverflow(
                    SlotOverflow(
                        kind: .operationWindow, requestSlot: entry.requestSlot, delta: 0)))
        }
    }

    private mutating func replyRefusal(_ token: RequestToken, _ refusal: ReplicaRefusal) {
        effects.append(.reply(token, refusal.bytes))
    }
}

/// Why a one-shot message is refused, in the reference's words.
enum LegacyRefusal: Error {
    case node(ReplicaNodeError)
    case submission(SubmissionError)

    var text: String {
        switch self {
        case .node(let error): error.debugText
        case .submission(let error): "Submission(\(error.debugText))"
        }
    }
}
