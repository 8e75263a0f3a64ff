import History

/// A read for which there is no LSN that it could have been answered at, and which promise that
/// breaks: of a state of the past by what forbids it, of a state that never was by what is wrong
/// in it.
struct MisplacedRead {
    let read: Observation
    /// The read must show this LSN or a later one.
    let floor: LSN
    /// And nothing beyond this one, which was sent only after the answer.
    let ceiling: LSN
    let acknowledged: LSN
    /// The earlier read that saw most.
    let earlier: Observation?
    let log: WitnessLog
    let expected: ExpectedReads
    /// All reads, by what they are of.
    var others: [Observation.Object: [Observation]] = [:]

    var finding: Finding {
        let request =
            "\(Words.of(read.operation)) sent at \(Words.time(read.sentAt)) to replica "
            + "\(read.endpoint) and answered at \(Words.time(read.answeredAt)) "
        switch read.content {
        case .notAppliedBeyond(let applied):
            let reached = read.operation.fence.map { $0 <= applied } ?? true
            let contradiction =
                reached
                ? "that is not below its fence"
                : applied < floor ? bound : "no command can have stood beyond LSN \(ceiling)"
            return finding(
                .fenceRefused,
                "\(request)was refused because only LSN \(applied) was applied, but "
                    + "\(contradiction).")
        case .answer(let answer):
            let start = "\(request)showed \(Words.of(answer)). "
            let points = [LSN(0)] + expected.timeline.changePoints(of: read.operation)
            if let past = points.last(where: { $0 < floor && expected.matches(read, at: $0) }) {
                let (code, why) = outdated(answer, past: past)
                return finding(
                    code,
                    start + "That was the state at LSN \(past), but \(bound), where it is "
                        + "\(Words.of(expected.answer(to: read, at: floor))).\(why)")
            }
            let future = points.first { $0 > ceiling && expected.matches(read, at: $0) }
            let when =
                future.map { "It became so only at LSN \($0), sent after the answer." }
                ?? "It never was in that state."
            let (code, why) = future == nil ? wrong(answer) : (.wrongRead, "")
            return finding(
                code,
                start + when + " Between LSN \(floor) and \(ceiling) it is "
                    + "\(Words.of(expected.answer(to: read, at: ceiling))).\(why)")
        }
    }

    private func finding(_ code: FindingCode, _ explanation: String) -> Finding {
        Finding(
            code, stage: .witness, events: (earlier?.events ?? []) + read.events,
            explanation: explanation)
    }

    /// Why the read may show nothing before `floor`.
    private var bound: String {
        if acknowledged >= floor { return "LSN \(acknowledged) had been acknowledged before" }
        if read.fence == floor { return "its fence is \(floor)" }
        return "an earlier read had shown LSN \(floor)"
    }

    // MARK: - A state of the past

    private func outdated(_ answer: ReadAnswer, past: LSN) -> (FindingCode, String) {
        if let other = otherFinalRead {
            return (.finalState, Self.words(of: other))
        }
        if let (code, words) = half(past) { return (code, words) }
        if let fence = read.fence, past < fence {
            return (.fenceIgnored, " Its own fence was \(fence).")
        }
        if acknowledged < floor {
            guard case .lease(let view) = answer, let seen = earlier?.lease,
                view.reservationID == seen.reservationID, view.epoch < seen.epoch
            else { return (.readWentBack, "") }
            return (.epochWentBack, " Epoch \(seen.epoch) had been shown before.")
        }
        if answer == .notFound { return (.lostState, "") }
        if let newer = deposingReplica {
            return (
                .deposedRead,
                " Replica \(newer) had acknowledged that; replica \(read.endpoint), which "
                    + "answered, had been primary before it."
            )
        }
        return (.staleRead, "")
    }

    /// The replica that acknowledged the last command, when another one, which had been primary
    /// before, answered this read.
    private var deposingReplica: ReplicaID? {
        guard let newest = log.entries[acknowledged], newest.endpoint != read.endpoint,
            log.entries.values.contains(where: {
                $0.endpoint == read.endpoint && $0.lsn < acknowledged
            })
        else { return nil }
        return newest.endpoint
    }

