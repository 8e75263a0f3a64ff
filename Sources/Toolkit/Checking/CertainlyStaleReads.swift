import History

/// Reads that are stale whatever stands at the LSNs nobody was told of (promise 16).
///
/// The replay may have to leave the reads undecided when there are too many explanations of the
/// log. What was acknowledged stands in all of them: each acknowledged change of a resource had
/// raised its version by one, and each acknowledged step of a lease had brought it at least that
/// far. A read sent after the acknowledgement that shows less is stale in every explanation.
struct CertainlyStaleReads {
    /// How far a lease has come: states only ever follow in this order (lease-kernel.md 8.9).
    private enum Progress: Int, Comparable {
        case reserved
        case confirmed
        case revoking
        case over

        static func < (left: Progress, right: Progress) -> Bool { left.rawValue < right.rawValue }

        init(_ state: LeaseView.State) {
            switch state {
            case .reserved: self = .reserved
            case .confirmed: self = .confirmed
            case .revoking: self = .revoking
            case .released, .expired, .revoked: self = .over
            }
        }
    }

    private let bounds: RealTimeBounds
    /// By resource, ascending: the LSNs of acknowledged changes.
    private var changes: [ResourceID: [LSN]] = [:]
    /// By lease, ascending: the LSNs of acknowledged steps.
    private var steps: [ReservationID: [(lsn: LSN, progress: Progress)]] = [:]

    init(_ log: WitnessLog) {
        bounds = RealTimeBounds(log, last: log.lastLSN ?? LSN(0))
        var members: [ReservationID: Set<ResourceID>] = [:]
        for entry in log.entries.values.sorted(by: { $0.lsn < $1.lsn }) {
            guard case .ok(let result) = entry.answer else { continue }
            switch entry.operation {
            case .reserve(let resource, _, _):
                take(entry.lsn, result.reservationID, .reserved, of: [resource], &members)
            case .reserveBundle(let resources, _, _):
                take(entry.lsn, result.reservationID, .reserved, of: Set(resources), &members)
            case .confirm(let id, _, _): take(entry.lsn, id, .confirmed, of: nil, &members)
            case .release(let id, _, _): take(entry.lsn, id, .over, of: nil, &members)
            case .revoke(let id): take(entry.lsn, id, .revoking, of: nil, &members)
            case .reclaim(let id): take(entry.lsn, id, .over, of: nil, &members)
            case .createResource, .tickExpirations, .getResource, .getReservation: break
            }
        }
    }

    private mutating func take(
        _ lsn: LSN, _ id: ReservationID?, _ progress: Progress, of granted: Set<ResourceID>?,
        _ members: inout [ReservationID: Set<ResourceID>]
    ) {
        guard let id else { return }
        if let granted { members[id] = granted }
        steps[id, default: []].append((lsn, progress))
        for resource in members[id] ?? [] { changes[resource, default: []].append(lsn) }
    }

    func findings(_ reads: [Attempt]) -> [Finding] { reads.compactMap(finding) }

    private func finding(_ read: Attempt) -> Finding? {
        guard case .read(let answer, _) = read.outcome else { return nil }
        let acknowledged = bounds.largestLSN(answeredBefore: read.invokedAt)
        let shortcoming: String?
        switch (read.invocation.operation, answer) {
        case (.getResource(let id, let fence), .resource(let view)):
            let floor = max(acknowledged, fence ?? LSN(0))
            let least = UInt64(changes[id]?.partitionIndex { $0 <= floor } ?? 0)
            shortcoming =
                view.version < least
                ? "version \(view.version), but \(least) changes of it up to LSN \(floor) had "
                    + "been acknowledged"
                : nil
        case (.getReservation(let id, let fence), .lease(let view)):
            let floor = max(acknowledged, fence ?? LSN(0))
            let past = (steps[id] ?? []).prefix { $0.lsn <= floor }
            let step = past.max { $0.progress < $1.progress }
            shortcoming = step.flatMap { step in
                Progress(view.state) < step.progress
                    ? "state \(view.state), but a later state had been acknowledged at LSN "
                        + "\(step.lsn)"
                    : nil
            }
        case (_, .resource), (_, .lease), (_, .notFound), (_, .retired): shortcoming = nil
        }
        guard let shortcoming else { return nil }
        return Finding(
            .staleRead, stage: .scan, events: read.events,
            explanation: "\(Words.of(read.invocation.operation)) sent at "
                + "\(Words.time(read.invokedAt)) showed \(shortcoming).")
    }
}
