import Synchronization

/// What must be done to make the cluster whole again. An entry stands here *before* its fault is
/// injected, and is taken out only when the fault is seen to be gone. On every way out of a run
/// the rest is undone, newest first; undoing twice changes nothing.
public final class UndoLedger: Sendable {
    /// Names one entry.
    public struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Entry {
        let ticket: Ticket
        let name: String
        let undo: @Sendable () throws(FaultFailure) -> Void
    }

    private struct State {
        var entries: [Entry] = []
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// What is registered, oldest first, in words.
    public var pending: [String] { state.withLock { $0.entries.map(\.name) } }

    public func register(
        _ name: String, _ undo: @escaping @Sendable () throws(FaultFailure) -> Void
    ) -> Ticket {
        state.withLock { state in
            let ticket = Ticket(number: state.next)
            state.next += 1
            state.entries.append(Entry(ticket: ticket, name: name, undo: undo))
            return ticket
        }
    }

    /// The fault is gone: its entry is not needed any more.
    public func settle(_ ticket: Ticket) {
        state.withLock { state in state.entries.removeAll { $0.ticket == ticket } }
    }

    /// Undoes what is left, newest first, trying everything even when something fails. Returns
    /// what could not be undone; that stays registered.
    public func undoAll() -> [(name: String, failure: FaultFailure)] {
        var failures: [(name: String, failure: FaultFailure)] = []
        for entry in state.withLock({ $0.entries }).reversed() {
            do throws(FaultFailure) {
                try entry.undo()
                settle(entry.ticket)
            } catch {
                failures.append((entry.name, error))
            }
        }
        return failures
    }
}
