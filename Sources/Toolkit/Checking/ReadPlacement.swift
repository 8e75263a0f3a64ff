import History

/// Promises 16 and 17: every read can be placed at one LSN such that it shows the state there,
/// real time is respected, and no read goes back behind an earlier one.
///
/// Reads are placed in the order in which they were sent, each as early as it can be: every
/// constraint between reads is a lower bound, so the earliest place is never worse for others.
struct ReadPlacement {
    private let timeline: Timeline
    private let limits: ClusterLimits
    private let bounds: RealTimeBounds

    init(_ log: WitnessLog, timeline: Timeline, last: LSN, limits: ClusterLimits) {
        self.timeline = timeline
        self.limits = limits
        bounds = RealTimeBounds(log, last: last)
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
            let acknowledged = bounds.largestLSN(answeredBefore: read.sentAt)
            let floor = [acknowledged, seen?.lsn ?? LSN(0), read.fence ?? LSN(0)].max() ?? LSN(0)
            let ceiling = bounds.largestLSN(possibleAt: read.answeredAt)
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

    // MARK: - Places

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
