import History

/// The requests that are not answered yet, by their numbers, which ascend nearly in the order of
/// their invocations: what lies below all open ones needs no memory.
struct OpenAttempts: ~Copyable {
    struct Attempt {
        var invokedAt = RunInstant(0)
        /// The largest LSN that had been acknowledged before.
        var acknowledged = LSN(0)
        var object: UInt128 = 0
        var slot = Slot(0)
        /// Of a read: the LSN it demands.
        var fence = LSN(0)
        var command: Int32 = -1
        var kind = PlainEvent.Kind.note
        var hasSlot = false
        var hasFence = false
        var state = State.unseen
    }

    enum State: UInt8 {
        case unseen
        case open
        /// A read that is answered and not placed yet.
        case answered
        case closed
    }

    /// Numbers between the lowest that is not closed and the highest.
    private static let widest = 1 << 22

    private var ring = FlatArray(repeating: Attempt(), count: 1024)
    private var base: UInt64 = 0
    /// In the order of their invocations; closed ones at the front are taken off.
    private var writes = RingQueue<UInt64>()
    private var reads = RingQueue<UInt64>()

    mutating func open(_ number: UInt64, _ attempt: Attempt) throws(Declined) {
        if base == 0 { base = number > 1024 ? number - 512 : 1 }
        guard number >= base else { throw .record }
        while number - base >= UInt64(ring.count) { try grow() }
        let place = place(number)
        guard ring[place].state == .unseen else { throw .record }
        ring[place] = attempt
        ring[place].state = .open
        if attempt.kind.isMutating { writes.append(number) } else { reads.append(number) }
    }

    /// Takes the answer to a request. One that can change nothing stays until it is settled.
    mutating func close(_ number: UInt64) throws(Declined) -> Attempt {
        guard number >= base, base > 0, number - base < UInt64(ring.count) else { throw .record }
        let place = place(number)
        guard ring[place].state == .open else { throw .record }
        let attempt = ring[place]
        ring[place].state = .answered
        if attempt.kind.isMutating { settle(number) }
        return attempt
    }

    /// Lets go of an answered request.
    mutating func settle(_ number: UInt64) {
        let place = place(number)
        ring[place].state = .closed
        if number == base {
            var next = place
            while ring[next].state == .closed {
                ring[next].state = .unseen
                base &+= 1
                next = (next &+ 1) & (ring.count &- 1)
            }
        }
    }

    /// When the oldest open command or tick was sent.
    mutating func oldestWrite() -> RunInstant? {
        while let number = writes.first {
            if isOpen(number) { return ring[place(number)].invokedAt }
            writes.popFirst()
        }
        return nil
    }

    /// The oldest read that is not settled.
    mutating func oldestRead() -> (invokedAt: RunInstant, acknowledged: LSN)? {
        while let number = reads.first {
            let place = place(number)
            if number >= base, ring[place].state != .closed {
                return (ring[place].invokedAt, ring[place].acknowledged)
            }
            reads.popFirst()
        }
        return nil
    }

    /// What is open at the end, in the order of the numbers.
    var remaining: [Attempt] {
        (0..<ring.count).compactMap { offset in
            let attempt = ring[place(base &+ UInt64(offset))]
            return attempt.state == .open ? attempt : nil
        }
    }

    private func isOpen(_ number: UInt64) -> Bool {
        number >= base && ring[place(number)].state == .open
    }

    @inline(__always)
    private func place(_ number: UInt64) -> Int {
        Int(truncatingIfNeeded: number & UInt64(truncatingIfNeeded: ring.count &- 1))
    }

    private mutating func grow() throws(Declined) {
        guard ring.count < Self.widest else { throw .outOfSight }
        let larger = ring.count * 2
        var new = FlatArray(repeating: Attempt(), count: larger)
        for offset in 0..<UInt64(ring.count) {
            let number = base &+ offset
            new[Int(number & UInt64(larger - 1))] = ring[place(number)]
        }
        ring = new
    }
}
