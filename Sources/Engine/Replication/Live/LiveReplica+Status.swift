import ClusterProtocol
import LeaseEngine
import LeaseKernel
public import SystemCalls

// What operators see.

extension LiveReplica {
    public var status: LiveStatus {
        let engine = applier.map { _ in
            LiveStatus.Engine(
                acceptingWrites: isEngineRunning, startupKind: startup.kind,
                loadedSnapshotLSN: startup.loadedSnapshotLSN,
                replayedWALFrameCount: startup.replayedFrameCount,
                replayedWALLastLSN: startup.replayedLastLSN)
        }
        var reason: String?
        if case .faulted(let fault) = supervisor.state { reason = fault.debugText }
        return LiveStatus(
            role: role, currentView: metadata.currentView, commitLSN: metadata.commitLSN,
            activeSnapshotLSN: metadata.activeSnapshotLSN,
            lastNormalView: metadata.lastNormalView, durableVote: metadata.durableVote,
            highestPreparedLSN: log.pendingCount > 0 ? log.last : nil,
            engine: supervisor.isFaulted ? nil : engine, faultReason: reason)
    }

    public func explain(at instant: Instant) -> [ExplainLine] {
        var lines: [ExplainLine] = []
        func component(
            _ name: String, _ state: String, blocked: String?, _ transition: Transition?
        ) {
            lines.append(ExplainLine("\(name).state", state))
            lines.append(ExplainLine("\(name).blocked", blocked ?? "no"))
            let last =
                transition.map {
                    "to \($0.to) because \($0.cause), \(milliseconds(from: $0.at, to: instant)) ms ago"
                } ?? "none"
            lines.append(ExplainLine("\(name).last_transition", last))
        }
        component(
            "supervisor", Supervisor.text(supervisor.state),
            blocked: isIsolated ? "isolated by the local harness" : supervisor.blockingReason,
            supervisor.last)
        component(
            "receiver", receiverText, blocked: receiverBlocked, receiver.lastTransition)
        component(
            "validator",
            "view \(metadata.currentView), next position \(log.last.rawValue &+ 1), slots from "
                + "\(newestSlot.map { "\($0)" } ?? "any")",
            blocked: validatorBlocked, lastValidatorRefusal)
        component(
            "applier", applierText,
            blocked: log.pendingCount > 0 ? "\(log.pendingCount) entries wait for a majority" : nil,
            log.commit.rawValue == 0
                ? nil : Transition(to: "applied \(log.commit)", cause: "commit", at: now))
        component(
            "state_store",
            "view \(metadata.currentView), role \(metadata.role.word), snapshot "
                + "\(metadata.activeSnapshotLSN.map { "\($0)" } ?? "none")",
            blocked: nil, stateStoreTransition)
        component("read_gate", readText, blocked: readBlocked, lastReadRefusal)
        for peer in peers { lines.append(contentsOf: explain(peer, at: instant)) }
        lines.append(ExplainLine("journal_syncs", "\(receiver.journalSyncs)"))
        lines.append(
            ExplainLine("read_now", readBlocked.map { "refused because \($0)" } ?? "allowed"))
        lines.append(
            ExplainLine("write_now", writeBlocked.map { "refused because \($0)" } ?? "allowed"))
        return lines
    }

    private func explain(_ peer: PeerProgress, at instant: Instant) -> [ExplainLine] {
        let name = "peer.\(peer.replica)"
        var lines = [
            ExplainLine("\(name).state", peer.modeText),
            ExplainLine("\(name).match_lsn", "\(peer.match)"),
            ExplainLine(
                "\(name).last_heard", "\(milliseconds(from: peer.lastHeard, to: instant)) ms ago"),
        ]
        if let reported = peer.reported {
            lines.append(
                ExplainLine(
                    "\(name).reported",
                    "view \(reported.view), role \(reported.role.word), commit "
                        + "\(reported.commit), prepared \(reported.highestPrepared)"))
        }
        return lines
    }

    private func milliseconds(from start: Instant, to end: Instant) -> UInt64 {
        end > start ? (end.nanoseconds - start.nanoseconds) / 1_000_000 : 0
    }

    private var receiverText: String {
        let state: String =
            switch receiver.state {
            case .idle: "idle"
            case .writing(_, let through): "writing through \(through)"
            }
        guard let source = receiver.source else { return "\(state), on disk \(receiver.persisted)" }
        return "\(state), on disk \(receiver.persisted), follows replica \(source.primary) "
            + "generation \(source.term.generation), compared through \(source.verified)"
    }

    private var receiverBlocked: String? {
        switch supervisor.state {
        case .backup:
            receiver.source == nil ? "no primary has called since the start" : nil
        case .confirming, .primary, .changingView, .installing, .uncertain, .halted, .faulted,
            .stopping, .stopped:
            supervisor.blockingReason
        }
    }

    private var validatorBlocked: String? {
        if log.pendingCount >= settings.limits.pendingEntries {
            return "\(log.pendingCount) entries are pending"
        }
        return supervisor.blockingReason
    }

    private var applierText: String {
        guard let applier else { return "absent" }
        switch applier.state {
        case .applying: return "applied \(log.commit), prepared through \(log.last)"
        case .failed(let lsn, let failure): return "failed at \(lsn): \(failure)"
        }
    }

    private var readText: String {
        switch rounds.state {
        case .idle: "round \(rounds.completed) complete"
        case .asking(let round, _): "round \(round) waits for a majority"
        }
    }

    /// Why a read that arrived now would not be answered.
    private var readBlocked: String? {
        if isIsolated { return "the replica is isolated by the local harness" }
        if let refusal = readGate.refusal(required: LSN(0)) {
            return supervisor.blockingReason.map { "\(refusal.debugText): \($0)" }
                ?? "\(refusal.debugText): only the primary serves"
        }
        if case .confirming = supervisor.state { return supervisor.blockingReason }
        if log.commit < startBarrier {
            return "entries through \(startBarrier) from before the start are not committed yet"
        }
        if peers.count(where: \.isConnected) + 1 < settings.quorum {
            return "no majority is connected to confirm it"
        }
        return nil
    }

    private var writeBlocked: String? {
        if isIsolated { return "the replica is isolated by the local harness" }
        guard case .primary = supervisor.state else {
            return supervisor.blockingReason ?? "only the primary serves; role is \(role.word)"
        }
        if isQuorumLost, let oldest = log.oldestPending {
            return "quorum lost: entry \(oldest.lsn) has waited longer than "
                + "\(settings.times.requestLimit) for a majority"
        }
        if log.pendingCount >= settings.limits.pendingEntries { return "overloaded" }
        if peers.count(where: \.isConnected) + 1 < settings.quorum {
            return "no majority is connected to take it"
        }
        return nil
    }
}

extension LiveStatus {
    /// The summary of cluster-runner.md 15.
    var summaryFields: String {
        let vote = durableVote.map { "view\($0.view)->replica\($0.votedFor)" } ?? "none"
        return "role=\(role.word) current_view=\(currentView) "
            + "commit_lsn=\(commitLSN.map { "\($0)" } ?? "none") "
            + "snapshot_lsn=\(activeSnapshotLSN.map { "\($0)" } ?? "none") "
            + "last_normal_view=\(lastNormalView.map { "\($0)" } ?? "none") "
            + "durable_vote=\(vote) "
            + "highest_prepared_lsn=\(highestPreparedLSN.map { "\($0)" } ?? "none")"
    }
}
