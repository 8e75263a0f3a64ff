import History

/// Promises 16 and 17: every read can be placed at one LSN such that it shows the state there,
/// real time is respected, and no read goes back behind an earlier one.
///
/// Reads are placed in the order in which they were sent, each as early as it can be: every
/// constraint between reads is a lower bound, so the earliest place is never worse for others.
struct ReadPlacement {
    private let timeline: Timeline
    private let limits: ClusterLimits
    private let last: LSN
    /// Answered commands in order of their answers, with the largest LSN up to there.
    private var answered: [(at: RunInstant, lsn: LSN)] = []
    /// Sent commands in order of sending, with the smallest LSN from there on.
    private var sent: [(at: RunInstant, lsn: LSN)] = []

    init(_ log: WitnessLog, timeline: Timeline, last: LSN, limits: ClusterLimits) {
        self.timeline = timeline
        self.limits = limits
        self.last = last
        let entries = log.entries.values
        let ticks = log.ticks.filter { $0.lastLSN != nil && $0.completedAt != nil }
        answered =
            entries.map { ($0.answeredAt, $0.lsn) }
            + ticks.map { ($0.completedAt ?? $0.invokedAt, $0.lastLSN ?? LSN(0)) }
        answered.sort { $0.at < $1.at }
        for index in answered.indices.dropFirst() {
            answered[index].lsn = max(answered[index].lsn, answered[index - 1].lsn)
        }
        sent = entries.map { ($0.invokedAt, $0.lsn) }.sorted { $0.0 < $1.0 }
        for index in sent.indices.dropLast().reversed() {
            sent[index].lsn = min(sent[index].lsn, sent[index + 1].lsn)
        }
    }

    /// Findings for the reads that have no place.
    func check(_ reads: [Attempt]) -> [Finding] {
        let observations = reads.compactMap(Observation.init).sorted { $0.sentAt < $1.sentAt }
        let byAnswer = observations.indices.sorted {
            observations[$0].answeredAt < observations[$1].answeredAt
        }
        var places = [LSN?](repeating: nil, count: observations.count)
        var next = 0
        var seen: (lsn: LSN, by: Int)?
        var findings: [Finding] = []
        for (index, read) in observations.enumerated() {
            while next < byAnswer.count, observations[byAnswer[next]].answeredAt < read.sentAt {
                if let place = places[byAnswer[next]], place > seen?.lsn ?? LSN(0) {
                    seen = (place, byAnswer[next])
                }
                next += 1
            }
            let acknowledged = largestLSN(answeredBefore: read.sentAt)
            let floor = [acknowledged, seen?.lsn ?? LSN(0), read.fence ?? LSN(0)].max() ?? LSN(0)
            let ceiling = largestLSN(possibleAt: read.answeredAt)
            if let place = earliestPlace(for: read, from: floor, through: ceiling) {
                places[index] = place
            } else if let finding = misplaced(
                read, floor: floor, ceiling: ceiling, acknowledged: acknowledged,
                earlier: seen.map { observations[$0.by] })
            {
                findings.append(finding)
            }
        }
        return findings
    }

    // MARK: - Bounds

    private func largestLSN(answeredBefore instant: RunInstant) -> LSN {
        let count = answered.partitionIndex { $0.at < instant }
        return count == 0 ? LSN(0) : answered[count - 1].lsn
    }

    /// Below everything that was sent only after the read was over.
    private func largestLSN(possibleAt instant: RunInstant) -> LSN {
        let index = sent.partitionIndex { $0.at <= instant }
        guard index < sent.count, sent[index].lsn.rawValue > 0 else { return last }
        return min(last, LSN(sent[index].lsn.rawValue - 1))
    }

    private func earliestPlace(
        for read: Observation, from floor: LSN, through ceiling: LSN
    ) -> LSN? {
        guard floor <= ceiling else { return nil }
        if case .notAppliedBeyond(let applied) = read.content {
            return applied >= floor ? min(applied, ceiling) : nil
        }
        if matches(read, at: floor) { return floor }
        return timeline.changePoints(of: read.operation)
            .first { $0 > floor && $0 <= ceiling && matches(read, at: $0) }
    }

