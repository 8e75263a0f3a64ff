public import LeaseKernel
public import SystemCalls

/// Why a takeover or a rejoin was not carried out. Nothing has been switched when one of these
/// is thrown, unless it says so.
public enum SurgeryError: Error, Sendable {
    /// A file could not be read, written or switched.
    case file(SystemError)
    /// The daemon of this folder still runs; its process number when known.
    case replicaRuns(folder: String, process: Int32?)
    /// The folder holds no metadata: a replica that has forgotten what it promised.
    case noMetadata(folder: String)
    case undecodable(file: String, reason: String)
    case damagedLog(file: String, offset: Int)
    case wrongIdentity(expected: ReplicaIdentity, found: ReplicaIdentity)
    /// The snapshot does not restore under the given configuration.
    case unusableSnapshot(ReplicaID, reason: String)
    /// The log does not continue where the snapshot or the frame before ends.
    case gapInLog(ReplicaID, expected: LSN, found: LSN)
    /// A committed frame can not be applied.
    case inapplicableFrame(ReplicaID, LSN, reason: String)
    /// The replica has lost entries that it once reported as committed.
    case lostCommittedEntries(ReplicaID, committed: LSN, held: LSN?)
    /// A prepared entry contradicts the log or the view of its own replica.
    case contradictoryPreparedEntry(ReplicaID, LSN)
    /// The replica was never primary or backup, so it can not vouch for any view.
    case neverNormal(ReplicaID)
    /// Too few replicas to be sure that every acknowledged write is among them.
    case noMajority(present: Int, needed: Int)
    case repeatedReplica(ReplicaID)
    /// The wanted primary or the rejoining replica is not among the given ones.
    case unknownReplica(ReplicaID)
    /// Two replicas have committed different entries at one position.
    case divergedLogs(ReplicaID, ReplicaID, LSN)
    /// A replica of a lower view has committed more than the one with the highest view holds.
    case committedBeyondSource(ReplicaID, committed: LSN, source: ReplicaID, held: LSN?)
    case viewExhausted
    /// A replica can not rejoin from itself.
    case rejoinFromItself(ReplicaID)
    /// The source of a rejoin is no primary in normal operation.
    case sourceIsNotPrimary(ReplicaID, role: ReplicaRole)
    /// The rejoining replica has seen a higher view than the primary it would follow.
    case viewAheadOfPrimary(ReplicaID, highestKnown: View, primary: View)
    /// What was written does not read back as planned; the folder has not been switched.
    case verificationFailed(folder: String, reason: String)
}

extension SurgeryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .replicaRuns(let folder, let process):
            "the replica in \(folder) still runs"
                + (process.map { " as process \($0)" } ?? "") + "; stop it first"
        case .noMetadata(let folder):
            "\(folder) holds no replica metadata; a replica that lost it can not be counted"
        case .undecodable(let file, let reason): "\(file) can not be read: \(reason)"
        case .damagedLog(let file, let offset):
            "\(file) is damaged at offset \(offset); restore it or leave this replica out"
        case .wrongIdentity(let expected, let found):
            "expected replica \(expected.replicaID) of shard \(expected.shardID), "
                + "found replica \(found.replicaID) of shard \(found.shardID)"
        case .unusableSnapshot(let replica, let reason):
            "the snapshot of replica \(replica) does not restore: \(reason)"
        case .gapInLog(let replica, let expected, let found):
            "the log of replica \(replica) lacks position \(expected): it goes on at \(found)"
        case .inapplicableFrame(let replica, let lsn, let reason):
            "position \(lsn) in the log of replica \(replica) can not be applied: \(reason)"
        case .lostCommittedEntries(let replica, let committed, let held):
            "replica \(replica) has reported position \(committed) as committed but holds "
                + "\(held.map { "only up to \($0)" } ?? "nothing")"
        case .contradictoryPreparedEntry(let replica, let lsn):
            "the prepared entry \(lsn) of replica \(replica) contradicts its log or its view"
        case .neverNormal(let replica):
            "replica \(replica) never was primary or backup; it can not count for a majority"
        case .noMajority(let present, let needed):
            "\(present) of the replicas are there, \(needed) are needed to know every "
                + "acknowledged write"
        case .repeatedReplica(let replica): "replica \(replica) is given twice"
        case .unknownReplica(let replica): "replica \(replica) is not among the given ones"
        case .divergedLogs(let one, let other, let lsn):
            "replicas \(one) and \(other) have committed different entries at position \(lsn)"
        case .committedBeyondSource(let replica, let committed, let source, let held):
            "replica \(replica) has committed position \(committed), but replica \(source) of "
                + "a later view ends at \(held.map { "\($0)" } ?? "nothing")"
        case .viewExhausted: "there is no view above the highest one known"
        case .rejoinFromItself(let replica): "replica \(replica) can not rejoin from itself"
        case .sourceIsNotPrimary(let replica, let role):
            "replica \(replica) is \(role.word), not primary"
        case .viewAheadOfPrimary(let replica, let highest, let primary):
            "replica \(replica) knows of view \(highest), its primary only of view \(primary)"
        case .verificationFailed(let folder, let reason):
            "what was written to \(folder) does not read back: \(reason)"
        }
    }
}
