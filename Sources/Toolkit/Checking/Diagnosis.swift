import History

/// What went wrong in a log that has no explanation: the promises that must have been broken for
/// it to make sense. Each is allowed in turn, and if the acknowledged commands then make sense,
/// that is the finding.
struct Diagnosis {
    private let log: WitnessLog
    private let hints: ReadHints
    private let limits: ClusterLimits

    /// Bound on each trial, in LSNs beyond those of the log.
    private var extraSteps: Int { log.extract?.mayHideEffects ?? false ? 2000 : 20_000 }

    init(_ log: WitnessLog, hints: ReadHints, limits: ClusterLimits) {
        self.log = log
        self.hints = hints
        self.limits = limits
    }

    /// Nil when none of them explains the log.
    var finding: Finding? { deniedCommand ?? endedLease }

    private func explanation(
        with commands: [WitnessLog.Untold], forcedExpiries: Bool
    ) -> WitnessReplay.Explained? {
        var replay = WitnessReplay(
            log, through: log.lastLSN ?? LSN(0), limits: limits,
            mayHaveExecuted: log.untold + commands, hints: hints,
            allowingForcedExpiries: forcedExpiries,
            extraSteps: extraSteps)
        guard case .explained(let explained) = replay.run() else { return nil }
        return explained
    }

    /// Promise 15: commands that were answered as certainly not executed.
    private var deniedCommand: Finding? {
        guard !log.denied.isEmpty,
            let explained = explanation(with: log.denied, forcedExpiries: false)
        else { return nil }
        let denied = Set(log.denied.map(\.operationID))
        let executed = explained.commands.filter { denied.contains($0.operationID) }
        guard let first = executed.first else { return nil }
        return Finding(
            .failureApplied, stage: .witness, events: executed.flatMap(\.events),
            explanation: "Operation \(first.operationID) (\(Words.of(first.operation))) was "
                + "answered as certainly not executed, but the acknowledged commands make sense "
                + "only if it was\(executed.count > 1 ? ", with \(executed.count - 1) others" : "")."
        )
    }

    /// Promises 36 and 37: leases that were ended although they were not due, or no longer
    /// reserved.
    private var endedLease: Finding? {
        guard let explained = explanation(with: [], forcedExpiries: true),
            let ended = explained.forced.first
        else { return nil }
        let lease = ended.lease
        let isActive = lease.state != .reserved
        let grant = log.entries[lease.createdLSN]?.events ?? []
        let after = log.entries.keys.filter { $0 > ended.lsn }.min()
        return Finding(
            isActive ? .activeLeaseExpired : .earlyExpiry, stage: .witness,
            events: grant + (after.flatMap { log.entries[$0]?.events } ?? []),
            explanation: "Nobody was told of LSN \(ended.lsn), and nothing that was asked can "
                + "stand there. The acknowledged commands make sense only if reservation "
                + "\(lease.id) was ended there: \(Words.of(lease.view)). "
                + (isActive
                    ? "It had been confirmed, and confirmed leases do not expire."
                    : "No tick that reached its deadline was under way."))
    }
}
