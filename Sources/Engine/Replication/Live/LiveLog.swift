import ClusterProtocol
import LeaseKernel
import SystemCalls

/// The end of one replica's log in memory: every entry that is not committed, and the last
/// committed ones for peers that are a little behind.
///
/// Positions are consecutive; LSN 0 stands for "nothing". Adding at the end, dropping at the
/// front and looking up cost the same however long the log is.
struct LiveLog: Sendable {
    struct Entry: Sendable {
        let replicated: ReplicatedEntry
        /// When it was taken in here: an entry that waits too long means the quorum is lost.
        let arrived: Instant
        /// Payload bytes of this and all entries taken in before it.
        let totalBytes: UInt64

        var lsn: LSN { replicated.entry.lsn }
        var payloadBytes: Int { replicated.entry.payload.count }
    }

    private var entries: [Entry] = []
    private var head = 0
    /// The position before the first entry in memory.
    private(set) var base: LSN
    /// The highest life that wrote anything at or below `base`.
    private(set) var baseHighest: Term
    /// Everything up to here is committed and applied.
    private(set) var commit: LSN
    private var totalBytes: UInt64 = 0
    private var committedBytes: UInt64 = 0

    init(base: LSN, highest: Term) {
        self.base = base
        self.baseHighest = highest
        self.commit = base
    }

    var count: Int { entries.count - head }
    var last: LSN { LSN(base.rawValue + UInt64(count)) }
    /// Where the next entry goes; nil when there is no room. The very last number stays unused,
    /// so that "the one after" exists for every entry.
    var nextPosition: LSN? { last.rawValue >= .max - 1 ? nil : last.successor }
    var pendingCount: Int { Int(last.rawValue - commit.rawValue) }
    var pendingBytes: Int { Int(totalBytes - committedBytes) }

    subscript(lsn: LSN) -> Entry? {
        guard lsn > base, lsn <= last else { return nil }
        return entries[head + Int(lsn.rawValue - base.rawValue) - 1]
    }

    /// The lowest entry that is not committed.
    var oldestPending: Entry? { self[LSN(commit.rawValue &+ 1)] }

    /// The generation of the entry at a position, as far as it is known.
    func generation(at lsn: LSN) -> Generation {
        self[lsn]?.replicated.generation ?? .unknown
    }

    /// The highest life that wrote anything up to `end` (`LogStanding`).
    func highestTerm(through end: LSN) -> Term {
        var highest = baseHighest
        for entry in entries[head...] {
            if entry.lsn > end { break }
            highest = max(highest, entry.replicated.term)
        }
        return highest
    }

    /// Entries after `previous`, up to `end`, within both limits but at least one.
    func entries(
        after previous: LSN, through end: LSN, maximumBytes: Int, maximumCount: Int
    ) -> [ReplicatedEntry] {
        guard previous >= base, previous < end else { return [] }
        var found: [ReplicatedEntry] = []
        var bytes = 0
        var index = head + Int(previous.rawValue - base.rawValue)
        let stop = head + Int(min(end, last).rawValue - base.rawValue)
        while index < stop, found.count < maximumCount {
            bytes += entries[index].payloadBytes
            if bytes > maximumBytes, !found.isEmpty { break }
            found.append(entries[index].replicated)
            index += 1
        }
        return found
    }

    /// Payload bytes of the entries after `start` up to `end`, as far as they are in memory.
    func payloadBytes(after start: LSN, through end: LSN) -> Int {
        guard start < end, let last = self[end] else { return 0 }
        guard let first = self[LSN(max(start, base).rawValue + 1)] else { return 0 }
        guard last.totalBytes >= first.totalBytes else { return 0 }
        return Int(last.totalBytes - first.totalBytes) + first.payloadBytes
    }

    /// All entries that are not committed.
    var pending: ArraySlice<Entry> {
        entries[(head + Int(commit.rawValue - base.rawValue))...]
    }

    /// Adds the entry that follows the last one. The caller has checked its position.
    mutating func append(_ replicated: ReplicatedEntry, at now: Instant) {
        precondition(replicated.entry.lsn.rawValue == last.rawValue + 1)
        totalBytes += UInt64(replicated.entry.payload.count)
        entries.append(Entry(replicated: replicated, arrived: now, totalBytes: totalBytes))
    }

    /// Gives up everything from `lsn` on, which must lie above the commit position.
    mutating func truncate(from lsn: LSN) {
        precondition(lsn > commit)
        while last >= lsn {
            let entry = entries.removeLast()
            totalBytes -= UInt64(entry.payloadBytes)
        }
    }

    /// Marks the entry after the commit position as committed and returns it.
    mutating func commitNext() -> Entry? {
        guard let entry = oldestPending else { return nil }
        commit = entry.lsn
        committedBytes += UInt64(entry.payloadBytes)
        return entry
    }

    /// Drops committed entries from the front while there are more than the limits allow; only
    /// those at or below `end`, which the log file has been given.
    mutating func trim(through end: LSN, maximumBytes: Int, maximumCount: Int) {
        while head < entries.count {
            let entry = entries[head]
            guard entry.lsn <= end, entry.lsn <= commit else { break }
            let keptBytes = committedBytes - entry.totalBytes + UInt64(entry.payloadBytes)
            let keptCount = commit.rawValue - base.rawValue
            guard keptBytes > UInt64(maximumBytes) || keptCount > UInt64(maximumCount) else {
                break
            }
            baseHighest = max(baseHighest, entry.replicated.term)
            base = entry.lsn
            head += 1
        }
        // Half of the buffer gone: give it back, at a cost the removals have already paid for.
        if head > 64, head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// Continues behind a snapshot: entries up to it are gone, later ones stay as they are.
    mutating func reset(to snapshot: LSN, highest: Term, at now: Instant) {
        let kept = entries[head...].filter { $0.lsn > snapshot }
        let own = highestTerm(through: snapshot)
        self = LiveLog(base: snapshot, highest: max(own, highest))
        if kept.first.map({ $0.lsn.rawValue == snapshot.rawValue + 1 }) ?? true {
            for entry in kept { append(entry.replicated, at: now) }
        }
    }
}
