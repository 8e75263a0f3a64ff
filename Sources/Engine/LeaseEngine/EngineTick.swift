public import LeaseKernel

/// What a tick did (durability.md 9.6).
public struct TickReport: Hashable, Sendable {
    /// Expire commands that were logged and applied, whatever their result.
    public let processedCount: UInt32
    /// LSN of the last of them.
    public let lastAppliedLSN: LSN?

    public init(processedCount: UInt32, lastAppliedLSN: LSN?) {
        self.processedCount = processedCount
        self.lastAppliedLSN = lastAppliedLSN
    }
}

extension Engine {
    /// Processes the queue, then expires what is due, up to the configured number. An error ends
    /// the tick; what was applied before it stays applied.
    public mutating func tick(at currentSlot: Slot) throws(SubmissionError) -> TickReport {
        if isHalted { throw .engineHalted }
        if queue.isEmpty, case .exhausted(let last) = state {
            throw .lsnExhausted(lastApplied: last)
        }
        while try processFront() != nil {}
        if case .exhausted(let last) = state { throw .lsnExhausted(lastApplied: last) }

        let due = kernel.dueReservations(
            at: currentSlot, limit: configuration.maxExpirationsPerTick)
        let requestSlot = kernel.tickRequestSlot(at: currentSlot)
        var last: LSN?
        for reservation in due {
            let command = reservation.command
            last = try applyInternal(
                command, payload: CommandCodec.encode(command), at: requestSlot
            ).lsn
        }
        return TickReport(processedCount: UInt32(due.count), lastAppliedLSN: last)
    }
}
