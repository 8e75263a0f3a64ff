import History

/// A map from identifiers to values that is only ever asked for single keys: open addressing in
/// one piece of memory, several times faster than a dictionary with its keyed hash, and never
/// iterated, so that nothing depends on the order inside.
struct IDTable<Key: HistoryNumber, Value> {
    private var slots: [(key: Key, value: Value)?]
    private(set) var count = 0
    private let seed = IDHash.seed

    init() {
        slots = [(key: Key, value: Value)?](repeating: nil, count: 16)
    }

    subscript(key: Key) -> Value? {
        get { slots[place(of: key)]?.value }
        set {
            let place = place(of: key)
            guard let newValue else {
                if slots[place] != nil { remove(at: place) }
                return
            }
            let isNew = slots[place] == nil
            slots[place] = (key, newValue)
            if isNew {
                count += 1
                if count * 8 > slots.count * 5 { grow() }
            }
        }
    }

    /// Stores a value and returns the one that it replaces.
    mutating func replace(_ value: Value, for key: Key) -> Value? {
        let place = place(of: key)
        let old = slots[place]?.value
        slots[place] = (key, value)
        if old == nil {
            count += 1
            if count * 8 > slots.count * 5 { grow() }
        }
        return old
    }

    /// Forgets a key whose value is as described.
    mutating func remove(_ key: Key, where isMeant: (Value) -> Bool) {
        let place = place(of: key)
        if let found = slots[place], isMeant(found.value) { remove(at: place) }
    }

    /// Forgets a key and returns its value.
    mutating func take(_ key: Key) -> Value? {
        let place = place(of: key)
        guard let old = slots[place] else { return nil }
        remove(at: place)
        return old.value
    }

    /// Where the key is, or the free slot where it would be. There always is one: at most five
    /// of eight slots are taken.
    private func place(of key: Key) -> Int {
        var place = home(of: key)
        while let taken = slots[place], taken.key != key { place = next(place) }
        return place
    }

    private func home(of key: Key) -> Int {
        let mask = UInt64(truncatingIfNeeded: slots.count &- 1)
        return Int(truncatingIfNeeded: IDHash.hash(key, seed) & mask)
    }

    private func next(_ place: Int) -> Int { (place &+ 1) & (slots.count &- 1) }

    /// Closes the hole, so that every key is still found from its home.
    private mutating func remove(at place: Int) {
        count -= 1
        var hole = place
        var follower = next(place)
        while let moving = slots[follower] {
            let home = home(of: moving.key)
            let mask = slots.count - 1
            if (follower - home) & mask >= (follower - hole) & mask {
                slots[hole] = moving
                hole = follower
            }
            follower = next(follower)
        }
        slots[hole] = nil
    }

    private mutating func grow() {
        let old = slots
        slots = [(key: Key, value: Value)?](repeating: nil, count: old.count * 2)
        for entry in old {
            guard let entry else { continue }
            slots[place(of: entry.key)] = entry
        }
    }
}

/// A hash of identifiers, good in all its bits. It is seeded per process, so that no history can
/// be written to make all its ids collide.
enum IDHash {
    /// Tables keep it: whoever asks here has to ask first whether it was made.
    static let seed = UInt64.random(in: .min ... .max)

    @inline(__always)
    static func hash(_ key: some HistoryNumber, _ seed: UInt64) -> UInt64 {
        let wide = UInt128(key.rawValue)
        let low = UInt64(truncatingIfNeeded: wide) ^ seed
        let high = UInt64(truncatingIfNeeded: wide >> 64)
        var hash = low &* 0x9e37_79b9_7f4a_7c15 &+ high &* 0xbf58_476d_1ce4_e5b9
        hash ^= hash >> 32
        hash = hash &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 29)
    }
}
