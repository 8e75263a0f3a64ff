import History

/// What happened to one resource, as far as a timeline has room for it.
struct ResourceLane {
    struct Bar {
        let attempt: Int
        let isInvolved: Bool
        let row: Int
        let left: Double
        let right: Double
        let label: String?
    }

    /// A stretch in which the acknowledgements say that somebody holds the resource, by one of the
    /// grants that the finding is about.
    struct Hold {
        let label: String
        let from: UInt64
        /// Nil when no acknowledged command ends it; it may have expired.
        let to: UInt64?
    }

    let name: String
    private(set) var bars: [Bar] = []
    private(set) var holds: [Hold] = []
    /// Attempts in sight for which there was no room.
    private(set) var omitted = 0
    private(set) var rows = 1

    /// Rows of a lane at most.
    static let mostRows = 9
    static let mostHolds = 4
    /// Attempts besides those that the finding is about.
    static let mostOthers = 300

    /// Lanes for the resources of the attempts that a finding is about, and one for attempts that
    /// have none, for example ticks.
    static func lanes(
        of involved: [Int], in activity: RunActivity, letters: OperationLetters,
        on scale: BrokenTimeScale, most: Int
    ) -> [ResourceLane] {
        var resources: [ResourceID] = []
        var others: [Int] = []
        for index in involved {
            let own = activity.resources(of: activity.attempts[index].invocation.operation)
            if own.isEmpty { others.append(index) }
            resources += own.filter { !resources.contains($0) }
        }
        var lanes = resources.prefix(most).map { resource in
            let touching = activity.attemptsOfResource[resource] ?? []
            var lane = ResourceLane(name: "resource \(resource)")
            lane.place(touching, involved: involved, activity, letters, scale)
            lane.hold(touching, involved: involved, activity, scale)
            return lane
        }
        if !others.isEmpty {
            var lane = ResourceLane(name: "no resource")
            lane.place(others, involved: involved, activity, letters, scale)
            lanes.append(lane)
        }
        return lanes
    }

    private init(name: String) { self.name = name }

    private mutating func place(
        _ indices: [Int], involved: [Int], _ activity: RunActivity, _ letters: OperationLetters,
        _ scale: BrokenTimeScale
    ) {
        let involved = Set(involved)
        let inSight = indices.filter { index in
            let attempt = activity.attempts[index]
            let to = attempt.endedAt ?? activity.end
            return !scale.pieces(from: attempt.sentAt.rawValue, to: to.rawValue).isEmpty
        }
        let others = inSight.filter { !involved.contains($0) }
        omitted += max(0, others.count - Self.mostOthers)
        // Those that the finding is about get their places first.
        let order = inSight.filter(involved.contains) + others.prefix(Self.mostOthers)
        var taken = [[(left: Double, right: Double)]](repeating: [], count: Self.mostRows)
        for index in order {
            let attempt = activity.attempts[index]
            let isInvolved = involved.contains(index)
            let letter = isInvolved ? letters[index] : nil
            let label = letter.map {
                "\($0) \(attempt.kind.rawValue): \(PageWords.brief(attempt.outcome))"
            }
            let to = (attempt.endedAt ?? activity.end).rawValue
            for piece in scale.pieces(from: attempt.sentAt.rawValue, to: to) {
                let right = max(piece.right, piece.left + 3)
                let needed = right + (label.map { Double($0.count) * 6.6 + 8 } ?? 2)
                let free = taken.indices.first { row in
                    taken[row].allSatisfy { $0.right < piece.left || $0.left > needed }
                }
                guard let row = free else {
                    omitted += 1
                    continue
                }
                taken[row].append((piece.left, needed))
                rows = max(rows, row + 1)
                bars.append(
                    Bar(
                        attempt: index, isInvolved: isInvolved, row: row, left: piece.left,
                        right: right, label: label))
            }
        }
    }

    /// Who holds the resource, by the acknowledgements alone.
    private mutating func hold(
        _ touching: [Int], involved: [Int], _ activity: RunActivity, _ scale: BrokenTimeScale
    ) {
        var ends: [ReservationID: UInt64] = [:]
        for index in touching {
            let attempt = activity.attempts[index]
            guard let id = Self.reservationEnded(by: attempt), let end = attempt.endedAt else {
                continue
            }
            ends[id] = min(end.rawValue, ends[id] ?? .max)
        }
        let involved = Set(involved)
        for index in touching where involved.contains(index) {
            let attempt = activity.attempts[index]
            guard case .committed(_, let result, _) = attempt.outcome,
                let id = result.reservationID, let granted = attempt.endedAt,
                let holder = Self.holder(attempt.invocation.operation), holds.count < Self.mostHolds
            else { continue }
            let end = ends[id].flatMap { $0 > granted.rawValue ? $0 : nil }
            holds.append(
                Hold(
                    label: "held by \(holder), reservation \(id)", from: granted.rawValue,
                    to: end))
        }
    }

    private static func holder(_ operation: Operation) -> HolderID? {
        switch operation {
        case .reserve(_, let holder, _), .reserveBundle(_, let holder, _): holder
        case .createResource, .confirm, .release, .revoke, .reclaim, .tickExpirations,
            .getResource, .getReservation:
            nil
        }
    }

    private static func reservationEnded(by attempt: RunActivity.Attempt) -> ReservationID? {
        guard case .committed = attempt.outcome else { return nil }
        return switch attempt.invocation.operation {
        case .release(let id, _, _), .reclaim(let id): id
        case .createResource, .reserve, .reserveBundle, .confirm, .revoke, .tickExpirations,
            .getResource, .getReservation:
            nil
        }
    }
}
