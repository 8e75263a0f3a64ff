import History

/// Which promise a read of a lease breaks that shows it as it never was.
struct LeaseDifference {
    private let log: WitnessLog
    private let timeline: Timeline
    private let floor: LSN
    private let ceiling: LSN

    init(_ log: WitnessLog, _ timeline: Timeline, floor: LSN, ceiling: LSN) {
        self.log = log
        self.timeline = timeline
        self.floor = floor
        self.ceiling = ceiling
    }

    /// `right` is what the lease is at `ceiling`.
    func code(_ view: LeaseView, _ right: LeaseView) -> (FindingCode, String) {
        if view.state == .expired, !right.state.isTerminal { return expired(right) }
        if view.state.isTerminal, !right.state.isTerminal { return (.freedEarly, "") }
        let candidates = [floor] + (timeline.leases[view.reservationID] ?? []).map(\.lsn)
        let same = candidates.filter { $0 >= floor && $0 <= ceiling }
            .compactMap { timeline.lease(view.reservationID, at: $0)?.view }
            .first { $0.state == view.state }
        guard let same else { return (.wrongRead, "") }
        let differences = [
            (view.holder != same.holder, FindingCode.wrongReadHolder),
            (view.deadline != same.deadline, .wrongReadDeadline),
            (view.epoch != same.epoch, .wrongReadEpoch),
            (view.members != same.members, .wrongReadMembers),
            (view.createdLSN != same.createdLSN, .wrongRead),
            (view.releasedLSN != same.releasedLSN, .wrongRead),
            (view.retireAfter != same.retireAfter, .wrongRead),
        ].filter(\.0)
        return (differences.count == 1 ? differences[0].1 : .wrongRead, "")
    }

    /// Shown as expired while it holds its resources.
    private func expired(_ right: LeaseView) -> (FindingCode, String) {
        guard right.state == .reserved else {
            return (.activeLeaseExpired, " Only reserved leases expire.")
        }
        let latest = log.ticks.map(\.slot).max()
        guard let deadline = right.deadline, deadline > latest ?? Slot(0) else {
            return (.wrongRead, "")
        }
        return (
            .earlyExpiry,
            latest.map { " The latest tick was sent for slot \($0)." } ?? " No tick was ever sent."
        )
    }
}
