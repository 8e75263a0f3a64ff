public import LeaseKernel
import Synchronization
public import Testbed

/// What must be done to make the cluster whole again. An entry stands here *before* its fault is
/// injected, and is taken out only when the fault is seen to be gone. On every way out of a run
/// the rest is undone, newest first; undoing twice changes nothing.
public final class UndoLedger: Sendable {
    public enum Undo: Hashable, Sendable, CustomStringConvertible {
        case restart(ReplicaID)
        case heal(ReplicaID)

        public var description: String {
            switch self {
            case .restart(let replica): "restart replica \(replica)"
            case .heal(let replica): "heal the network of replica \(replica)"
            }
        }
    }

    private let entries = Mutex<[Undo]>([])

    public init() {}

    public var pending: [Undo] { entries.withLock { $0 } }

    public func register(_ undo: Undo) { entries.withLock { $0.append(undo) } }

    /// The fault is gone: its newest entry is not needed any more.
    public func settle(_ undo: Undo) {
        entries.withLock { entries in
            if let index = entries.lastIndex(of: undo) { entries.remove(at: index) }
        }
    }

    /// Undoes what is left, newest first, trying everything even when something fails. Returns
    /// what could not be undone; that stays registered.
    public func undoAll(on testbed: any Testbed) -> [(undo: Undo, error: TestbedError)] {
        var failures: [(undo: Undo, error: TestbedError)] = []
        for undo in pending.reversed() {
            do throws(TestbedError) {
                switch undo {
                case .restart(let replica): try testbed.restart(replica)
                case .heal(let replica): try testbed.heal(replica)
                }
                settle(undo)
            } catch {
                failures.append((undo, error))
            }
        }
        return failures
    }
}
