import History

/// The places of the log that are in sight: those that are told or passed over but not replayed,
/// and a stretch of those that were.
struct LogWindow: ~Copyable {
    struct Place {
        /// The command that was told to stand here; -1 for none.
        var command: Int32 = -1
        var isTickEnd = false
        /// The first answer that named this place.
        var answeredAt = RunInstant(0)
        /// The earliest answer that named this place or a later one.
        var passedAt = RunInstant(0)
        /// When the tick that ends here was sent.
        var tickSentAt = RunInstant(0)
        /// The latest sending of a command or tick up to here, and of commands alone.
        var latestSent = RunInstant(0)
        var latestCommandSent = RunInstant(0)

        var isEntry: Bool { command >= 0 }
    }

    /// Places in sight at most.
    private static let widest: UInt64 = 1 << 22

    private var ring = FlatArray(repeating: Place(), count: 4096)
    /// The largest LSN that an answer named.
    private(set) var told = LSN(0)
    /// Up to here the log was replayed.
    private(set) var replayed = LSN(0)
    /// Places behind this one are still in the ring.
    private var forgotten: UInt64 = 0

    /// The latest sending of the commands that were replayed.
    private(set) var latestCommandSent = RunInstant(0)
    private(set) var latestSent = RunInstant(0)

    /// The place of an LSN in sight.
    subscript(lsn: LSN) -> Place {
        @inline(__always) _read { yield ring[index(lsn.rawValue)] }
        @inline(__always) _modify { yield &ring[index(lsn.rawValue)] }
    }

    func isInSight(_ lsn: LSN) -> Bool { lsn.rawValue > forgotten && lsn <= told }

    /// An answer names an LSN: whatever lies below it and is not told yet has been passed. What
    /// lies behind `needed` may be forgotten.
    mutating func pass(_ lsn: LSN, at time: RunInstant, needed: LSN) throws(Declined) {
        guard lsn > told else { return }
        let oldest = min(needed, replayed).rawValue
        guard lsn.rawValue - oldest < Self.widest else { throw .outOfSight }
        while lsn.rawValue - oldest >= UInt64(ring.count) / 2 { grow() }
        var next = told.rawValue
        while next < lsn.rawValue {
            next &+= 1
            var place = Place()
            place.passedAt = time
            ring[index(next)] = place
        }
        told = lsn
        if told.rawValue > UInt64(ring.count) {
            forgotten = max(forgotten, told.rawValue - UInt64(ring.count))
        }
    }

    /// Goes on behind the next place, which a command sent then, a tick sent then, or neither
    /// takes.
    mutating func advance(commandSentAt: RunInstant, tickSentAt: RunInstant) {
        replayed = LSN(replayed.rawValue &+ 1)
        latestCommandSent = max(latestCommandSent, commandSentAt)
        latestSent = max(latestSent, max(commandSentAt, tickSentAt))
        ring[index(replayed.rawValue)].latestSent = latestSent
        ring[index(replayed.rawValue)].latestCommandSent = latestCommandSent
    }

    /// The latest sending of a command up to an LSN that was replayed; 0 stands before all.
    func latestCommandSent(upTo lsn: LSN) throws(Declined) -> RunInstant {
        if lsn == replayed { return latestCommandSent }
        if lsn.rawValue == 0 { return RunInstant(0) }
        guard lsn.rawValue > forgotten else { throw .outOfSight }
        return self[lsn].latestCommandSent
    }

    @inline(__always)
    private func index(_ lsn: UInt64) -> Int {
        Int(truncatingIfNeeded: lsn & UInt64(truncatingIfNeeded: ring.count &- 1))
    }

    private mutating func grow() {
        let larger = ring.count * 2
        var new = FlatArray(repeating: Place(), count: larger)
        var lsn = told.rawValue
        while lsn > forgotten {
            new[Int(lsn & UInt64(larger - 1))] = ring[index(lsn)]
            lsn -= 1
        }
        ring = new
    }
}
