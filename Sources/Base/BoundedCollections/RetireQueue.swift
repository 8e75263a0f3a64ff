/// A bounded first-in first-out list of keys and the slot after which each may go
/// (engine-runtime.md 1).
///
/// It does not order by slot, does not look for duplicates and cannot remove from the middle:
/// what an entry means is up to its owner. Copies share storage until one of them changes.
public struct RetireQueue<Key: Sendable, Slot: Sendable>: Sendable {
    public struct Entry: Sendable {
        public let key: Key
        public let retireAfter: Slot

        public init(key: Key, retireAfter: Slot) {
            self.key = key
            self.retireAfter = retireAfter
        }
    }

    /// The queue already holds as many entries as it may; nothing changed.
    public struct Full: Error, Equatable, Sendable {
        public init() {}
    }

    /// Most entries at one time.
    public let capacity: Int
    private var entries: [Entry] = []
    /// Entries before this index are popped and wait for the next compaction.
    private var head = 0

    /// A capacity below 1 is treated as 1.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
    }

    /// A queue that already holds `entries`, oldest first; those beyond the capacity are left out.
    public init(capacity: Int, entries: [Entry]) {
        self.init(capacity: capacity)
        self.entries = Array(entries.prefix(self.capacity))
    }

    public mutating func push(_ key: Key, retireAfter: Slot) throws(Full) {
        guard entries.count - head < capacity else { throw Full() }
        entries.append(Entry(key: key, retireAfter: retireAfter))
    }

    /// The oldest entry.
    public var front: Entry? { head < entries.count ? entries[head] : nil }

    /// Removes and returns the oldest entry.
    @discardableResult
    public mutating func pop() -> Entry? {
        guard let entry = front else { return nil }
        head += 1
        // Moving the rest only when at least half is popped keeps a pop at constant cost on
        // average.
        if head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
        return entry
    }
}

extension RetireQueue.Entry: Equatable where Key: Equatable, Slot: Equatable {}
