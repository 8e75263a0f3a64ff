import ClusterProtocol
import LeaseKernel
import Replication

/// A primary never hears that there is a later view, and a backup confirms and acknowledges
/// whoever asks, also a primary of a view that is over: two primaries have a majority each. What a
/// backup acknowledges to the old one it throws away.
struct ViewMeddler: Meddler {
    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput? {
        switch input {
        case .peerRequest(_, let stream, let message):
            let status = replica.status
            if status.role == .primary { return nil }
            guard status.role == .backup, let answer = obey(message, status.currentView) else {
                return input
            }
            effects.append(.answer(stream, answer))
            return nil
        case .peerAnswer(_, let message):
            guard replica.status.role == .primary else { return input }
            switch message {
            case .status, .refused: return nil
            case .confirm, .confirmed, .append, .appended, .mismatch, .snapshotChunk,
                .snapshotReceived:
                return input
            }
        case .client, .legacyPrepare, .legacyCommit, .peerConnected, .peerDisconnected,
            .storageFinished, .timer, .isolationChanged, .checkpoint, .stop:
            return input
        }
    }

    private func obey(_ message: PeerMessage, _ own: View) -> PeerMessage? {
        switch message {
        case .confirm(let term, let round) where term.view < own:
            return .confirmed(term, round: round)
        case .append(let append) where append.term.view < own:
            let last = append.previous.rawValue + UInt64(append.entries.count)
            return .appended(
                append.term, matched: LSN(last),
                commit: CommitMark(lsn: append.commit.lsn, checksum: nil))
        case .confirm, .confirmed, .append, .appended, .mismatch, .snapshotChunk,
            .snapshotReceived, .status, .refused:
            return nil
        }
    }
}
