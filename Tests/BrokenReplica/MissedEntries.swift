import ClusterProtocol
import LeaseKernel
import Replication
import Synchronization

/// Up to which position entries count as applied that were never applied.
final class MissedEntries: Sendable {
    private let through = Mutex(LSN(0))

    func skip(through lsn: LSN) {
        through.withLock { $0 = max($0, lsn) }
    }

    /// The allocator's own rules, except for entries that are skipped.
    var rules: LiveSettings.Rules {
        { kernel, entry throws(EntryFailure) in
            let end = self.through.withLock { $0 }
            guard entry.lsn <= end else { return try kernel.carryOut(entry) }
            // A gap in what was applied hurts nobody; where it ends must not show.
            if entry.lsn == end { _ = kernel.stamp(entry.lsn, entry.requestSlot) }
            return ExecutedEntry(
                AppliedCommand(
                    lsn: entry.lsn, outcome: CommandOutcome(.noop), isFromRetryTable: false))
        }
    }
}

/// A backup that comes back takes in what it missed without applying it, and writes a snapshot.
struct CatchUpMeddler: Meddler {
    let missed: MissedEntries
    /// Streams on which the primary has said where it stands.
    private var known: Set<StreamToken> = []
    /// A snapshot is due once so much is applied.
    private var snapshotAt: LSN?

    /// Names the meddler's own request, which no server ever does.
    private static let token = RequestToken(.max)

    init(_ missed: MissedEntries) {
        self.missed = missed
    }

    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput? {
        if case .peerRequest(_, let stream, .append(let append)) = input,
            replica.status.role == .backup, known.insert(stream).inserted
        {
            let own = replica.status.commitLSN ?? LSN(0)
            if own > LSN(0), append.commit.lsn > own {
                missed.skip(through: append.commit.lsn)
                snapshotAt = append.commit.lsn
            }
        }
        // A timer is due at least once a second, and can be left out once.
        if let due = snapshotAt, case .timer = input, replica.status.commitLSN ?? LSN(0) >= due {
            snapshotAt = nil
            return .checkpoint(Self.token)
        }
        return input
    }

    mutating func done(_ effect: LiveEffect) -> LiveEffect? {
        if case .reply(Self.token, _) = effect { return nil }
        return effect
    }
}