    private func matches(_ read: Observation, at lsn: LSN) -> Bool {
        guard case .answer(let answer) = read.content else { return false }
        return expected(read, at: lsn) == answer
    }

    /// What the contract says this read shows at that LSN (lease-kernel.md 13).
    private func expected(_ read: Observation, at lsn: LSN) -> ReadAnswer {
        switch read.operation {
        case .getReservation(let id, _):
            if let lease = timeline.lease(id, at: lsn) {
                let isOver = lease.retireAfter.map { (read.slot ?? Slot(0)) > $0 } ?? false
                return isOver ? .retired : .lease(lease.view)
            }
            let isOurs = id.rawValue >> 64 == UInt128(limits.shardID)
            let isPast = timeline.watermark(at: lsn).map { id <= $0 } ?? false
            return isOurs && isPast ? .retired : .notFound
        case .getResource(let id, _):
            guard let resource = timeline.resource(id, at: lsn) else { return .notFound }
            return .resource(
                ResourceView(
                    resourceID: id, state: resource.state,
                    currentReservation: resource.reservation, version: resource.version))
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations:
            return .notFound
        }
    }

    // MARK: - Words

    private func misplaced(
        _ read: Observation, floor: LSN, ceiling: LSN, acknowledged: LSN, earlier: Observation?
    ) -> Finding? {
        let request = "\(Words.of(read.operation)) sent at \(Words.time(read.sentAt)) and answered "
        let bound =
            acknowledged >= floor
            ? "LSN \(acknowledged) had been acknowledged before it was sent"
            : read.fence == floor
                ? "its fence is \(floor)"
                : "an earlier read had shown LSN \(floor)"
        let events = (earlier?.events ?? []) + read.events
        if case .notAppliedBeyond(let applied) = read.content {
            return Finding(
                .staleRead, stage: .witness, events: events,
                explanation: "\(request)at \(Words.time(read.answeredAt)) was refused because "
                    + "only LSN \(applied) was applied, but \(bound).")
        }
        guard case .answer(let answer) = read.content else { return nil }
        let points = [LSN(0)] + timeline.changePoints(of: read.operation)
        let past = points.last { $0 < floor && matches(read, at: $0) }
        let future = points.first { $0 > ceiling && matches(read, at: $0) }
        let start = "\(request)at \(Words.time(read.answeredAt)) showed \(Words.of(answer)). "
        if let past {
            return Finding(
                .staleRead, stage: .witness, events: events,
                explanation: start + "That was the state at LSN \(past), but \(bound), where it "
                    + "is \(Words.of(expected(read, at: floor))).")
        }
        let when =
            future.map { "It became so only at LSN \($0), sent after the answer." }
            ?? "It never was in that state."
        return Finding(
            .wrongRead, stage: .witness, events: events,
            explanation: start + when + " Between LSN \(floor) and \(ceiling) it is "
                + "\(Words.of(expected(read, at: ceiling))).")
    }
}

/// What a read lets the judge see.
struct Observation {
    enum Content {
        case answer(ReadAnswer)
        /// The replica said that it has applied nothing beyond that LSN.
        case notAppliedBeyond(LSN)
    }

    let operation: Operation
    let slot: Slot?
    let sentAt: RunInstant
    let answeredAt: RunInstant
    let content: Content
    let events: [Sequence]

    /// Nothing for a request that is no read, or that was not answered.
    init?(_ attempt: Attempt) {
        switch attempt.outcome {
        case .read(let answer, _): content = .answer(answer)
        case .failed(.fenceNotApplied(let applied)):
            content = .notAppliedBeyond(applied ?? LSN(0))
        case .committed, .refused, .ticked, .failed, .ambiguous: return nil
        }
        guard let completedAt = attempt.completedAt else { return nil }
        operation = attempt.invocation.operation
        slot = attempt.invocation.slot
        sentAt = attempt.invokedAt
        answeredAt = completedAt
        events = attempt.events
    }

    var fence: LSN? {
        guard case .answer = content else { return nil }
        return switch operation {
        case .getResource(_, let fence), .getReservation(_, let fence): fence
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations:
            nil
        }
    }
}

extension Array {
    /// The number of elements at the front that satisfy the predicate; they must stand in front.
    fileprivate func partitionIndex(where isInFront: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isInFront(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
