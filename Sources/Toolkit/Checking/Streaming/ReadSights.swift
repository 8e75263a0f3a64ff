import History

/// One resource as a read saw it, beside what it was.
enum ResourceSight {
    /// The earliest LSN from `floor` on at which the resource is as the read showed it.
    static func earliest(
        _ read: StreamedRead, _ model: borrowing StreamedModel, from floor: LSN
    ) -> LSN? {
        guard let place = model.place(of: ResourceID(read.request.object)) else {
            return read.answer.kind == .readNotFound ? floor : nil
        }
        let history = model.resources[Int(place)].history
        var earliest: LSN?
        if matches(
            read, model.resources[Int(place)].state, model.resources[Int(place)].reservation,
            model.resources[Int(place)].version)
        {
            earliest = max(floor, history.changedAt)
        }
        if history.changedAt > floor {
            model.past.visit(history, downTo: floor) { value, since in
                if matches(read, value.state, value.second, value.number) {
                    earliest = max(floor, since)
                }
            }
        }
        return earliest
    }

    private static func matches(
        _ read: StreamedRead, _ state: UInt8, _ reservation: UInt128, _ version: UInt64
    ) -> Bool {
        guard state != 0 else { return read.answer.kind == .readNotFound }
        let hasReservation = state != ResourceView.State.available.rawValue
        return read.answer.kind == .readResource && read.answer.object == read.request.object
            && read.answer.code == state && read.answer.number == version
            && read.answer.has(.reservation) == hasReservation
            && (!hasReservation || read.answer.second == reservation)
    }
}

/// One lease as a read saw it, beside what it was.
enum LeaseSight {
    static func earliest(
        _ read: StreamedRead, _ model: borrowing StreamedModel, from floor: LSN
    ) -> LSN? {
        guard let place = model.place(ofLease: read.request.object) else {
            return absent(read, model, from: floor, to: nil)
        }
        let lease = model.leases[place]
        var earliest: LSN?
        if lease.removed.rawValue != 0 {
            earliest = absent(read, model, from: max(floor, lease.removed), to: nil)
            if lease.removed <= floor { return earliest }
        }
        let present = PastValue(
            state: lease.state, second: 0, number: lease.epoch, released: lease.released,
            retireAfter: lease.retireAfter)
        if matches(read, model, lease, present) { earliest = max(floor, lease.history.changedAt) }
        var since = lease.history.changedAt
        if since > floor {
            model.past.visit(lease.history, downTo: floor) { value, start in
                since = start
                if matches(read, model, lease, value) { earliest = max(floor, start) }
            }
        }
        // Before it was granted.
        if since > floor, since == lease.created {
            earliest = absent(read, model, from: floor, to: since) ?? earliest
        }
        return earliest
    }

    private static func matches(
        _ read: StreamedRead, _ model: borrowing StreamedModel, _ lease: StreamedModel.Lease,
        _ value: PastValue
    ) -> Bool {
        if let retireAfter = value.retireAfter, read.request.hasSlot,
            read.request.slot > retireAfter
        {
            return read.answer.kind == .readRetired
        }
        let answer = read.answer
        guard answer.kind == .readLease, answer.object == lease.id, answer.second == lease.holder,
            answer.code == value.state, answer.number == value.number,
            answer.lsn == lease.created, answer.has(.slot), answer.slot == lease.deadline,
            answer.has(.released) == (value.released.rawValue != 0),
            answer.released == value.released,
            answer.has(.retireAfter) == (value.retireAfter != nil),
            answer.retireAfter == value.retireAfter ?? Slot(0),
            read.members.first == model.resources[Int(lease.member)].id
        else { return false }
        let others = model.bundles[lease.others]
        guard read.members.count == others.count + 1 else { return false }
        for (shown, other) in zip(read.members.dropFirst(), others)
        where shown != model.resources[Int(other)].id {
            return false
        }
        return true
    }

    /// The earliest LSN in a stretch without the lease at which its absence reads as the read
    /// shows: not found, or retired once a younger lease was (lease-kernel.md 13).
    private static func absent(
        _ read: StreamedRead, _ model: borrowing StreamedModel, from start: LSN, to end: LSN?
    ) -> LSN? {
        let id = read.request.object
        var passed: LSN?
        if id >> 64 == UInt128(model.limits.shardID), model.watermarks.last?.id ?? 0 >= id,
            !model.watermarks.isEmpty
        {
            for place in 0..<model.watermarks.count {
                if let mark = model.watermarks[place], mark.id >= id {
                    passed = mark.lsn
                    break
                }
            }
        }
        switch read.answer.kind {
        case .readNotFound: return passed.map { $0 > start } ?? true ? start : nil
        case .readRetired:
            guard let passed else { return nil }
            let place = max(start, passed)
            return end.map { place < $0 } ?? true ? place : nil
        default: return nil
        }
    }
}
