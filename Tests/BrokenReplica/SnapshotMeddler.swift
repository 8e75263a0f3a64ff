import LeaseKernel
import Replication
import Synchronization

/// The state of a while ago.
final class OldState: Sendable {
    /// So many entries lie between two states that are kept.
    private static let distance: UInt64 = 16

    private let kept = Mutex<[Kernel]>([])

    /// The newest state that is kept and lies before `lsn`.
    func kernel(before lsn: LSN) -> Kernel? {
        kept.withLock { $0.last { $0.lastAppliedLSN ?? LSN(0) < lsn } }
    }

    /// The allocator's own rules; now and then what they lead to is kept here.
    var rules: LiveSettings.Rules {
        { kernel, entry throws(EntryFailure) in
            let executed = try kernel.carryOut(entry)
            if entry.lsn.rawValue % Self.distance == 0 {
                let copy = kernel
                self.kept.withLock { $0 = $0.suffix(1) + [copy] }
            }
            return executed
        }
    }
}

/// A snapshot is written of another state than that of its position.
struct SnapshotMeddler: Meddler {
    /// What stands in the place of a state; nil for the state itself.
    let changed: @Sendable (Kernel) -> Kernel?

    mutating func done(_ effect: LiveEffect) -> LiveEffect? {
        guard case .store(let job) = effect else { return effect }
        let work = job.work.map { step in
            guard case .checkpoint(let state, let keepAbove) = step, let other = changed(state)
            else { return step }
            return .checkpoint(state: other, keepAbove: keepAbove)
        }
        return .store(StorageJob(token: job.token, purpose: job.purpose, work: work))
    }
}
