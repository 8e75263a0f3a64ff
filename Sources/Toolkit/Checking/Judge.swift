public import History

/// Judges a record against the contract of the allocator: every promise of `Promise.all`.
///
/// Stages run from the plainest to the most telling; each finding says which one decided. A
/// stage is not run when an earlier one took the ground from under it, and the judgement then
/// says so instead of listing consequences.
public enum Judge {
    ///
    /// Of a record that is not as a recorder wrote it nothing can be said.
    public static func judge(_ history: RunRecord) -> Judgement {
        if let obstacle = history.header.origin.obstacle {
            var statistics = JudgementStatistics()
            statistics.events = history.events.count
            return Judgement(verdict: .unknown(obstacle), findings: [], statistics: statistics)
        }
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
        statistics.sights = Coverage.sights(in: history, record.attempts)
        return conclude(
            findings, statistics,
            coverage: Coverage.shortcoming(of: statistics, workload: history.header.workload))
    }

    /// Behind the last LSN that anybody was told of there may be effects that nobody was told
    /// of: where reads do not fit, the log is tried with up to this many more places.
    private static let longestTail = 8

    /// Bound on comparing explanations with the reads, in LSNs replayed.
    private static let explanationWork = 400_000

    private static func replay(
        _ log: WitnessLog, _ attempts: [Attempt], limits: ClusterLimits,
        statistics: inout JudgementStatistics
    ) -> [Finding] {
        let reads = attempts.filter { !$0.invocation.operation.isMutating }
        var findings: [Finding] = []
        var openEffects = 0
        var ranOut = false
        for tail in 0...longestTail {
            let last = LSN((log.lastLSN?.rawValue ?? 0) + UInt64(tail))
            let attempt = explain(log, through: last, reads, limits: limits)
            if tail == 0 {
                findings = attempt.findings
                openEffects = attempt.openEffects
            }
            if attempt.findings.isEmpty || tail == 0 {
                statistics.inferredExpiries = attempt.expiries
                statistics.inferredCommands = attempt.commands
            }
            if attempt.findings.isEmpty { return [] }
            ranOut = ranOut || attempt.ranOut
            guard attempt.onlyReadsFail, tail < openEffects else { break }
        }
        let isUndecided = ranOut || findings.contains { $0.severity == .undecided }
        guard isUndecided || openEffects > longestTail else { return findings }
        let certain = CertainlyStaleReads(log).findings(reads)
        return certain.isEmpty ? findings.map(\.undecided) : certain
    }

    private struct Explanation {
        var findings: [Finding]
        /// Whether the commands alone make sense.
        var onlyReadsFail = false
        var expiries = 0
        var commands = 0
        /// Effects that may stand behind the last LSN.
        var openEffects = 0
        /// Perhaps another explanation fits the reads; there were too many to try all.
        var ranOut = false
    }

    /// The best explanation of the log up to `last`: the one that fits the most reads.
    private static func explain(
        _ log: WitnessLog, through last: LSN, _ reads: [Attempt], limits: ClusterLimits
    ) -> Explanation {
        var replay = WitnessReplay(
            log, through: last, limits: limits, mayHaveExecuted: log.untold,
            hints: ReadHints(reads))
        var best: Explanation?
        var result: WitnessReplay.Result? = replay.run()
        var tried = 0
        var mostOpen = 0
        while let current = result {
            tried += 1
            switch current {
            case .undecided(let lsn):
                return Explanation(findings: [undecided(at: lsn, of: last)])
            case .impossible(let obstacle):
                // After explanations that only the reads contradict: there is no other one.
                return best
                    ?? Explanation(findings: [
                        denial(log, reads, limits: limits)
                            ?? ObstacleWords(log: log).finding(for: obstacle)
                    ])
            case .explained(let explained):
                let placement = ReadPlacement(
                    log, timeline: Timeline(explained.changes), last: last, limits: limits)
                let findings = placement.check(reads)
                // What one explanation uses up inside the log, another leaves for its end.
                mostOpen = max(mostOpen, openEffects(after: explained, log))
                if findings.count < best?.findings.count ?? .max {
                    best = Explanation(
                        findings: findings, onlyReadsFail: true, expiries: explained.expiries,
                        commands: explained.commands.count)
                }
                best?.openEffects = mostOpen
                if findings.isEmpty { return best ?? Explanation(findings: []) }
            }
            if tried >= max(50, explanationWork / max(1, Int(last.rawValue))), var best {
                best.ranOut = true
                return best
            }
            result = replay.runAgain()
        }
        return best ?? Explanation(findings: [])
    }

    private static func openEffects(
        after explained: WitnessReplay.Explained, _ log: WitnessLog
    ) -> Int {
        let openTick = log.ticks.filter { $0.completedAt == nil }.map(\.slot).max()
        let due = openTick.map { explained.model.dueLeases(at: $0).count } ?? 0
        return log.untold.count - explained.commands.count + due
    }

    private static func undecided(at lsn: LSN, of last: LSN) -> Finding {
        Finding(
            .unexplainedEffect, severity: .undecided, stage: .witness, events: [],
            explanation: "The search for what stands at the LSNs that no client was told of "
                + "reached its bound at LSN \(lsn) of \(last); the record could "
                + "not be judged further.")
    }

    /// Promise 15: whether the log makes sense once commands that were answered as certainly
    /// not executed are allowed to have been.
    private static func denial(
        _ log: WitnessLog, _ reads: [Attempt], limits: ClusterLimits
    ) -> Finding? {
        guard !log.denied.isEmpty else { return nil }
        var replay = WitnessReplay(
            log, through: log.lastLSN ?? LSN(0), limits: limits,
            mayHaveExecuted: log.untold + log.denied, hints: ReadHints(reads),
            extraSteps: 20_000)
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
