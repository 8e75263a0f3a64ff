import Glibc

/// One way in which everything so far can have happened: the state, which open operations have
/// already taken effect, and which never-returned ones were used on the way.
struct Configuration<Slots: SlotSet>: BitwiseCopyable {
    var state: Int32
    /// A set of `UnansweredSets`.
    var unanswered: Int32
    /// Open operations that may change the state, and are done.
    var changed: Slots
    /// Open operations that only observe, and are done.
    var seen: Slots
    fileprivate var nextInBucket: Int32 = -1
    fileprivate(set) var isAlive = true

    init(state: Int32, unanswered: Int32, changed: Slots, seen: Slots) {
        self.state = state
        self.unanswered = unanswered
        self.changed = changed
        self.seen = seen
    }

    @inline(__always)
    fileprivate var bucketHash: UInt64 {
        let mixed =
            (changed.hash ^ (UInt64(UInt32(bitPattern: state)) << 40)
                ^ UInt64(
                    UInt32(bitPattern: state))) &* hashFactor
        return mixed ^ (mixed >> 29)
    }
}

/// Configurations without those that another one makes superfluous. With equal state and equal
/// state-changing operations done, the one that has used fewer never-returned operations and has
/// settled more observations can do whatever the other can.
///
/// Entries stay at their index; a superfluous one is marked dead. Memory grows in place (`realloc`
/// moves pages instead of bytes), so that what is accounted is what is resident.
final class ConfigurationSet<Slots: SlotSet> {
    typealias Entry = Configuration<Slots>

    private(set) var count = 0
    private(set) var aliveCount = 0
    private var entries: UnsafeMutablePointer<Entry>
    private var capacity = 64
    private var accounted = 0
    private var buckets: UnsafeMutablePointer<Int32>
    private var bucketCapacity = 0
    /// 0 while the set is so small that a scan is faster.
    private var bucketCount = 0
    private let budget: Budget

    private static var scanned: Int { 8 }
    private static var accountedAtOnce: Int { 1024 }

    init(budget: Budget) {
        self.budget = budget
        entries = .allocate(capacity: capacity)
        buckets = .allocate(capacity: 1)
    }

    deinit {
        free(entries)
        free(buckets)
        budget.touched(-accounted * MemoryLayout<Entry>.stride - bucketCapacity * 4)
    }

    @inline(__always)
    subscript(_ index: Int) -> Entry { entries[index] }

    func removeAll() {
        count = 0
        aliveCount = 0
        bucketCount = 0
    }

    /// Changes all entries at once in a way that keeps them different: without the hash table.
    func forgetObservation(_ slot: Int) {
        for index in 0..<count { entries[index].seen.remove(slot) }
    }

    /// Gives every entry another state and set; the entries' keys must stay different.
    func renumber(state: (Int32) -> Int32, unanswered: (Int32) -> Int32) {
        for index in 0..<count where entries[index].isAlive {
            entries[index].state = state(entries[index].state)
            entries[index].unanswered = unanswered(entries[index].unanswered)
        }
        rebuildBuckets()
    }

    /// Adds an entry unless one that is there makes it superfluous; returns its index.
    @inline(__always)
    func insert(
        _ entry: Entry, _ sets: UnansweredSets
    ) throws(Budget.Exhausted) -> Int? {
        if bucketCount == 0 {
            for index in 0..<count where entries[index].isAlive {
                if settle(entry, against: index, sets) { return nil }
            }
        } else {
            var index = Int(buckets[bucket(of: entry)])
            while index >= 0 {
                if entries[index].isAlive, settle(entry, against: index, sets) { return nil }
                index = Int(entries[index].nextInBucket)
            }
        }
        return try append(entry)
    }

    /// Whether the entry at `index` makes `entry` superfluous; if it is the other way round, the
    /// one at `index` dies.
    @inline(__always)
    private func settle(
        _ entry: Entry, against index: Int, _ sets: UnansweredSets
    ) -> Bool {
        let there = entries[index]
        guard there.state == entry.state, there.changed == entry.changed else { return false }
        if there.seen.isSuperset(of: entry.seen),
            sets.isSubset(there.unanswered, of: entry.unanswered)
        {
            return true
        }
        if entry.seen.isSuperset(of: there.seen),
            sets.isSubset(entry.unanswered, of: there.unanswered)
        {
            entries[index].isAlive = false
            aliveCount -= 1
        }
        return false
    }

    private func append(_ entry: Entry) throws(Budget.Exhausted) -> Int {
        if count == capacity { try grow() }
        if count == accounted {
            let bytes = Self.accountedAtOnce * MemoryLayout<Entry>.stride
            try budget.allow(bytes)
            budget.touched(bytes)
            accounted += Self.accountedAtOnce
        }
        let index = count
        entries[index] = entry
        entries[index].isAlive = true
        count += 1
        aliveCount += 1
        if bucketCount > 0 && count <= bucketCount {
            link(index)
        } else if count > Self.scanned {
            try growBuckets()
        }
        return index
    }

    private func grow() throws(Budget.Exhausted) {
        capacity *= 2
        let bytes = capacity * MemoryLayout<Entry>.stride
        guard let moved = realloc(entries, bytes) else {
            capacity /= 2
            throw Budget.Exhausted(budget: .memory)
        }
        entries = moved.assumingMemoryBound(to: Entry.self)
    }

    private func growBuckets() throws(Budget.Exhausted) {
        let wanted = max(64, bucketCount * 2)
        if wanted > bucketCapacity {
            let bytes = wanted * MemoryLayout<Int32>.stride
            try budget.allow(bytes)
            budget.touched(bytes - bucketCapacity * MemoryLayout<Int32>.stride)
            free(buckets)
            buckets = .allocate(capacity: wanted)
            bucketCapacity = wanted
        }
        bucketCount = wanted
        rebuildBuckets()
    }

    private func rebuildBuckets() {
        guard bucketCount > 0 else { return }
        buckets.update(repeating: -1, count: bucketCount)
        for index in 0..<count where entries[index].isAlive { link(index) }
    }

    @inline(__always)
    private func bucket(of entry: Entry) -> Int {
        Int(truncatingIfNeeded: entry.bucketHash) & (bucketCount - 1)
    }

    @inline(__always)
    private func link(_ index: Int) {
        let bucket = bucket(of: entries[index])
        entries[index].nextInBucket = buckets[bucket]
        buckets[bucket] = Int32(truncatingIfNeeded: index)
    }
}
