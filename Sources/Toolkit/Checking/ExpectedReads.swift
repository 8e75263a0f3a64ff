import History

/// What the contract says a read shows, at every LSN.
struct ExpectedReads {
    let timeline: Timeline
    let limits: ClusterLimits

    func matches(_ read: Observation, at lsn: LSN) -> Bool {
        guard case .answer(let answer) = read.content else { return false }
        return self.answer(to: read, at: lsn) == answer
    }

    /// lease-kernel.md 13.
    func answer(to read: Observation, at lsn: LSN) -> ReadAnswer {
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
}
