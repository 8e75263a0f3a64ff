import History

/// The ticks that reported that nothing was due. A lease that was granted before one of them was
/// sent, and due at its slot, is not found reserved after it (`MissedExpiry` has the words).
struct IdleTicks: ~Copyable {
    struct Tick {
        let slot: Slot
        let sentAt: RunInstant
        let answeredAt: RunInstant
    }

    private static let most = 256

    /// In the order of their answers; of the older ones only the extremes are known.
    private var ticks = RingQueue<Tick>()
    private var largestSlot = Slot(0)
    private var forgottenSlot = Slot(0)
    private var forgottenSentAt = RunInstant(0)

    mutating func add(_ tick: Tick) {
        largestSlot = max(largestSlot, tick.slot)
        ticks.append(tick)
        guard ticks.count > Self.most, let oldest = ticks.popFirst() else { return }
        forgottenSlot = max(forgottenSlot, oldest.slot)
        forgottenSentAt = max(forgottenSentAt, oldest.sentAt)
    }

    /// Whether a tick left the lease, or may have.
    func left(deadline: Slot, grantedAt: RunInstant, before instant: RunInstant) -> Bool {
        guard largestSlot >= deadline else { return false }
        if forgottenSlot >= deadline, forgottenSentAt > grantedAt { return true }
        for place in 0..<ticks.count {
            if let tick = ticks[place], tick.slot >= deadline, tick.sentAt > grantedAt,
                tick.answeredAt < instant
            {
                return true
            }
        }
        return false
    }
}
