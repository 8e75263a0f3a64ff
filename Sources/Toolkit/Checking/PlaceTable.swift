import History

/// Finds the place of an identifier in a list that holds them: eight bytes for each, of which
/// half are a part of the hash, so that the list itself is mostly looked at only for a hit.
///
/// It is never iterated, so that nothing depends on the order inside.
struct PlaceTable<Key: HistoryNumber> {
    /// Zero is free; else the upper half of a hash, and a place plus one.
    private var slots = [UInt64](repeating: 0, count: 16)
    private var count = 0
    private let seed = IDHash.seed

    /// The place of `key`, if it was added. `keyAt` gives the key at a place.
    @inline(__always)
    func find(_ key: Key, _ keyAt: (Int) -> Key) -> Int? {
        let mark = IDHash.hash(key, seed) >> 32
        var slot = home(mark)
        while slots[slot] != 0 {
            let found = slots[slot]
            if found >> 32 == mark {
                let place = Self.place(found)
                if keyAt(place) == key { return place }
            }
            slot = next(slot)
        }
        return nil
    }

    /// Adds a key that is not there yet. Places are below four thousand million: that many
    /// commands do not fit the memory of any machine we know.
    mutating func add(_ key: Key, at place: Int) {
        count += 1
        if count * 8 > slots.count * 5 { grow() }
        insert(entry(key, place))
    }

    /// Forgets a key that was added at that place.
    mutating func remove(_ key: Key, at place: Int) {
        let entry = entry(key, place)
        var hole = home(entry >> 32)
        while slots[hole] != entry {
            if slots[hole] == 0 { return }
            hole = next(hole)
        }
        count -= 1
        // Closes the hole, so that every key is still found from its home.
        var follower = next(hole)
        while slots[follower] != 0 {
            let home = home(slots[follower] >> 32)
            let mask = slots.count &- 1
            if (follower &- home) & mask >= (follower &- hole) & mask {
                slots[hole] = slots[follower]
                hole = follower
            }
            follower = next(follower)
        }
        slots[hole] = 0
    }

    @inline(__always)
    private func entry(_ key: Key, _ place: Int) -> UInt64 {
        IDHash.hash(key, seed) & ~UInt64(UInt32.max) | UInt64(truncatingIfNeeded: place &+ 1)
    }

    @inline(__always)
    private static func place(_ entry: UInt64) -> Int {
        Int(truncatingIfNeeded: entry & UInt64(UInt32.max)) &- 1
    }

    @inline(__always)
    private func home(_ mark: UInt64) -> Int { Int(truncatingIfNeeded: mark) & (slots.count &- 1) }

    @inline(__always)
    private func next(_ slot: Int) -> Int { (slot &+ 1) & (slots.count &- 1) }

    private mutating func insert(_ entry: UInt64) {
        var slot = home(entry >> 32)
        while slots[slot] != 0 { slot = next(slot) }
        slots[slot] = entry
    }

    @inline(never)
    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 { insert(entry) }
    }
}
