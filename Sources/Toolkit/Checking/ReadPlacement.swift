import History

/// The promises about reads (16, 17, 39 to 52): every read can be placed at one LSN such that it
/// shows the state there, real time is respected, and no read goes back behind an earlier one.
/// Which of the promises a read without a place breaks is for `MisplacedRead` to say.
///
/// Reads are placed in the order in which they were sent, each as early as it can be: every
/// constraint between reads is a lower bound, so the earliest place is never worse for others.
struct ReadPlacement {
    private let log: WitnessLog
    private let expected: ExpectedReads
    private let bounds: RealTimeBounds

    init(_ log: WitnessLog, timeline: Timeline, last: LSN, limits: ClusterLimits) {
        self.log = log
        expected = ExpectedReads(timeline: timeline, limits: limits)
        bounds = RealTimeBounds(log, last: last)
    }

    /// The reads that have no place.
    func check(_ reads: [Attempt]) -> [MisplacedRead] {
        let observations = reads.compactMap(Observation.init).sorted { $0.sentAt < $1.sentAt }
        let byAnswer = observations.indices.sorted {
            observations[$0].answeredAt < observations[$1].answeredAt
        }
        var places = [LSN?](repeating: nil, count: observations.count)
        var next = 0
        var seen: (lsn: LSN, by: Int)?
        var misplaced: [MisplacedRead] = []
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
            } else {
                misplaced.append(
                    MisplacedRead(
                        read: read, floor: floor, ceiling: ceiling, acknowledged: acknowledged,
                        earlier: seen.map { observations[$0.by] }, log: log, expected: expected))
            }
        }
        guard !misplaced.isEmpty else { return [] }
        let others = Dictionary(grouping: observations, by: \.object)
        for index in misplaced.indices { misplaced[index].others = others }
        return misplaced
    }

    // MARK: - Places

    private func earliestPlace(
        for read: Observation, from floor: LSN, through ceiling: LSN
    ) -> LSN? {
        guard floor <= ceiling else { return nil }
        if case .notAppliedBeyond(let applied) = read.content {
            let isReached = read.operation.fence.map { $0 <= applied } ?? true
            return applied >= floor && applied <= ceiling && !isReached ? applied : nil
        }
        if expected.matches(read, at: floor) { return floor }
        return expected.timeline.changePoints(of: read.operation)
            .first { $0 > floor && $0 <= ceiling && expected.matches(read, at: $0) }
    }
}

/// What a read lets the judge see.
struct Observation {
    enum Content {
        case answer(ReadAnswer)
        /// The replica said that it has applied that LSN and nothing beyond.
        case notAppliedBeyond(LSN)
    }

    let operation: Operation
    let slot: Slot?
    let sentAt: RunInstant
    let answeredAt: RunInstant
    let content: Content
    let events: [Sequence]
    /// The replica that was asked.
    let endpoint: ReplicaID

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
        endpoint = attempt.invocation.endpoint
    }

    var fence: LSN? {
        guard case .answer = content else { return nil }
        return operation.fence
    }

    /// What a read is of.
    enum Object: Hashable {
        case resource(ResourceID)
        case lease(ReservationID)
        case nothing
    }

    var object: Object {
        switch operation {
        case .getResource(let id, _): .resource(id)
        case .getReservation(let id, _): .lease(id)
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations:
            .nothing
        }
    }
}
