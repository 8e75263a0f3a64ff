import History

/// Promises 12 and 27: the order of the log respects real time. For every pair of commands of which
/// one was answered before the other was sent, the first has the smaller LSN; where one process
/// sent both, it is the order of that process.
///
/// One pass in log order is enough: it is broken exactly if some entry was answered before the
/// latest sending among the entries in front of it.
enum RealTimeOrder {
    static func check(_ entries: [WitnessLog.Entry]) -> [Finding] {
        var latest: WitnessLog.Entry?
        for entry in entries {
            if let before = latest, entry.answeredAt < before.invokedAt {
                return [violation(first: entry, second: before)]
            }
            if entry.invokedAt > (latest?.invokedAt ?? RunInstant(0)) || latest == nil {
                latest = entry
            }
        }
        return []
    }

    /// `first` was over before `second` began, and yet stands behind it.
    private static func violation(
        first: WitnessLog.Entry, second: WitnessLog.Entry
    ) -> Finding {
        Finding(
            first.process == second.process ? .processOrder : .orderViolation, stage: .scan,
            events: first.events + second.events,
            explanation: "Operation \(first.operationID) (\(Words.of(first.operation))) was "
                + "answered at \(Words.time(first.answeredAt)) with LSN \(first.lsn). "
                + "Operation \(second.operationID) (\(Words.of(second.operation))) was sent "
                + "later, at \(Words.time(second.invokedAt)), and got the smaller LSN "
                + "\(second.lsn)."
                + (first.process == second.process ? " Process \(first.process) sent both." : ""))
    }
}
