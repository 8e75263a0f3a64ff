public import History

/// Judges a record against the contract of the allocator: every promise of `Promise.all`.
///
/// Stages run from the plainest to the most telling; each finding says which one decided. A
/// stage is not run when an earlier one took the ground from under it, and the judgement then
/// says so instead of listing consequences.
public enum Judge {
    public static func judge(_ history: RunRecord) -> Judgement {
        let record = RecordIntegrity(history.events)
        var statistics = JudgementStatistics()
        statistics.events = history.events.count
        statistics.count(record.attempts)
        guard record.findings.isEmpty else {
            return conclude(record.findings, statistics, coverage: nil)
        }
        let log = WitnessLog(record.attempts)
        statistics.logicalCommands = log.logicalCommands
        statistics.resolvedAmbiguities = log.resolvedAmbiguities
        statistics.unresolvedAmbiguities = log.untold.count
        statistics.lastLSN = log.lastLSN?.rawValue ?? 0

        let inOrder = log.entries.values.sorted { $0.lsn < $1.lsn }
        var findings = log.findings + RealTimeOrder.check(inOrder) + TickPromise.check(log)
        // A log whose places are contradictory cannot be replayed.
        if findings.isEmpty {
            findings += replay(
                log, record.attempts, limits: history.header.limits, statistics: &statistics)
        }
        findings += AmbiguityPromise.check(log, isComplete: history.isComplete)
        return conclude(findings, statistics, coverage: Coverage.shortcoming(of: statistics))
    }

    private static func replay(
        _ log: WitnessLog, _ attempts: [Attempt], limits: ClusterLimits,
        statistics: inout JudgementStatistics
    ) -> [Finding] {
        var replay = WitnessReplay(log, limits: limits, mayHaveExecuted: log.untold)
        switch replay.run() {
        case .undecided(let lsn):
            return [
                Finding(
                    .unexplainedEffect, severity: .undecided, stage: .witness, events: [],
                    explanation: "The search for what stands at the LSNs that no client was told "
                        + "of reached its bound at LSN \(lsn) of \(statistics.lastLSN); the record "
                        + "could not be judged further.")
            ]
        case .impossible(let obstacle):
            return [denial(log, limits: limits) ?? ObstacleWords(log: log).finding(for: obstacle)]
        case .explained(let explained):
            statistics.inferredExpiries = explained.expiries
            statistics.inferredCommands = explained.commands.count
            let placement = ReadPlacement(
                log, timeline: Timeline(explained.changes), limits: limits)
            return placement.check(
                attempts.filter { !$0.invocation.operation.isMutating },
                isOpen: log.untold.count > explained.commands.count)
        }
    }

    /// Promise 15: whether the log makes sense once commands that were answered as certainly
    /// not executed are allowed to have been.
    private static func denial(_ log: WitnessLog, limits: ClusterLimits) -> Finding? {
        guard !log.denied.isEmpty else { return nil }
        var replay = WitnessReplay(
            log, limits: limits, mayHaveExecuted: log.untold + log.denied, extraSteps: 20_000)
        guard case .explained(let explained) = replay.run() else { return nil }
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

    private static func conclude(
        _ findings: [Finding], _ statistics: JudgementStatistics, coverage: String?
    ) -> Judgement {
        let ordered =
            findings.filter { $0.severity == .blocks }
            + findings.filter { $0.severity == .undecided }
            + findings.filter { $0.severity == .note }
        let verdict: Judgement.Verdict =
            switch ordered.first?.severity {
            case .blocks: .blocked
            case .undecided: .unknown(ordered[0].explanation)
            case .note, nil: coverage.map { .unknown($0) } ?? .passed
            }
        return Judgement(verdict: verdict, findings: ordered, statistics: statistics)
    }
}

/// A record that shows nothing proves nothing.
enum Coverage {
    /// Why the record is too thin to pass, or nil when it is not.
    static func shortcoming(of statistics: JudgementStatistics) -> String? {
        if statistics.attempts == 0 { return "the record holds no operation" }
        if statistics.committed == 0 { return "no write was committed" }
        if statistics.reads == 0 { return "no read was answered" }
        return nil
    }
}

extension JudgementStatistics {
    mutating func count(_ attempts: [Attempt]) {
        self.attempts = attempts.count
        for attempt in attempts {
            switch attempt.outcome {
            case .committed, .ticked: committed += 1
            case .refused: refused += 1
            case .read: reads += 1
            case .failed: definiteFailures += 1
            case .ambiguous: ambiguousAttempts += 1
            }
        }
    }
}
