import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// Stands between a replica and everybody else, and tells each something else than the other
/// said. Without a change both hear the truth.
protocol Meddler: Sendable {
    /// What the replica is told in the place of `input`; effects of the meddler's own are added.
    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput?
    /// What becomes of an effect of the replica.
    mutating func done(_ effect: LiveEffect) -> LiveEffect?
}

extension Meddler {
    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput? { input }

    mutating func done(_ effect: LiveEffect) -> LiveEffect? { effect }
}

/// Changes nothing: the bug is elsewhere.
struct NoMeddler: Meddler {}

/// The real replica behind a meddler.
struct MeddlingReplica<M: Meddler>: ReplicaCore {
    private var replica: LiveReplica
    private var meddler: M

    init(_ replica: LiveReplica, _ meddler: M) {
        self.replica = replica
        self.meddler = meddler
    }

    mutating func handle(_ input: LiveInput, at now: Instant, effects: inout [LiveEffect]) {
        guard let changed = meddler.told(input, replica, &effects) else { return }
        var own: [LiveEffect] = []
        replica.handle(changed, at: now, effects: &own)
        effects += own.compactMap { meddler.done($0) }
    }

    mutating func finishRound(at now: Instant, effects: inout [LiveEffect]) {
        var own: [LiveEffect] = []
        replica.finishRound(at: now, effects: &own)
        effects += own.compactMap { meddler.done($0) }
    }

    var nextWakeUp: Instant { replica.nextWakeUp }
    var status: LiveStatus { replica.status }
    func explain(at now: Instant) -> [ExplainLine] { replica.explain(at: now) }
}
