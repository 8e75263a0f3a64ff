import Checking
import History
import Testing

/// A command is remembered for a window of slots (lease-kernel.md 7). What nobody was told of may
/// have been executed, forgotten, and executed again.
@Suite("A command may be executed again only when it is no longer remembered")
struct ExecutedAgainTests {
    private static let revoke = Operation.revoke(ReservationID(77))

    /// A lost attempt, then LSN 3, then the same command told of at LSN 4: what stands at LSN 2?
    private func verdict(retriedAt slot: UInt64) -> Judgement {
        var script = CoverageTests.Script()
        script.command(.createResource(ResourceID(1)), id: 1)
        script.attempt(Self.revoke, id: 2, slot: 1, .ambiguous(.timeout))
        script.attempt(
            .createResource(ResourceID(2)), id: 3, slot: 1,
            .committed(LSN(3), .empty, fromRetryCache: false))
        script.attempt(
            Self.revoke, id: 2, slot: slot,
            .refused(LSN(4), .reservationNotFound, fromRetryCache: false))
        return Judge.judge(
            RunRecord(
                header: .forTests(limits: ClusterLimits()), events: script.events,
                isComplete: false))
    }

    @Test("a second execution after the window explains a place that nobody was told of")
    func afterTheWindow() {
        let window: UInt64 = 256 + 128
        #expect(verdict(retriedAt: 2 + window).verdict != .blocked)
        #expect(verdict(retriedAt: 1 + window).verdict == .blocked)
        #expect(verdict(retriedAt: 1).verdict == .blocked)
    }
}
