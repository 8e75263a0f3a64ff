import ByteCoding
import ClusterProtocol
import LeaseKernel
import SystemCalls

/// Takes entries in, orders them, and writes the journal that makes them durable. On a backup it
/// also knows how far they have been compared with the primary's.
struct Receiver: Sendable {
    enum State: Hashable, Sendable {
        case idle
        /// Records wait for the batch that is on its way to the disk.
        case writing(StorageToken, through: LSN)
    }

    private(set) var state = State.idle
    /// Everything up to here is on the own disk.
    private(set) var persisted: LSN
    /// Length of the journal once every job handed over has run.
    private(set) var journalLength: Int
    /// Journal syncs handed to the disk since the start: what group commit spares shows here.
    private(set) var journalSyncs: UInt64 = 0
    private var records = ByteWriter()
    private var hasRecords = false
    /// The commit position the journal names last.
    private var notedCommit: LSN
    /// Whose entries are taken in, and how far they agree with this log.
    var source: Source?
    private(set) var lastTransition: Transition

    /// The primary that a backup follows.
    struct Source: Sendable {
        let primary: ReplicaID
        let term: Term
        /// Everything up to here has been compared with this primary's log, or came from it.
        var verified: LSN
        /// Where acknowledgements go.
        var stream: StreamToken
        /// An acknowledgement is due once the batch under way is on disk.
        var owesAcknowledgement = false
        /// How far the primary has committed, as it last said.
        var mark: CommitMark
    }

    init(persisted: LSN, journalLength: Int, at now: Instant) {
        self.persisted = persisted
        self.journalLength = journalLength
        notedCommit = persisted
        lastTransition = Transition(to: "idle", cause: "start", at: now)
    }

    var hasUnwrittenRecords: Bool { hasRecords }

    mutating func record(_ record: JournalRecord) {
        JournalFormat.append(record, to: &records)
        hasRecords = true
    }

    /// Entries from `lsn` on are gone: what is under way to the disk no longer counts for them.
    mutating func giveUp(from lsn: LSN) {
        record(.discard(from: lsn))
        let before = LSN(lsn.rawValue - 1)
        persisted = min(persisted, before)
        if case .writing(let token, let through) = state {
            state = .writing(token, through: min(through, before))
        }
    }

    /// The next batch: everything that gathered, behind a mark that what came before is synced.
    mutating func takeBatch(_ token: StorageToken, through: LSN, commit: LSN, at now: Instant)
        -> [UInt8]
    {
        var batch = ByteWriter(reservingCapacity: records.bytes.count + 64)
        JournalFormat.append(.batch(offset: UInt64(journalLength)), to: &batch)
        // Before the records: a discard among them lies above the commit position.
        if commit > notedCommit, commit <= persisted {
            JournalFormat.append(.commit(commit), to: &batch)
            notedCommit = commit
        }
        batch.write(records.bytes)
        forgetRecords()
        journalLength += batch.bytes.count
        journalSyncs += 1
        begin(token, through: through, cause: "batch of \(batch.bytes.count) bytes", at: now)
        return batch.bytes
    }

    /// The whole journal takes the place of the file: nothing is left to append.
    mutating func replaceJournal(
        _ token: StorageToken, length: Int, through: LSN, commit: LSN, at now: Instant
    ) {
        forgetRecords()
        journalLength = length
        journalSyncs += 1
        notedCommit = commit
        begin(token, through: through, cause: "compaction to \(length) bytes", at: now)
    }

    private mutating func forgetRecords() {
        records = ByteWriter()
        hasRecords = false
    }

    private mutating func begin(
        _ token: StorageToken, through: LSN, cause: String, at now: Instant
    ) {
        state = .writing(token, through: through)
        lastTransition = Transition(to: "writing", cause: cause, at: now)
    }

    /// A job without journal records: nothing more may be handed over before it is done either,
    /// so that what gathers meanwhile makes one batch.
    mutating func holdFor(_ token: StorageToken, cause: String, at now: Instant) {
        begin(token, through: persisted, cause: cause, at: now)
    }

    /// A batch is on disk; true when it was the one under way.
    mutating func finished(_ token: StorageToken, at now: Instant) -> Bool {
        guard case .writing(token, let through) = state else { return false }
        state = .idle
        persisted = max(persisted, through)
        lastTransition = Transition(to: "idle", cause: "on disk through \(through)", at: now)
        return true
    }

    /// Continues behind a snapshot that was stored together with a new journal.
    mutating func reset(persisted: LSN, journalLength: Int, at now: Instant) {
        let (source, syncs) = (source, journalSyncs)
        self = Receiver(persisted: persisted, journalLength: journalLength, at: now)
        self.source = source
        journalSyncs = syncs
    }
}
