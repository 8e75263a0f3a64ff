import History

/// What is remembered of every logical command of a long text: under fifty bytes for each. Its
/// memory grows in steps, so that nothing is ever copied as a whole.
struct ReferenceCommandTable: ~Copyable {
    struct Entry {
        let id: OperationID
        /// Of the first committed result, with its LSN.
        var committed = ReferenceDigest()
        var committedLSN = LSN(0)
        var isCommitted = false
        var hasFailed = false
        var isAmbiguous = false
    }

    private static let segmentBits = 13
    private static let segmentSize = 1 << segmentBits

    private var segments = FlatArray<UnsafeMutablePointer<Entry>>()
    private(set) var count = 0
    private var last = OperationID(0)
    /// Ids mostly grow with time. As long as they do, they are found by halving, and no table of
    /// their places is needed.
    private(set) var isAscending = true
    private var places = PlaceTable<OperationID>()

    deinit {
        // Entries hold no references.
        for number in 0..<segments.count { segments[number].deallocate() }
    }

    subscript(place: Int) -> Entry {
        @inline(__always)
        _read {
            precondition(UInt(bitPattern: place) < UInt(bitPattern: count))
            yield segments[place >> Self.segmentBits][place & (Self.segmentSize - 1)]
        }
        @inline(__always)
        _modify {
            precondition(UInt(bitPattern: place) < UInt(bitPattern: count))
            yield &segments[place >> Self.segmentBits][place & (Self.segmentSize - 1)]
        }
    }

    /// The place of a command, which is added if it is new.
    mutating func place(of id: OperationID) -> (place: Int, isNew: Bool) {
        guard count > 0 else { return (append(id), true) }
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
        let place = count & (Self.segmentSize - 1)
        if place == 0 { segments.append(.allocate(capacity: Self.segmentSize)) }
        (segments[segments.count &- 1] + place).initialize(to: Entry(id: id))
        count &+= 1
        last = id
        return count &- 1
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
