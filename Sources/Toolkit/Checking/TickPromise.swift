import History

/// Promises 18 and 38: a tick reports the expiries it made, at LSNs of their own. Its last LSN is taken
/// by no client's command, and below it there are as many free LSNs as it reports expiries.
/// And it leaves nothing that was due all the time.
enum TickPromise {
    static func check(
        _ log: WitnessLog, _ attempts: [Attempt]
    ) -> [Finding] {
        reports(log) + MissedExpiry(log).check(log, attempts)
    }

    private static func reports(_ log: WitnessLog) -> [Finding] {
        log.ticks.compactMap { tick in
            guard let last = tick.lastLSN else {
                guard tick.applied > 0 else { return nil }
                return Finding(
                    .tickResult, stage: .scan, events: tick.events,
                    explanation: "A tick reports \(tick.applied) expiries and no LSN.")
            }
            if let entry = log.entries[last] {
                return Finding(
                    .tickResult, stage: .scan, events: tick.events + entry.events,
                    explanation: "A tick reports LSN \(last) for its last expiry, and that LSN "
                        + "was acknowledged for operation \(entry.operationID) "
                        + "(\(Words.of(entry.operation))).")
            }
            return shortage(tick, last: last, log)
        }
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
