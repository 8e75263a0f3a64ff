import History

/// Promises 18 and 38: a tick reports the expiries it made, at LSNs of their own. Its last LSN is taken
/// by no client's command, and below it there are as many free LSNs as it reports expiries.
/// And it leaves nothing that was due all the time.
enum TickPromise {
    static func check(
        _ log: WitnessLog, _ attempts: [Attempt], limits: ClusterLimits
    ) -> [Finding] {
        reports(log, limits) + MissedExpiry(log).check(log, attempts)
    }

    private static func reports(_ log: WitnessLog, _ limits: ClusterLimits) -> [Finding] {
        let bounds = RealTimeBounds(log, last: log.lastLSN ?? LSN(0))
        return log.ticks.compactMap { tick in
            if tick.applied > limits.maxExpirationsPerTick
                || (tick.applied == 0) != (tick.lastLSN == nil)
            {
                let place = tick.lastLSN.map { "up to LSN \($0)" } ?? "at no LSN"
                return Finding(
                    .tickResult, stage: .scan, events: tick.events,
                    explanation: "A tick reports \(tick.applied) expiries \(place); one tick makes "
                        + "at most \(limits.maxExpirationsPerTick), and names the last if there "
                        + "is one.")
            }
            guard let last = tick.lastLSN else { return nil }
            if let entry = log.entries[last] {
                return Finding(
                    .tickResult, stage: .scan, events: tick.events + entry.events,
                    explanation: "A tick reports LSN \(last) for its last expiry, and that LSN "
                        + "was acknowledged for operation \(entry.operationID) "
                        + "(\(Words.of(entry.operation))).")
            }
            return disorder(tick, last: last, bounds) ?? shortage(tick, last: last, log)
        }
    }

    /// Promise 12 for the last expiry of a tick.
    private static func disorder(
        _ tick: WitnessLog.Tick, last: LSN, _ bounds: RealTimeBounds
    ) -> Finding? {
        let before = bounds.largestLSN(answeredBefore: tick.invokedAt)
        let through = bounds.largestLSN(possibleAt: tick.completedAt ?? RunInstant(.max))
        let reason: String
        if last < before {
            reason = "LSN \(before) had been acknowledged before the tick was sent."
        } else if last > through {
            reason =
                "the command at LSN \(through.rawValue + 1) was sent only after the tick's answer."
        } else {
            return nil
        }
        return Finding(
            .orderViolation, stage: .scan, events: tick.events,
            explanation: "A tick sent at \(Words.time(tick.invokedAt)) reports LSN \(last) for its "
                + "last expiry, but " + reason)
    }

    private static func shortage(
        _ tick: WitnessLog.Tick, last: LSN, _ log: WitnessLog
    ) -> Finding? {
        var free: UInt32 = 0
        var lsn = last.rawValue
        while lsn > 0, free < tick.applied {
            if let entry = log.entries[LSN(lsn)] {
                // What was answered before the tick was sent lies before its expiries.
                if entry.answeredAt < tick.invokedAt { break }
            } else {
                free += 1
            }
            lsn -= 1
        }
        guard free < tick.applied else { return nil }
        return Finding(
            .tickResult, stage: .scan, events: tick.events,
            explanation: "A tick sent at \(Words.time(tick.invokedAt)) reports \(tick.applied) "
                + "expiries up to LSN \(last), but only \(free) LSNs between the commands "
                + "answered before it and that LSN are free.")
    }
}
