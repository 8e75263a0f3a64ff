import History

/// Which operation ids occurred in a part of the record that is out of sight. Clients count their
/// ids up, so that a few runs of consecutive numbers hold millions of them; ids without such an
/// order are kept as fingerprints, eight bytes each.
struct KnownIDs: ~Copyable {
    private struct Run {
        var first: UInt128
        var last: UInt128
    }

    /// In ascending order, with room between each two.
    private var runs: [Run] = []
    private var latest = 0
    /// Where the run of an id may be found, by what the ids of one client have in common.
    private var hints = FlatArray(repeating: 0, count: 256)
    private var fingerprints: [UInt64] = []
    private var fingerprintCount = 0

    private static let mostRuns = 1 << 14

    func contains(_ id: OperationID) -> Bool {
        if let place = run(before: id.rawValue), runs[place].last >= id.rawValue { return true }
        guard fingerprintCount > 0 else { return false }
        return fingerprints[slot(of: id)] != 0
    }

    mutating func insert(_ id: OperationID) {
        let id = id.rawValue
        defer { hints[Self.hint(for: id)] = latest }
        // Most ids follow one of the same client.
        if latest < runs.count, runs[latest].last &+ 1 == id,
            latest + 1 == runs.count || runs[latest + 1].first > id &+ 1
        {
            runs[latest].last = id
            return
        }
        let before = run(before: id)
        if let before { latest = before }
        if let before, runs[before].last >= id { return }
        let behind = (before ?? -1) + 1
        let joinsBehind = behind < runs.count && runs[behind].first == id &+ 1
        if let before, runs[before].last &+ 1 == id {
            runs[before].last = joinsBehind ? runs[behind].last : id
            if joinsBehind { runs.remove(at: behind) }
            latest = before
        } else if joinsBehind {
            runs[behind].first = id
            latest = behind
        } else if runs.count < Self.mostRuns {
            runs.insert(Run(first: id, last: id), at: behind)
            latest = behind
        } else {
            insertFingerprint(OperationID(id))
        }
    }

    /// The last run that begins at or below the id.
    @inline(__always)
    private func run(before id: UInt128) -> Int? {
        let hint = hints[Self.hint(for: id)]
        if hint < runs.count, runs[hint].first <= id,
            hint + 1 == runs.count || runs[hint + 1].first > id
        {
            return hint
        }
        return searchedRun(before: id)
    }

    @inline(__always)
    private static func hint(for id: UInt128) -> Int {
        Int(
            truncatingIfNeeded: (UInt64(truncatingIfNeeded: id >> 20) &* 0x9e37_79b9_7f4a_7c15)
                >> 56)
    }

    @inline(never)
    private func searchedRun(before id: UInt128) -> Int? {
        let count = runs.partitionIndex { $0.first <= id }
        return count == 0 ? nil : count - 1
    }

    private func slot(of id: OperationID) -> Int { slot(ofHash: Self.fingerprint(id)) }

    private func slot(ofHash fingerprint: UInt64) -> Int {
        let mask = UInt64(fingerprints.count - 1)
        var slot = fingerprint & mask
        while fingerprints[Int(slot)] != 0, fingerprints[Int(slot)] != fingerprint {
            slot = (slot + 1) & mask
        }
        return Int(slot)
    }

    private static func fingerprint(_ id: OperationID) -> UInt64 {
        max(1, IDHash.hash(id, IDHash.seed))
    }

    private mutating func insertFingerprint(_ id: OperationID) {
        if (fingerprintCount + 1) * 8 > fingerprints.count * 5 {
            let old = fingerprints
            fingerprints = [UInt64](repeating: 0, count: max(1024, old.count * 2))
            for value in old where value != 0 { fingerprints[slot(ofHash: value)] = value }
        }
        let slot = slot(of: id)
        if fingerprints[slot] == 0 { fingerprintCount += 1 }
        fingerprints[slot] = Self.fingerprint(id)
    }
}
