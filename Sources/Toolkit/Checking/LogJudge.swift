import History

/// The replay of the log and the reads that have to fit it: the promises about answers, leases and
/// reads. Where reads do not fit one explanation of the log, the others are tried.
struct LogJudge {
    private let log: WitnessLog
    private let reads: [Attempt]
    private let limits: ClusterLimits

    init(_ log: WitnessLog, _ attempts: [Attempt], limits: ClusterLimits) {
        self.log = log
        self.limits = limits
        reads = attempts.filter { !$0.invocation.operation.isMutating }
    }

    /// Behind the last LSN that anybody was told of there may be effects that nobody was told
    /// of: where reads do not fit, the log is tried with up to this many more places.
    private static let longestTail = 8

    /// Where an extract hides effects, more explanations fit than are worth comparing.
    private var isHurried: Bool { log.extract?.mayHideEffects ?? false }

    /// Bound on comparing explanations with the reads, in LSNs replayed.
    private var explanationWork: Int { isHurried ? 20_000 : 400_000 }

    /// Explanations that are compared in any case.
    private var fewestExplanations: Int { isHurried ? 10 : 50 }

    /// Bound on the search for one explanation, in LSNs beyond those of the log.
    private var extraSteps: Int { isHurried ? 2000 : 200_000 }

    func judge(
        _ statistics: inout JudgementStatistics, counting work: inout Int
    ) -> [Finding] {
        var findings: [Finding] = []
        var openEffects = 0
        var ranOut = false
        for tail in 0...Self.longestTail {
            let last = LSN((log.lastLSN?.rawValue ?? 0) + UInt64(tail))
            let attempt = explain(through: last, counting: &work)
            if tail == 0 {
                findings = attempt.findings()
                openEffects = attempt.openEffects
            }
            if attempt.fits || tail == 0 {
                statistics.inferredExpiries = attempt.expiries
                statistics.inferredCommands = attempt.commands
            }
            if attempt.fits { return [] }
            ranOut = ranOut || attempt.ranOut
            guard attempt.onlyReadsFail, tail < openEffects else { break }
        }
        let isUndecided = ranOut || findings.contains { $0.severity == .suspicious }
        guard isUndecided || openEffects > Self.longestTail else { return findings }
        let certain = CertainlyStaleReads(log).findings(reads)
        return certain.isEmpty ? findings.map(\.unsure) : certain
    }

    private struct Explanation {
        /// Why the commands do not make sense.
        var obstacle: Finding?
        /// Reads that do not fit them.
        var misplaced: [MisplacedRead] = []
        /// Whether there were several ways to explain the log.
        var isSearched = false
        var expiries = 0
        var commands = 0
        /// Effects that may stand behind the last LSN.
        var openEffects = 0
        /// Perhaps another explanation fits the reads; there were too many to try all.
        var ranOut = false

        /// The same, where there may be a better one.
        var givenUp: Explanation {
            var copy = self
            copy.ranOut = true
            return copy
        }

        var fits: Bool { obstacle == nil && misplaced.isEmpty }
        /// Whether the commands alone make sense.
        var onlyReadsFail: Bool { obstacle == nil && !misplaced.isEmpty }

        /// Put into words only once it is clear that they are wanted: it takes time.
        func findings() -> [Finding] {
            let all = (obstacle.map { [$0] } ?? []) + misplaced.map(\.finding)
            return isSearched ? all.map(\.bySearch) : all
        }
    }

    /// The best explanation of the log up to `last`: the one that fits the most reads.
    private func explain(through last: LSN, counting work: inout Int) -> Explanation {
        var replay = WitnessReplay(
            log, through: last, limits: limits, mayHaveExecuted: log.untold,
            hints: ReadHints(reads), extraSteps: extraSteps)
        var best: Explanation?
        var shortage: Finding?
        var result: WitnessReplay.Result? = replay.run()
        var tried = 0
        defer { work += replay.steps + tried * reads.count }
        var mostOpen = 0
        while let current = result {
            tried += 1
            switch current {
            case .undecided(let lsn):
                return Explanation(obstacle: Self.undecided(at: lsn, of: last))
            case .impossible(let obstacle):
                // After explanations that only the reads contradict: there is no other one.
                return best
                    ?? Explanation(
                        obstacle: shortage ?? finding(for: obstacle),
                        isSearched: replay.hasChosen)
            case .explained(let explained):
                if let found = TickQuotas(replay.gaps, limits).shortage(explained.expiries) {
                    shortage = shortage ?? found.finding
                    break
                }
                let placement = ReadPlacement(
                    log, timeline: Timeline(explained.changes), last: last, limits: limits)
                let misplaced = placement.check(reads)
                // What one explanation uses up inside the log, another leaves for its end.
                mostOpen = max(mostOpen, openEffects(after: explained))
                if misplaced.count < best?.misplaced.count ?? .max {
                    best = Explanation(
                        misplaced: misplaced, expiries: explained.expiries.count,
                        commands: explained.commands.count)
                }
                best?.openEffects = mostOpen
                best?.isSearched = replay.hasChosen
                if misplaced.isEmpty { return best ?? Explanation() }
            }
            let bound = max(fewestExplanations, explanationWork / max(1, Int(last.rawValue)))
            if tried >= bound {
                if let best { return best.givenUp }
                if let shortage { return Explanation(obstacle: shortage).givenUp }
            }
            result = replay.runAgain()
        }
        return best
            ?? shortage.map { Explanation(obstacle: $0, isSearched: replay.hasChosen) }
            ?? Explanation()
    }

    private func finding(for obstacle: WitnessReplay.Obstacle) -> Finding {
        Diagnosis(log, hints: ReadHints(reads), limits: limits).finding
            ?? ObstacleWords(log: log).finding(for: obstacle)
    }

    private func openEffects(after explained: WitnessReplay.Explained) -> Int {
        let openTick = log.ticks.filter { $0.completedAt == nil }.map(\.slot).max()
        let due = openTick.map { explained.model.dueLeases(at: $0).count } ?? 0
        let again =
            log.executedAgain.count
            + (explained.model.mayRefuseUnremembered ? log.settled.count : 0)
        return log.untold.count + again - explained.commands.count + due
    }

    private static func undecided(at lsn: LSN, of last: LSN) -> Finding {
        Finding(
            .unexplainedEffect, severity: .suspicious, stage: .search, events: [],
            explanation: "The search for what stands at the LSNs that no client was told of "
                + "reached its bound at LSN \(lsn) of \(last); the record could "
                + "not be judged further.")
    }
}
