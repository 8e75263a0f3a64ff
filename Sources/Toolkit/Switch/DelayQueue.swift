import BoundedCollections
import SystemCalls

/// Frames that wait for their time, earliest first; of equal times the one that came first.
struct DelayQueue {
    struct Entry: Comparable {
        let release: Instant
        let order: UInt64
        let link: Link
        let bytes: [UInt8]

        static func < (left: Entry, right: Entry) -> Bool {
            (left.release, left.order) < (right.release, right.order)
        }
    }

    /// More than this is lost: a switch has no endless memory.
    static let frameLimit = 32_768
    static let byteLimit = 64 << 20

    private var heap = MinHeap<Entry>()
    private var held = 0
    private var nextOrder: UInt64 = 0

    var earliest: Instant? { heap.first?.release }
    var count: Int { heap.count }

    /// False when there is no room.
    mutating func push(_ bytes: [UInt8], on link: Link, until release: Instant) -> Bool {
        guard heap.count < Self.frameLimit, held + bytes.count <= Self.byteLimit else {
            return false
        }
        heap.insert(Entry(release: release, order: nextOrder, link: link, bytes: bytes))
        nextOrder += 1
        held += bytes.count
        return true
    }

    /// The earliest frame whose time has come.
    mutating func pop(until now: Instant) -> Entry? {
        guard let first = heap.first, first.release <= now else { return nil }
        held -= first.bytes.count
        return heap.popFirst()
    }
}
