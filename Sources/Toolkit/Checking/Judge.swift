public import History

/// Judges a record against the contract of the allocator: every promise of `Promise.all`.
///
/// Stages run from the plainest to the most telling; each finding says which one decided. A
/// stage is not run when an earlier one took the ground from under it, and the judgement then
/// says so instead of listing consequences.
public enum Judge {
    /// Of a record that is not as a recorder wrote it nothing can be said.
    public static func judge(
        _ history: RunRecord, by selection: PromiseSelection = .all
    ) -> Judgement {
        var work = 0
        return judge(history, by: selection, counting: &work)
    }

    /// `work` grows by the LSNs that are replayed and the reads that are placed, as often as each
    /// is.
    static func judge(
        _ history: RunRecord, by selection: PromiseSelection, counting work: inout Int
    ) -> Judgement {
        var statistics = JudgementStatistics()
        statistics.events = history.events.count
        if let obstacle = history.header.origin.obstacle {
            return Judgement(verdict: .unknown(obstacle), findings: [], statistics: statistics)
        }
        let extract = history.header.origin.extract
        let record = RecordIntegrity(history.events, extract: extract)
        statistics.count(record.attempts)
        guard record.findings.isEmpty else {
            return conclude(record.findings, statistics, selection, of: history.header.origin)
        }
        let limits = history.header.limits
        let log = WitnessLog(record.attempts, limits: limits, extract: extract)
        statistics.logicalCommands = log.logicalCommands
        statistics.resolvedAmbiguities = log.resolvedAmbiguities
        statistics.unresolvedAmbiguities = log.untold.count
        statistics.lastLSN = log.lastLSN?.rawValue ?? 0

        let inOrder = log.entries.values.sorted { $0.lsn < $1.lsn }
        var findings = PossibleLSNs.check(log, limits: limits)
        // Arrays as long as the log follow: one that no record can have is not tried.
        if findings.isEmpty {
            findings +=
                log.findings + RealTimeOrder.check(inOrder)
                + TickPromise.check(log, record.attempts, limits: limits)
                + ConflictPromise.check(log, record.attempts)
                + RememberedRetries.check(record.attempts, limits: limits)
            findings += ServingPromise.check(record.attempts)
            // A log whose places are contradictory cannot be replayed.
            if selection.kept(findings).isEmpty {
                findings += LogJudge(log, record.attempts, limits: limits)
                    .judge(&statistics, counting: &work)
            }
        }
        findings += AmbiguityPromise.check(log, isComplete: history.isComplete)
        statistics.sights = Coverage.sights(in: history, record.attempts)
        // An extract that shows its finding owes nothing else.
        if extract == nil || findings.isEmpty {
            findings += Coverage.check(statistics, workload: history.header.workload)
        }
        return conclude(findings, statistics, selection, of: history.header.origin)
    }

    static func conclude(
        _ all: [Finding], _ statistics: JudgementStatistics, _ selection: PromiseSelection,
        of origin: RunHeader.Origin = .recorded
    ) -> Judgement {
        let findings = selection.kept(all)
        let ordered = Finding.Severity.allCases.sorted(by: >).flatMap { severity in
            findings.filter { $0.severity == severity }
        }
        let verdict: Judgement.Verdict =
            switch ordered.first?.severity {
            case .blocks: .blocked
            case .suspicious: .unknown(ordered[0].explanation)
            case .note, nil:
                (origin.shortcoming ?? selection.shortcoming(hidden: all.count - findings.count))
                    .map { .unknown($0) } ?? .passed
            }
        return Judgement(
            verdict: verdict, findings: ordered, statistics: statistics,
            leftOut: selection.leftOut)
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
