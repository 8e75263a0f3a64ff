public import LeaseKernel

/// Why a live replica refuses to work, beyond what the reference's node finds.
public enum NativeFault: Error, Hashable, Sendable {
    /// There is no metadata although log, journal or snapshot are not empty: whoever lost it has
    /// also lost its promises (weakness R9).
    case missingMetadata
    case journalLoad(JournalDecodeError)
    /// The journal is missing beside metadata of version 3.
    case missingJournal
    /// The journal's first entry does not follow what log and snapshot hold.
    case journalGap(expected: LSN, found: LSN)
    /// An entry of the log and the same entry of the journal differ.
    case journalConflict(LSN)
    /// The log ends before the position that was synced when the journal was compacted.
    case logBehindBaseline(baseline: LSN, found: LSN)
    /// The log or the snapshot is damaged where it was synced.
    case damagedLog(offset: Int)
    /// The snapshot is not what was written.
    case damagedSnapshot
    /// The primary of the own view holds something else at a committed position.
    case diverged(LSN)
    /// A peer has committed what this primary of the same view does not hold.
    case behindPeer(ReplicaID, peerCommit: LSN, highest: LSN)
    /// A committed entry cannot be applied.
    case unappliable(LSN)
}

extension NativeFault: DebugTextual {
    public var debugText: String {
        switch self {
        case .missingMetadata: "MissingMetadata"
        case .journalLoad(let error): "JournalLoad(\(error.debugText))"
        case .missingJournal: "MissingJournal"
        case .journalGap(let expected, let found):
            "JournalGap { expected_lsn: \(expected.debugText), found_lsn: \(found.debugText) }"
        case .journalConflict(let lsn): "JournalConflict { lsn: \(lsn.debugText) }"
        case .logBehindBaseline(let baseline, let found):
            "LogBehindBaseline { baseline_lsn: \(baseline.debugText), "
                + "found_lsn: \(found.debugText) }"
        case .damagedLog(let offset): "DamagedLog { offset: \(offset) }"
        case .damagedSnapshot: "DamagedSnapshot"
        case .diverged(let lsn): "Diverged { lsn: \(lsn.debugText) }"
        case .behindPeer(let peer, let commit, let highest):
            "BehindPeer { peer: \(peer.debugText), peer_commit_lsn: \(commit.debugText), "
                + "highest_prepared_lsn: \(highest.debugText) }"
        case .unappliable(let lsn): "Unappliable { lsn: \(lsn.debugText) }"
        }
    }
}
