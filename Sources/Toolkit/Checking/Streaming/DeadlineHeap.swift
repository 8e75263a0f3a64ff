import History

/// Reserved leases by deadline and id. Those that ended since stay until they come to the top.
struct DeadlineHeap {
    struct Entry {
        let deadline: Slot
        let id: UInt128
        let place: Int32

        func isBefore(_ other: Entry) -> Bool {
            deadline == other.deadline ? id < other.id : deadline < other.deadline
        }
    }

    private var entries: [Entry] = []

    var count: Int { entries.count }
    var first: Entry? { entries.first }

    mutating func push(_ deadline: Slot, _ id: UInt128, _ place: Int32) {
        entries.append(Entry(deadline: deadline, id: id, place: place))
        rise(from: entries.count - 1)
    }

    mutating func popFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries[0] = last
        sink(from: 0)
    }

    /// Leaves out what does not count any more.
    mutating func keep(_ counts: (Entry) -> Bool) {
        let kept = entries.filter(counts)
        entries = []
        entries.reserveCapacity(kept.count * 2)
        for entry in kept {
            entries.append(entry)
            rise(from: entries.count - 1)
        }
    }

    private mutating func rise(from start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard entries[place].isBefore(entries[parent]) else { return }
            entries.swapAt(place, parent)
            place = parent
        }
    }

    private mutating func sink(from start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < entries.count && entries[child].isBefore(entries[least]) {
                least = child
            }
            if least == place { return }
            entries.swapAt(place, least)
            place = least
        }
    }
}
