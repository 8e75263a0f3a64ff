import History

/// Promise 22: LSNs begin at 1, and no answer names one that so few commands cannot have reached.
///
/// Every LSN is taken by a command or by an expiry. A log that leaves a few of them unexplained is
/// for the replay to judge; one that leaves millions is no log.
enum PossibleLSNs {
    /// LSNs without an explanation from which on the answer is impossible rather than the log
    /// unexplained.
    static let mostUnexplained: UInt64 = 1_000_000

    static func check(_ log: WitnessLog, limits: ClusterLimits) -> [Finding] {
        var findings: [Finding] = []
        if let entry = log.entries[LSN(0)] {
            findings.append(
                impossible(
                    entry.events, LSN(0), "was acknowledged for \(Words.of(entry.operation))",
                    "LSNs begin at 1."))
        }
        for tick in log.ticks where tick.lastLSN == LSN(0) {
            findings.append(
                impossible(tick.events, LSN(0), "is reported by a tick", "LSNs begin at 1."))
        }
        guard let last = log.lastLSN, last.rawValue > reach(of: log, limits) else {
            return findings
        }
        let events =
            log.entries[last]?.events ?? log.ticks.first { $0.lastLSN == last }?.events ?? []
        findings.append(
            impossible(
                events, last, "was answered",
                "The record holds only \(log.entries.count + log.untold.count) commands that can "
                    + "have been executed, and \(log.ticks.count) ticks."))
        return findings
    }

    /// The largest LSN that can be reached, generously.
    private static func reach(of log: WitnessLog, _ limits: ClusterLimits) -> UInt64 {
        let commands = UInt64(log.entries.count + log.untold.count + log.denied.count)
        let expiries = log.ticks.reduce(UInt64(0)) { sum, tick in
            sum + UInt64(tick.completedAt == nil ? limits.maxExpirationsPerTick : tick.applied)
        }
        return commands + expiries + leftOut(of: log) + mostUnexplained
    }

    /// Most LSNs that an extract may claim to leave out: more are no record that fits memory.
    private static let mostLeftOut: UInt64 = 20_000_000

    private static func leftOut(of log: WitnessLog) -> UInt64 {
        (log.extract?.leftOut ?? []).reduce(0) { sum, stretch in
            guard stretch.first <= stretch.last else { return sum }
            let count = stretch.last.rawValue - stretch.first.rawValue
            return min(mostLeftOut, sum + min(mostLeftOut, count))
        }
    }

    private static func impossible(
        _ events: [Sequence], _ lsn: LSN, _ what: String, _ why: String
    ) -> Finding {
        Finding(
            .impossibleLSN, stage: .scan, events: events, explanation: "LSN \(lsn) \(what). \(why)")
    }
}
