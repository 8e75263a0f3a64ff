public import History

/// All attempts under one operation id, folded (validation.md 4.1).
public struct ReferenceCommand: Hashable, Sendable {
    public let id: OperationID
    public internal(set) var attempts: UInt32 = 0
    public internal(set) var ambiguousAttempts: UInt32 = 0
    /// Reasons in file order.
    public internal(set) var definiteFailures: [TextOutcome.FailureReason] = []
    /// The first committed result.
    public internal(set) var committed: ReferenceFingerprint?

    fileprivate mutating func add(
        _ event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk
    ) {
        attempts += 1
        switch event.outcome {
        case .reserved, .confirmed, .released, .revoked, .reclaimed, .tickExpired:
            if committed == nil {
                committed = ReferenceFingerprint(event, Array(chunk.members(of: event)))
            }
        case .definiteFailure: definiteFailures.append(event.reason)
        case .ambiguous: ambiguousAttempts += 1
        case .readOK: break
        }
    }
}

/// Folds attempts into logical commands.
struct ReferenceCommands: ~Copyable {
    private var table = ReferenceCommandTable()
    /// In the order of the table; only when all is to be kept.
    private var details: [ReferenceCommand] = []
    private let keepsDetails: Bool
    private let seed = ReferenceDigest.Seed()
    private(set) var blockers: [ReferenceBlocker] = []

    init(keepsDetails: Bool) { self.keepsDetails = keepsDetails }

    var count: Int { table.count }

    mutating func addMissingID(sequence: UInt64, _ kind: TextOperation.Kind) {
        blockers.append(.missingOperationID(sequence: sequence, kind))
    }

    /// Takes an event that has an operation id.
    mutating func add(_ event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk) {
        let (place, isNew) = table.place(of: event.operationID)
        if keepsDetails {
            if isNew { details.append(ReferenceCommand(id: event.operationID)) }
            details[place].add(event, chunk)
        }
        switch event.outcome {
        case .reserved, .confirmed, .released, .revoked, .reclaimed, .tickExpired:
            commit(event, chunk, at: place)
        case .definiteFailure: table[place].hasFailed = true
        case .ambiguous: table[place].isAmbiguous = true
        case .readOK: break
        }
    }

    private mutating func commit(
        _ event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk, at place: Int
    ) {
        let digest = seed.digest(of: event, chunk)
        guard table[place].isCommitted else {
            table[place].isCommitted = true
            table[place].committed = digest
            table[place].committedLSN = event.lsn
            return
        }
        if table[place].committed != digest {
            blockers.append(
                .duplicateCommittedExecution(
                    event.operationID, first: table[place].committedLSN, second: event.lsn))
        }
    }

    /// Commands that are ambiguous to the end, in ascending id. Any definite failure counts as
    /// resolution, also one recorded before the ambiguous attempt (validation.md 4.5).
    func unresolved() -> [OperationID] {
        var ids: [OperationID] = []
        for place in 0..<table.count {
            let entry = table[place]
            if entry.isAmbiguous, !entry.isCommitted, !entry.hasFailed { ids.append(entry.id) }
        }
        return table.isAscending ? ids : ids.sorted()
    }

    /// The commands in ascending id, if they were kept.
    mutating func folded() -> [ReferenceCommand] {
        if !table.isAscending { details.sort { $0.id < $1.id } }
        return details
    }
}
