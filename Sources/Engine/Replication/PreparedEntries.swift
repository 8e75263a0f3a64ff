public import LeaseKernel

/// The prepared entries of one replica, each at its own position, in ascending order.
///
/// Normally they are consecutive, but a file read from disk may hold anything, so positions are
/// looked up and never computed. Adding at the end and removing from the front cost the same
/// however many entries there are.
public struct PreparedEntries: Hashable, Sendable {
    private var entries: [PreparedEntry] = []
    /// Entries before this index were removed from the front and are not there any more.
    private var first = 0

    public init() {}

    /// The entries of `unordered` in ascending order, or nil when a position repeats.
    public init?(_ unordered: [PreparedEntry]) {
        entries = unordered.sorted { $0.lsn < $1.lsn }
        for (left, right) in zip(entries, entries.dropFirst()) where left.lsn == right.lsn {
            return nil
        }
    }

    public var count: Int { entries.count - first }
    public var isEmpty: Bool { count == 0 }
    /// Ascending by position.
    public var all: ArraySlice<PreparedEntry> { entries[first...] }
    public var lowest: PreparedEntry? { all.first }
    public var highest: PreparedEntry? { all.last }
    public var highestLSN: LSN? { highest?.lsn }

    public subscript(lsn: LSN) -> PreparedEntry? {
        let index = firstIndex(notBelow: lsn)
        return index < entries.count && entries[index].lsn == lsn ? entries[index] : nil
    }

    /// Adds `entry`, in place of one at the same position.
    public mutating func insert(_ entry: PreparedEntry) {
        let index = firstIndex(notBelow: entry.lsn)
        if index < entries.count, entries[index].lsn == entry.lsn {
            entries[index] = entry
        } else {
            entries.insert(entry, at: index)
        }
    }

    /// Removes every entry up to and including `lsn`.
    public mutating func removeThrough(_ lsn: LSN) {
        while first < entries.count, entries[first].lsn <= lsn { first += 1 }
        // Half of the buffer gone: give it back, at a cost the removals have already paid for.
        if first * 2 >= entries.count {
            entries.removeFirst(first)
            first = 0
        }
    }

    /// Removes every entry from `lsn` on.
    public mutating func removeFrom(_ lsn: LSN) {
        entries.removeLast(entries.count - firstIndex(notBelow: lsn))
    }

    public mutating func removeAll() {
        entries.removeAll()
        first = 0
    }

    public static func == (left: Self, right: Self) -> Bool { left.all == right.all }

    public func hash(into hasher: inout Hasher) { hasher.combine(all) }

    private func firstIndex(notBelow lsn: LSN) -> Int {
        var low = first
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].lsn < lsn { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
