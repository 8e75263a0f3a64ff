/// Which reserved leases expire when: buckets of reservation ids by deadline modulo the wheel's
/// length (lease-kernel.md 12). Only buckets that hold something take memory, so a TTL limit of
/// 2^60 slots costs nothing.
public struct ExpirationWheel: Hashable, Sendable {
    /// Number of buckets, empty ones included; at least 1.
    public let length: UInt64
    /// The buckets that are not empty, by their number. A bucket read from a foreign snapshot
    /// may be out of order; one of a kernel is ascending.
    public private(set) var buckets: [UInt64: [ReservationID]]

    /// A length of zero is treated as one.
    public init(length: UInt64) {
        self.length = max(length, 1)
        self.buckets = [:]
    }

    /// Every bucket in its place, as a snapshot lists them.
    public init(buckets: [[ReservationID]]) {
        self.init(length: UInt64(buckets.count))
        for (number, ids) in buckets.enumerated() { self[UInt64(number)] = ids }
    }

    /// The ids of one bucket; assigning an empty list drops the bucket.
    public subscript(number: UInt64) -> [ReservationID] {
        get { buckets[number] ?? [] }
        set { buckets[number] = newValue.isEmpty ? nil : newValue }
    }

    public func bucketNumber(of deadline: Slot) -> UInt64 { deadline.rawValue % length }

    public func isScheduled(_ id: ReservationID, deadline: Slot) -> Bool {
        let bucket = self[bucketNumber(of: deadline)]
        let position = insertionPoint(of: id, in: bucket)
        return position < bucket.count && bucket[position] == id
    }

    mutating func insert(_ id: ReservationID, deadline: Slot) {
        let number = bucketNumber(of: deadline)
        var bucket = buckets.removeValue(forKey: number) ?? []
        bucket.insert(id, at: insertionPoint(of: id, in: bucket))
        buckets[number] = bucket
    }

    mutating func remove(_ id: ReservationID, deadline: Slot) {
        let number = bucketNumber(of: deadline)
        guard var bucket = buckets.removeValue(forKey: number) else { return }
        let position = insertionPoint(of: id, in: bucket)
        if position < bucket.count, bucket[position] == id { bucket.remove(at: position) }
        self[number] = bucket
    }

    private func insertionPoint(of id: ReservationID, in bucket: [ReservationID]) -> Int {
        var low = 0
        var high = bucket.count
        while low < high {
            let middle = (low + high) / 2
            if bucket[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
