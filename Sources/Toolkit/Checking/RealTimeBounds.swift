import History

/// What real time says about the log: which LSN it had certainly reached when something was
/// sent, and which it had certainly not reached when something was answered.
struct RealTimeBounds {
    private let last: LSN
    /// Answers in order of time, each with the largest LSN answered up to there.
    private var answered: [(at: RunInstant, lsn: LSN)] = []
    /// Sendings in order of time, each with the smallest LSN sent from there on.
    private var sent: [(at: RunInstant, lsn: LSN)] = []

    init(_ log: WitnessLog, last: LSN) {
        self.last = last
        let entries = log.entries.values
        answered = entries.map { ($0.answeredAt, $0.lsn) }
        for tick in log.ticks {
            if let lsn = tick.lastLSN, let end = tick.completedAt { answered.append((end, lsn)) }
        }
        answered.sort { $0.at < $1.at }
        for index in answered.indices.dropFirst() {
            answered[index].lsn = max(answered[index].lsn, answered[index - 1].lsn)
        }
        sent = entries.map { ($0.invokedAt, $0.lsn) }.sorted { $0.0 < $1.0 }
        for index in sent.indices.dropLast().reversed() {
            sent[index].lsn = min(sent[index].lsn, sent[index + 1].lsn)
        }
    }

    /// The largest LSN that was acknowledged before that moment; 0 when none was.
    func largestLSN(answeredBefore instant: RunInstant) -> LSN {
        let count = answered.partitionIndex { $0.at < instant }
        return count == 0 ? LSN(0) : answered[count - 1].lsn
    }

    /// The largest LSN below everything that was sent only after that moment.
    func largestLSN(possibleAt instant: RunInstant) -> LSN {
        let index = sent.partitionIndex { $0.at <= instant }
        guard index < sent.count, sent[index].lsn.rawValue > 0 else { return last }
        return min(last, LSN(sent[index].lsn.rawValue - 1))
    }
}

extension Array {
    /// The number of elements at the front that satisfy the predicate; those that do must stand
    /// in front of those that do not.
    func partitionIndex(where isInFront: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isInFront(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
