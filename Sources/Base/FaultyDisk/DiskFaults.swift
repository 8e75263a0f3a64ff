public import SystemCalls

/// What a disk can be made to do wrong besides losing power.
public enum DiskFault: String, Hashable, Sendable, CaseIterable {
    /// No room: a write that grows a file is cut short and then refused (ENOSPC).
    case full
    /// Writing reports an error (EIO) and changes nothing.
    case writeError = "write-error"
    /// Syncing reports an error (EIO), and what was to be synced is never made durable.
    case syncError = "sync-error"
    case readError = "read-error"
    /// Writing does not come back until the fault is over.
    case writeStall = "write-stall"
    case syncStall = "sync-stall"
    case readStall = "read-stall"
    /// Syncing reports that it was done, and was not: what is written stays in the cache. What
    /// comes to be synced after the lie includes it.
    case syncLie = "sync-lie"
}

/// Which faults a disk has at the moment. Each ends when it is switched off, and at the latest
/// when its lease is over, so that whoever switched it on may die.
public struct DiskFaults: Sendable {
    public enum Operation: Hashable, Sendable {
        case read
        /// Writes bytes or cuts a file; `growth` is by how much the file gets longer. A durable
        /// write is a write and a sync in one.
        case write(growth: Int, isDurable: Bool = false)
        case create
        case sync
    }

    public enum Decision: Hashable, Sendable {
        case proceed
        /// Of the write only this many of the bytes that grow the file.
        case cutShort(to: Int)
        case fail(DiskError)
        /// Ask again when the faults have changed.
        case hold
        /// Say that it was synced, without doing so.
        case pretend
    }

    private struct Active {
        let until: Instant
        /// Bytes by which files may still grow; only for a full disk.
        var room: Int
    }

    private var active: [DiskFault: Active] = [:]
    /// How many operations each fault has hit since the start.
    public private(set) var touched: [DiskFault: UInt64] = [:]

    public init() {}

    /// Switches a fault on, or gives one that is on a new lease.
    public mutating func switchOn(_ fault: DiskFault, until end: Instant, room: Int = 0) {
        active[fault] = Active(until: end, room: room)
    }

    public mutating func switchOff(_ fault: DiskFault) {
        active[fault] = nil
    }

    public mutating func switchAllOff() {
        active = [:]
    }

    /// The faults that hold at a moment, by name.
    public func current(at now: Instant) -> [DiskFault] {
        DiskFault.allCases.filter { active[$0].map { $0.until > now } ?? false }
    }

    /// When the next lease is over.
    public var nextEnd: Instant? { active.values.map(\.until).min() }

    /// Ends the faults whose lease is over.
    public mutating func expire(at now: Instant) {
        active = active.filter { $0.value.until > now }
    }

    /// What becomes of an operation. `isRepeated` is true for one that was held before, so that
    /// it is counted once.
    public mutating func decide(
        _ operation: Operation, at now: Instant, isRepeated: Bool = false
    ) -> Decision {
        expire(at: now)
        switch operation {
        case .read:
            if isActive(.readStall) { return held(.readStall, isRepeated) }
            return hit(.readError) ? .fail(.inputOutput) : .proceed
        case .sync:
            if isActive(.syncStall) { return held(.syncStall, isRepeated) }
            if hit(.syncError) { return .fail(.inputOutput) }
            return hit(.syncLie) ? .pretend : .proceed
        case .create:
            if let room = active[.full]?.room, room == 0, hit(.full) { return .fail(.noSpaceLeft) }
            return .proceed
        case .write(let growth, let isDurable):
            if isActive(.writeStall) { return held(.writeStall, isRepeated) }
            if isDurable, isActive(.syncStall) { return held(.syncStall, isRepeated) }
            if hit(.writeError) || isDurable && hit(.syncError) { return .fail(.inputOutput) }
            let decision = takeRoom(growth)
            guard isDurable, decision == .proceed else { return decision }
            return hit(.syncLie) ? .pretend : .proceed
        }
    }

    private func isActive(_ fault: DiskFault) -> Bool { active[fault] != nil }

    /// Whether the fault holds; counts it if so.
    private mutating func hit(_ fault: DiskFault) -> Bool {
        guard isActive(fault) else { return false }
        touched[fault, default: 0] += 1
        return true
    }

    private mutating func held(_ fault: DiskFault, _ isRepeated: Bool) -> Decision {
        if !isRepeated { touched[fault, default: 0] += 1 }
        return .hold
    }

    private mutating func takeRoom(_ growth: Int) -> Decision {
        guard growth > 0, let room = active[.full]?.room else { return .proceed }
        if growth <= room {
            active[.full]?.room = room - growth
            return .proceed
        }
        touched[.full, default: 0] += 1
        active[.full]?.room = 0
        return room > 0 ? .cutShort(to: room) : .fail(.noSpaceLeft)
    }
}
