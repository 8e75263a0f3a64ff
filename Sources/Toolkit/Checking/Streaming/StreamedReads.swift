import History

/// A read that was answered, with all that is needed to place it.
struct StreamedRead {
    let answer: PlainEvent
    let members: ArraySlice<ResourceID>
    let request: OpenAttempts.Attempt

    var isOfLease: Bool { request.kind == .getReservation }
    var answeredAt: RunInstant { answer.time }
}

/// Places reads as `ReadPlacement` does, each as early as it can be, in the order of their
/// answers: what a read must not fall behind was answered before it was sent.
struct StreamedReads: ~Copyable {
    private var waiting = RingQueue<StreamedRead>()
    /// How far reads had come, and when they were answered: both ascend.
    private var seen = RingQueue<(at: RunInstant, place: LSN)>()

    var isEmpty: Bool { waiting.isEmpty }

    /// Takes a read that was answered, and places it if it can be: then it is true.
    mutating func take(
        _ read: StreamedRead, _ log: borrowing LogWindow, _ model: borrowing StreamedModel,
        _ ticks: borrowing StreamedTicks
    ) throws(Declined) -> Bool {
        if waiting.isEmpty, try place(read, log, model, ticks, isEnd: false) { return true }
        waiting.append(read)
        return false
    }

    /// Places what can be placed now that the replay has gone on.
    mutating func goOn(
        _ log: borrowing LogWindow, _ model: borrowing StreamedModel,
        _ ticks: borrowing StreamedTicks,
        _ attempts: inout OpenAttempts, isEnd: Bool = false
    ) throws(Declined) {
        while let read = waiting.first {
            guard try place(read, log, model, ticks, isEnd: isEnd) else { return }
            waiting.popFirst()
            attempts.settle(read.answer.attempt)
        }
    }

    /// False when the replay has not come far enough yet.
    private mutating func place(
        _ read: StreamedRead, _ log: borrowing LogWindow, _ model: borrowing StreamedModel,
        _ ticks: borrowing StreamedTicks, isEnd: Bool
    ) throws(Declined) -> Bool {
        let isAnswer = read.answer.kind != .failed
        let floor = max(
            max(read.request.acknowledged, seen(before: read.request.invokedAt)),
            isAnswer ? read.request.fence : LSN(0))
        guard floor <= log.replayed else {
            if isEnd { throw .read }
            return false
        }
        guard try log.latestCommandSent(upTo: floor) <= read.answeredAt else { throw .read }
        let place: LSN?
        if !isAnswer {
            place = try self.place(ofRefusal: read, floor: floor, log, isEnd: isEnd)
        } else if read.isOfLease {
            place = LeaseSight.earliest(read, model, from: floor)
        } else {
            place = ResourceSight.earliest(read, model, from: floor)
        }
        guard let place else {
            // Nothing sent after the answer stands up to the end of the replay: it may come yet.
            if isEnd || log.latestCommandSent > read.answeredAt { throw .read }
            return false
        }
        guard try log.latestCommandSent(upTo: place) <= read.answeredAt else { throw .read }
        note(place, read)
        if read.answer.kind == .readLease,
            read.answer.code == LeaseView.State.reserved.rawValue,
            let lease = model.place(ofLease: read.answer.object)
        {
            try ticks.check(
                deadline: read.answer.slot, grantedAt: model.leases[lease].grantedAt,
                reservedStillAt: read.request.invokedAt)
        }
        return true
    }

    /// A refusal because of the fence is placed at what the replica said that it has applied.
    private func place(
        ofRefusal read: StreamedRead, floor: LSN, _ log: borrowing LogWindow, isEnd: Bool
    ) throws(Declined) -> LSN? {
        let applied = read.answer.lsn
        let isBelowFence = read.request.hasFence && applied < read.request.fence
        guard applied >= floor, isBelowFence else { throw .read }
        if applied > log.replayed, !isEnd, log.latestCommandSent <= read.answeredAt { return nil }
        guard applied <= log.replayed, try log.latestCommandSent(upTo: applied) <= read.answeredAt
        else { throw .read }
        return applied
    }

    private func seen(before instant: RunInstant) -> LSN {
        var place = seen.count
        while place > 0 {
            place -= 1
            if let entry = seen[place], entry.at < instant { return entry.place }
        }
        return LSN(0)
    }

    /// Only what lies beyond all that was acknowledged when it was answered says more to later
    /// reads than the acknowledgements do.
    private mutating func note(_ place: LSN, _ read: StreamedRead) {
        guard place > read.request.acknowledged, place > seen.last?.place ?? LSN(0) else { return }
        seen.append((read.answeredAt, place))
    }

    /// Lets go of what every open and later read has in its past.
    mutating func forget(before instant: RunInstant) {
        while seen.count > 1, let second = seen[1], second.at < instant { seen.popFirst() }
    }
}
