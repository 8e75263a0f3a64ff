import History

/// What an object was before a change.
struct PastValue {
    /// 0 for what did not exist.
    var state: UInt8
    /// The reservation that held a resource.
    var second: UInt128
    /// Version or epoch.
    var number: UInt64
    var released = LSN(0)
    var retireAfter: Slot?
}

/// Where the earlier values of one object are found.
struct ObjectHistory {
    /// Since when it has its value.
    var changedAt = LSN(0)
    fileprivate var latest: UInt64 = 0
}

/// The values that objects had before, as far back as an open read may have to be shown them.
struct PastValues: ~Copyable {
    struct Entry {
        var value: PastValue
        /// Since when, and until when, the object had it.
        var since: LSN
        var until: LSN
        var earlier: UInt64
    }

    private static var nothing: Entry {
        Entry(
            value: PastValue(state: 0, second: 0, number: 0), since: LSN(0), until: LSN(0),
            earlier: 0)
    }

    private var ring = FlatArray(repeating: Self.nothing, count: 1024)
    /// Entries are numbered from 1.
    private var next: UInt64 = 1
    private var oldest: UInt64 = 1

    mutating func save(
        _ value: PastValue, of object: inout ObjectHistory, changedAt lsn: LSN, needed: LSN
    ) {
        if next &- oldest == UInt64(ring.count) {
            while oldest < next, ring[index(oldest)].until <= needed { oldest &+= 1 }
            if next &- oldest > UInt64(ring.count) / 2 { grow() }
        }
        ring[index(next)] = Entry(
            value: value, since: object.changedAt, until: lsn, earlier: object.latest)
        object.latest = next
        object.changedAt = lsn
        next &+= 1
    }

    /// Visits the values that an object had before its present one, the latest first, down to the
    /// one that it had at `lsn`, which no read may need to be shown anything before.
    func visit(
        _ object: ObjectHistory, downTo lsn: LSN, _ body: (PastValue, _ since: LSN) -> Void
    ) {
        var since = object.changedAt
        var number = object.latest
        while since > lsn, number >= oldest {
            let entry = ring[index(number)]
            body(entry.value, entry.since)
            since = entry.since
            number = entry.earlier
        }
    }

    @inline(__always)
    private func index(_ number: UInt64) -> Int {
        Int(truncatingIfNeeded: number & UInt64(truncatingIfNeeded: ring.count &- 1))
    }

    private mutating func grow() {
        let larger = ring.count * 2
        var new = FlatArray(repeating: Self.nothing, count: larger)
        for number in oldest..<next { new[Int(number & UInt64(larger - 1))] = ring[index(number)] }
        ring = new
    }
}