    /// Whether the change that the read does not show was one of several resources at once, and
    /// another read, answered before, shows it on another of them.
    private func half(_ past: LSN) -> (FindingCode, String)? {
        guard case .resource(let id) = read.object,
            let change = expected.timeline.changePoints(of: read.operation).first(where: {
                $0 > past
            }),
            let now = expected.timeline.resource(id, at: change)
        else { return nil }
        let before = expected.timeline.resource(id, at: LSN(change.rawValue - 1))
        guard let reservation = now.reservation ?? before?.reservation,
            let lease = expected.timeline.lease(reservation, at: change), lease.members.count > 1
        else { return nil }
        for member in lease.members where member != id {
            let shown = (others[.resource(member)] ?? []).first {
                $0.answeredAt < read.sentAt && expected.matches($0, at: change)
                    && !expected.matches($0, at: LSN(change.rawValue - 1))
            }
            guard shown != nil else { continue }
            return (
                now.state == .available ? .partialRelease : .partialGrant,
                " LSN \(change) changed all of reservation \(reservation) at once, and a read "
                    + "answered before shows the change on resource \(member)."
            )
        }
        return nil
    }

    // MARK: - When all is quiet

    /// A read of the same thing from another replica that shows it as the history left it, when
    /// both were asked after the last command had been answered.
    private var otherFinalRead: Observation? {
        guard log.untold.isEmpty, let last = lastAnswer, read.sentAt > last else { return nil }
        return (others[read.object] ?? []).first {
            $0.sentAt > last && $0.endpoint != read.endpoint && expected.matches($0, at: ceiling)
        }
    }

    private var lastAnswer: RunInstant? {
        let answers = log.entries.values.map(\.answeredAt)
        var last = answers.max()
        for tick in log.ticks {
            guard let end = tick.completedAt else { return nil }
            last = max(last ?? end, end)
        }
        return last
    }

    private static func words(of other: Observation) -> String {
        " All commands were answered by then, and replica \(other.endpoint), asked at "
            + "\(Words.time(other.sentAt)), shows it so: the two replicas disagree."
    }

    // MARK: - A state that never was

    private func wrong(_ answer: ReadAnswer) -> (FindingCode, String) {
        if let other = otherFinalRead { return (.finalState, Self.words(of: other)) }
        switch (answer, expected.answer(to: read, at: ceiling)) {
        case (.resource(let view), .resource(let right)): return wrong(view, right)
        case (.lease(let view), .lease(let right)):
            return LeaseDifference(log, expected.timeline, floor: floor, ceiling: ceiling)
                .code(view, right)
        case (.retired, .lease), (.notFound, .lease), (.notFound, .resource):
            return (.lostState, "")
        case (.resource, .notFound), (.lease, .notFound):
            return (.inventedState, " Nothing that was asked for can have made it.")
        case _: return (.wrongRead, "")
        }
    }

    private func wrong(_ view: ResourceView, _ right: ResourceView) -> (FindingCode, String) {
        if let reservation = view.currentReservation,
            expected.timeline.leases[reservation] == nil
        {
            return strange(reservation, view.resourceID)
        }
        if view.state == .available, right.state != .available { return (.freedEarly, "") }
        let points = [floor] + expected.timeline.changePoints(of: read.operation)
        let isOnlyVersion = points.contains { point in
            guard point >= floor, point <= ceiling,
                let resource = expected.timeline.resource(view.resourceID, at: point)
            else { return false }
            return resource.state == view.state && resource.reservation == view.currentReservation
        }
        return (isOnlyVersion ? .wrongReadVersion : .wrongRead, "")
    }

    /// Held by a reservation that was never granted.
    private func strange(
        _ reservation: ReservationID, _ resource: ResourceID
    ) -> (FindingCode, String) {
        let lsn = LSN(UInt64(truncatingIfNeeded: reservation.rawValue))
        guard let entry = log.entries[lsn], case .refused(let code) = entry.answer,
            case .reserveBundle(let members, _, _) = entry.operation, members.contains(resource)
        else { return (.inventedState, " No such reservation was granted.") }
        return (
            .partialGrant,
            " Reservation \(reservation) is the bundle that was refused at LSN \(lsn) "
                + "(\(code.name)): it must leave nothing behind."
        )
    }
}

extension Observation {
    fileprivate var lease: LeaseView? {
        if case .answer(.lease(let view)) = content { view } else { nil }
    }
}
