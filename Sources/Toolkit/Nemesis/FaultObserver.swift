import Synchronization

/// What faults tell about themselves beyond begin and end: remarks for the record, and counts for
/// the report.
public final class FaultObserver: Sendable {
    private struct State {
        var takeovers: UInt64 = 0
        var refusals: [String] = []
        var remarks: [String] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// How often folders were rewritten for a new view.
    public var takeovers: UInt64 { state.withLock { $0.takeovers } }
    /// Why the surgeon refused, one line each.
    public var refusals: [String] { state.withLock { $0.refusals } }

    public func countTakeover() { state.withLock { $0.takeovers += 1 } }
    public func note(refusal: String) { state.withLock { $0.refusals.append(refusal) } }
    /// A remark that goes to the record with the fault's next event.
    public func note(_ remark: String) { state.withLock { $0.remarks.append(remark) } }

    func takeRemarks() -> [String] {
        state.withLock { state in
            defer { state.remarks = [] }
            return state.remarks
        }
    }
}
