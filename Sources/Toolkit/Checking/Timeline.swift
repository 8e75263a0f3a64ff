import History

/// Every object's value at every LSN, as the replay found it.
struct Timeline: Sendable {
    private(set) var resources: [ResourceID: [(lsn: LSN, value: ModelResource)]] = [:]
    /// A lease that retirement removed has the value nil.
    private(set) var leases: [ReservationID: [(lsn: LSN, value: ModelLease?)]] = [:]
    private(set) var watermarks: [(lsn: LSN, value: ReservationID)] = []

    init(_ changes: [ModelChange]) {
        var watermark: ReservationID?
        for change in changes {
            switch change {
            case .resource(let id, let value, let lsn):
                resources[id, default: []].append((lsn, value))
            case .lease(let value, let lsn):
                leases[value.id, default: []].append((lsn, value))
            case .retired(let id, let lsn):
                leases[id, default: []].append((lsn, nil))
                if id > (watermark ?? ReservationID(0)) || watermark == nil {
                    watermark = id
                    watermarks.append((lsn, id))
                }
            }
        }
    }

    func resource(_ id: ResourceID, at lsn: LSN) -> ModelResource? {
        Self.value(of: resources[id] ?? [], at: lsn)
    }

    func lease(_ id: ReservationID, at lsn: LSN) -> ModelLease? {
        Self.value(of: leases[id] ?? [], at: lsn) ?? nil
    }

    func watermark(at lsn: LSN) -> ReservationID? {
        Self.value(of: watermarks, at: lsn)
    }

    /// The LSNs at which the thing that a read asks for takes another value.
    func changePoints(of operation: Operation) -> [LSN] {
        switch operation {
        case .getResource(let id, _): (resources[id] ?? []).map(\.lsn)
        case .getReservation(let id, _):
            // A retired id reads differently only where the watermark passes it.
            ((leases[id] ?? []).map(\.lsn)
                + watermarks.filter { $0.value >= id }.prefix(1).map(\.lsn))
                .sorted()
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations:
            []
        }
    }

    /// The last value at or before `lsn`; the list is in ascending LSN.
    private static func value<Value>(of list: [(lsn: LSN, value: Value)], at lsn: LSN) -> Value? {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle].lsn <= lsn { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : list[low - 1].value
    }
}
