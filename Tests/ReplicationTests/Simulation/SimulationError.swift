import LeaseEngine
import LeaseKernel
import Replication

/// What the replicated simulation refuses (replica.md 11, 13, 14.3).
enum SimulationError: Error {
    case unknownReplica(ReplicaID)
    case replicaAlreadyCrashed(ReplicaID)
    case replicaAlreadyRunning(ReplicaID)
    case messageNotFound(String)
    case messageDeliveryBlocked(
        label: String, from: ReplicatedSimulation.Endpoint, to: ReplicatedSimulation.Endpoint)
    case pendingCommitNotFound(LSN)
    case notConfiguredPrimary(expected: ReplicaID?, found: ReplicaID)
    case viewChangeQuorumUnavailable(ReplicaID, reachable: Int)
    case viewChangeMissingPreparedEntry(ReplicaID, LSN)
    case rejoinPrimary(ReplicaID)
    case replicaFaulted(ReplicaID)
    case replicaWALNotClean(ReplicaID, WALScan.Stop)
    case replicaViewAheadOfPrimary(ReplicaID, highestKnown: View, primary: View)
    case replicaCommitAheadOfPrimary(ReplicaID, committed: LSN?, primary: LSN?)
    case snapshotTransferUnavailable(ReplicaID)
    case primarySnapshotMissing(ReplicaID)
    case read(ReadRefusal)
    case `protocol`(ReplicaNodeError)
    case start(NodeStartError)

    var debugText: String {
        switch self {
        case .unknownReplica(let id): "UnknownReplica(\(id.debugText))"
        case .replicaAlreadyCrashed(let id): "ReplicaAlreadyCrashed(\(id.debugText))"
        case .replicaAlreadyRunning(let id): "ReplicaAlreadyRunning(\(id.debugText))"
        case .messageNotFound(let label): "MessageNotFound(\"\(label)\")"
        case .messageDeliveryBlocked(let label, let from, let to):
            "MessageDeliveryBlocked { label: \"\(label)\", from: \(from.debugText), "
                + "to: \(to.debugText) }"
        case .pendingCommitNotFound(let lsn): "PendingCommitNotFound(\(lsn.debugText))"
        case .notConfiguredPrimary(let expected, let found):
            "NotConfiguredPrimary { expected: \(expected.debugText), found: \(found.debugText) }"
        case .viewChangeQuorumUnavailable(let candidate, let reachable):
            "ViewChangeQuorumUnavailable { candidate: \(candidate.debugText), "
                + "reachable: \(reachable) }"
        case .viewChangeMissingPreparedEntry(let candidate, let lsn):
            "ViewChangeMissingPreparedEntry { candidate: \(candidate.debugText), "
                + "lsn: \(lsn.debugText) }"
        case .rejoinPrimary(let id): "RejoinPrimary(\(id.debugText))"
        case .replicaFaulted(let id): "ReplicaFaulted(\(id.debugText))"
        case .replicaWALNotClean(let id, let stop):
            "ReplicaWalNotClean { replica_id: \(id.debugText), stop_reason: \(stop.debugText) }"
        case .replicaViewAheadOfPrimary(let id, let highest, let primary):
            "ReplicaViewAheadOfPrimary { replica_id: \(id.debugText), "
                + "highest_known_view: \(highest.debugText), primary_view: \(primary.debugText) }"
        case .replicaCommitAheadOfPrimary(let id, let committed, let primary):
            "ReplicaCommitAheadOfPrimary { replica_id: \(id.debugText), "
                + "target_commit_lsn: \(committed.debugText), "
                + "primary_commit_lsn: \(primary.debugText) }"
        case .snapshotTransferUnavailable(let id):
            "SnapshotTransferUnavailable { replica_id: \(id.debugText) }"
        case .primarySnapshotMissing(let id):
            "PrimarySnapshotMissing { replica_id: \(id.debugText) }"
        case .read(let refusal): "Read(\(refusal.debugText))"
        case .protocol(let error): "Protocol(\(error.debugText))"
        case .start(let error): error.debugText
        }
    }
}
