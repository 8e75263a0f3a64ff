public import LeaseKernel
import Synchronization

/// Replicas that may refuse to serve or end by themselves, because something was done to them that
/// a good daemon answers that way: its disk fails, or its files are damaged. Nothing else they do
/// is excused, and everything that is not excused is evidence.
public final class ExcusedReplicas: Sendable {
    private let replicas = Mutex<Set<ReplicaID>>([])

    public init() {}

    public var current: Set<ReplicaID> { replicas.withLock { $0 } }

    public func contains(_ replica: ReplicaID) -> Bool {
        replicas.withLock { $0.contains(replica) }
    }

    public func excuse(_ replica: ReplicaID) {
        _ = replicas.withLock { $0.insert(replica) }
    }

    /// From now on it is judged like any other.
    public func endExcuse(_ replica: ReplicaID) {
        _ = replicas.withLock { $0.remove(replica) }
    }
}
