import SystemCalls

/// Frames that wait for their time, earliest first; of equal times the one that came first.
struct DelayQueue {
    struct Entry {
        let release: Instant
        let order: UInt64
        let link: Link
        let bytes: [UInt8]

        func isBefore(_ other: Entry) -> Bool {
            (release, order) < (other.release, other.order)
        }
    }

    /// More than this is lost: a switch has no endless memory.
    static let frameLimit = 32_768
    static let byteLimit = 64 << 20

    private var heap: [Entry] = []
    private var held = 0
    private var nextOrder: UInt64 = 0

    var earliest: Instant? { heap.first?.release }
    var count: Int { heap.count }

    /// False when there is no room.
    mutating func push(_ bytes: [UInt8], on link: Link, until release: Instant) -> Bool {
        guard heap.count < Self.frameLimit, held + bytes.count <= Self.byteLimit else {
            return false
        }
        heap.append(Entry(release: release, order: nextOrder, link: link, bytes: bytes))
        nextOrder += 1
        held += bytes.count
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].isBefore(heap[parent]) else { break }
            heap.swapAt(index, parent)
            index = parent
        }
        return true
    }

    /// The earliest frame whose time has come.
    mutating func pop(until now: Instant) -> Entry? {
        guard let first = heap.first, first.release <= now else { return nil }
        let last = heap.removeLast()
        held -= first.bytes.count
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return first
    }

    private mutating func sink() {
        var index = 0
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].isBefore(heap[smallest]) {
                smallest = child
            }
            if smallest == index { return }
            heap.swapAt(index, smallest)
            index = smallest
        }
    }
}
