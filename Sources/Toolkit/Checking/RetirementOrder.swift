import History

/// Keys in the order in which they leave: slots never go back and every window is constant, so
/// first in is first out (lease-kernel.md 11).
struct RetirementOrder<Key: Hashable & Sendable>: Sendable {
    private var entries: [(key: Key, retireAfter: Slot)] = []
    private var front = 0

    mutating func push(_ key: Key, after slot: Slot) {
        entries.append((key, slot))
    }

    /// Everything that is retired by a command of that slot. An entry survives through its own
    /// `retireAfter` and goes with the first command of a later slot.
    mutating func popAll(before slot: Slot) -> [Key] {
        guard front < entries.count, entries[front].retireAfter < slot else { return [] }
        var keys: [Key] = []
        while front < entries.count, entries[front].retireAfter < slot {
            keys.append(entries[front].key)
            front += 1
        }
        // Give memory back once most of the array is behind us.
        if front > 1024, front * 2 > entries.count {
            entries.removeFirst(front)
            front = 0
        }
        return keys
    }
}
