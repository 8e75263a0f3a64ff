public import LeaseKernel

/// One life of a primary inside its view. A primary that starts again takes the next number
/// before it sends anything, so that entries it sent and lost in a crash can be told from those
/// it wrote afterwards at the same positions.
public struct Generation: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// The generation of entries that came without one: from the log, or by the reference's
    /// protocol.
    public static let unknown = Generation(0)
}

/// An entry on its way to a backup, with the life of the primary that first wrote it.
public struct ReplicatedEntry: Hashable, Sendable {
    public let entry: PreparedEntry
    public let generation: Generation

    public init(entry: PreparedEntry, generation: Generation) {
        self.entry = entry
        self.generation = generation
    }

    /// The life that wrote it; unknown for entries that came without a generation.
    public var term: Term {
        generation == .unknown ? .unknown : Term(view: entry.view, generation: generation)
    }
}

/// Who speaks: every message of a primary begins with it, and every answer repeats it.
public struct Term: Hashable, Comparable, Sendable {
    public var view: View
    public var generation: Generation

    public init(view: View, generation: Generation) {
        self.view = view
        self.generation = generation
    }

    /// Below every life of every primary.
    public static let unknown = Term(view: View(0), generation: .unknown)

    public static func < (left: Term, right: Term) -> Bool {
        (left.view, left.generation) < (right.view, right.generation)
    }
}

/// A position together with what lies there, for comparing two logs. LSN 0 stands for the
/// beginning of the log.
public struct CommitMark: Hashable, Sendable {
    public var lsn: LSN
    /// Checksum of the log frame at `lsn`; nil when the sender does not have it at hand.
    public var checksum: UInt32?

    public init(lsn: LSN, checksum: UInt32?) {
        self.lsn = lsn
        self.checksum = checksum
    }
}

/// A message of the native peer protocol, inside one frame of a stream
/// (docs/reference/formats.md).
public enum PeerMessage: Hashable, Sendable {
    /// Primary: do you still follow me? Answered at once, without a sync.
    case confirm(Term, round: UInt64)
    case confirmed(Term, round: UInt64)
    /// Primary: the entries after `previous`, and how far everything is committed. Without
    /// entries it asks where the backup stands.
    case append(AppendEntries)
    /// Backup: everything up to `matched` is the primary's and is on disk here.
    case appended(Term, matched: LSN, commit: CommitMark)
    /// Backup: `previous` is missing or different here; begin again after `resumeAfter`.
    case mismatch(Term, resumeAfter: LSN)
    /// Primary: a part of the snapshot file.
    case snapshotChunk(SnapshotChunk)
    /// Backup: has the snapshot's bytes before `offset`; `installed` ends the transfer.
    case snapshotReceived(Term, snapshot: LSN, offset: UInt64, installed: Bool)
    /// Anybody: where I stand. Answered with the same.
    case status(PeerStatus)
    /// The message is not honoured; the status says what would have to change.
    case refused(PeerStatus, PeerRefusal)
}

/// Entries for a backup.
public struct AppendEntries: Hashable, Sendable {
    public var term: Term
    /// The position before the first entry; 0 at the beginning of the log.
    public var previous: LSN
    public var previousGeneration: Generation
    public var commit: CommitMark
    /// Consecutive from `previous` + 1.
    public var entries: [ReplicatedEntry]

    public init(
        term: Term, previous: LSN, previousGeneration: Generation, commit: CommitMark,
        entries: [ReplicatedEntry]
    ) {
        self.term = term
        self.previous = previous
        self.previousGeneration = previousGeneration
        self.commit = commit
        self.entries = entries
    }
}

/// A part of a snapshot file.
public struct SnapshotChunk: Hashable, Sendable {
    public var term: Term
    public var snapshot: LSN
    /// The highest life that wrote anything up to `snapshot`, as far as the sender knows.
    public var highest: Term
    public var totalBytes: UInt64
    public var offset: UInt64
    public var bytes: [UInt8]

    public init(
        term: Term, snapshot: LSN, highest: Term, totalBytes: UInt64, offset: UInt64,
        bytes: [UInt8]
    ) {
        self.term = term
        self.snapshot = snapshot
        self.highest = highest
        self.totalBytes = totalBytes
        self.offset = offset
        self.bytes = bytes
    }
}

/// Where a replica stands; LSN 0 means nothing.
public struct PeerStatus: Hashable, Sendable {
    /// The highest view it knows, its vote included.
    public var view: View
    public var role: ReplicaRole
    public var commit: LSN
    public var highestPrepared: LSN

    public init(view: View, role: ReplicaRole, commit: LSN, highestPrepared: LSN) {
        self.view = view
        self.role = role
        self.commit = commit
        self.highestPrepared = highestPrepared
    }
}

/// Why a replica does not do what a peer asks.
public enum PeerRefusal: UInt8, CaseIterable, Hashable, Sendable {
    /// The sender's view or generation is older than one seen here.
    case outdated = 1
    /// The receiver is primary of that view itself.
    case anotherPrimary
    /// Faulted, halted, or its role takes no entries.
    case notAble
    /// In the middle of changing its view or installing a snapshot: ask again.
    case busy
}
