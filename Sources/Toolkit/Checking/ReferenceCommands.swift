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

    fileprivate mutating func add(_ operation: TextOperation, _ outcome: TextOutcome) {
        attempts += 1
        switch outcome {
        case .committedWrite(let lsn, let result):
            committed = committed ?? ReferenceFingerprint(lsn, result, of: operation)
        case .definiteFailure(let reason): definiteFailures.append(reason)
        case .ambiguous: ambiguousAttempts += 1
        case .readOK: break
        }
    }
}

/// Folds attempts into logical commands.
struct ReferenceCommands {
    private var table = ReferenceCommandTable()
    /// In the order of the table; only when all is to be kept.
    private var details: [ReferenceCommand] = []
    private let keepsDetails: Bool
    private(set) var blockers: [ReferenceBlocker] = []

    init(keepsDetails: Bool) { self.keepsDetails = keepsDetails }

    var count: Int { table.count }

    mutating func addMissingID(sequence: UInt64, _ kind: TextOperation.Kind) {
        blockers.append(.missingOperationID(sequence: sequence, kind))
    }

    mutating func add(_ id: OperationID, _ operation: TextOperation, _ outcome: TextOutcome) {
        let (place, isNew) = table.place(of: id)
        if keepsDetails {
            if isNew { details.append(ReferenceCommand(id: id)) }
            details[place].add(operation, outcome)
        }
        switch outcome {
        case .committedWrite(let lsn, let result):
            let new = ReferenceFingerprint(lsn, result, of: operation).digest
            guard let first = table[place].committed else {
                table[place].committed = new
                table[place].committedLSN = lsn
                return
            }
            if first != new {
                blockers.append(
                    .duplicateCommittedExecution(
                        id, first: table[place].committedLSN, second: lsn))
            }
        case .definiteFailure: table[place].hasFailed = true
        case .ambiguous: table[place].isAmbiguous = true
        case .readOK: break
        }
    }

    /// Commands that are ambiguous to the end, in ascending id. Any definite failure counts as
    /// resolution, also one recorded before the ambiguous attempt (validation.md 4.5).
    func unresolved() -> [OperationID] {
        var ids: [OperationID] = []
        for place in 0..<table.count {
            let entry = table[place]
            if entry.isAmbiguous, entry.committed == nil, !entry.hasFailed { ids.append(entry.id) }
        }
        return table.isAscending ? ids : ids.sorted()
    }

    /// The commands in ascending id, if they were kept.
    consuming func folded() -> [ReferenceCommand] {
        if !table.isAscending { details.sort { $0.id < $1.id } }
        return details
    }
}
