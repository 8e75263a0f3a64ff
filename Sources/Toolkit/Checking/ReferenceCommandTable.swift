import History

/// What is remembered of every logical command of a long text: under fifty bytes for each. Its
/// memory grows in steps, so that nothing is ever copied as a whole.
struct ReferenceCommandTable {
    struct Entry {
        let id: OperationID
        /// Of the first committed result, with its LSN.
        var committed: ReferenceDigest?
        var committedLSN = LSN(0)
        var hasFailed = false
        var isAmbiguous = false
    }

    private struct Segment {
        static let bits = 13
        static let size = 1 << bits

        var entries: ContiguousArray<Entry> = []
    }

    private var segments: ContiguousArray<Segment> = []
    private(set) var count = 0
    /// Ids mostly grow with time. As long as they do, they are found by halving, and no table of
    /// their places is needed.
    private(set) var isAscending = true
    private var places = PlaceTable<OperationID>()

    subscript(place: Int) -> Entry {
        _read { yield segments[place >> Segment.bits].entries[place & (Segment.size - 1)] }
        _modify { yield &segments[place >> Segment.bits].entries[place & (Segment.size - 1)] }
    }

    /// The place of a command, which is added if it is new.
    mutating func place(of id: OperationID) -> (place: Int, isNew: Bool) {
        guard count > 0 else { return (append(id), true) }
        let last = self[count - 1].id
        // Attempts of one command mostly stand together.
        if last == id { return (count - 1, false) }
        if isAscending {
            if last < id { return (append(id), true) }
            if let place = halving(for: id) { return (place, false) }
            isAscending = false
            for place in 0..<count { places.add(self[place].id, at: place) }
        } else if let place = places.find(id, { self[$0].id }) {
            return (place, false)
        }
        let place = append(id)
        places.add(id, at: place)
        return (place, true)
    }

    private mutating func append(_ id: OperationID) -> Int {
        if count & (Segment.size - 1) == 0 {
            segments.append(Segment())
            segments[segments.count - 1].entries.reserveCapacity(Segment.size)
        }
        segments[segments.count - 1].entries.append(Entry(id: id))
        count += 1
        return count - 1
    }

    private func halving(for id: OperationID) -> Int? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low].id == id ? low : nil
    }
}

/// Stands for a fingerprint: 128 bits mixed under seeds of this process, so that nobody can write
/// two results that are taken for one.
struct ReferenceDigest: Equatable {
    private var low: UInt64
    private var high: UInt64

    private static let seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    init() { (low, high) = Self.seeds }

    @inline(__always)
    mutating func mix(_ value: UInt64) {
        let first = (low ^ value).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        let second = (high &+ value).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        low = first.high ^ first.low &+ high
        high = second.high ^ second.low ^ (low << 32 | low >> 32)
    }

    @inline(__always)
    mutating func mix(_ value: UInt128) {
        mix(UInt64(truncatingIfNeeded: value))
        mix(UInt64(truncatingIfNeeded: value >> 64))
    }
}
