import History

/// Finds the place of an identifier in a list that holds them: eight bytes for each, of which
/// half are a part of the hash, so that the list itself is mostly looked at only for a hit.
struct PlaceTable<Key: HistoryNumber> {
    /// Zero is free; else the upper half of a hash, and a place plus one.
    private var slots = [UInt64](repeating: 0, count: 16)
    private var count = 0

    /// The place of `key`, if it was added. `keyAt` gives the key at a place.
    func find(_ key: Key, _ keyAt: (Int) -> Key) -> Int? {
        let hash = IDHash.hash(key)
        let mark = hash & ~UInt64(UInt32.max)
        var slot = hash & mask
        while slots[Int(slot)] != 0 {
            let found = slots[Int(slot)]
            let place = Int(truncatingIfNeeded: found & UInt64(UInt32.max)) - 1
            if found & ~UInt64(UInt32.max) == mark, keyAt(place) == key { return place }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Adds a key that is not there yet. Places are below four thousand million: that many
    /// commands do not fit the memory of any machine we know.
    mutating func add(_ key: Key, at place: Int, _ keyAt: (Int) -> Key) {
        count += 1
        if count * 8 > slots.count * 5 {
            let old = slots
            slots = [UInt64](repeating: 0, count: old.count * 2)
            for entry in old where entry != 0 {
                let place = Int(truncatingIfNeeded: entry & UInt64(UInt32.max)) - 1
                insert(entry, hash: IDHash.hash(keyAt(place)))
            }
        }
        let hash = IDHash.hash(key)
        insert(hash & ~UInt64(UInt32.max) | UInt64(place + 1), hash: hash)
    }

    private var mask: UInt64 { UInt64(slots.count - 1) }

    private mutating func insert(_ entry: UInt64, hash: UInt64) {
        var slot = hash & mask
        while slots[Int(slot)] != 0 { slot = (slot + 1) & mask }
        slots[Int(slot)] = entry
    }
}
