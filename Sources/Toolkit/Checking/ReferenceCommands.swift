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

    /// Any definite failure counts as resolution, also one recorded before the ambiguous
    /// attempt (validation.md 4.5).
    var isUnresolved: Bool {
        ambiguousAttempts > 0 && committed == nil && definiteFailures.isEmpty
    }
}

/// Folds attempts into logical commands.
struct ReferenceCommands {
    private var places = PlaceTable<OperationID>()
    private var commands: [ReferenceCommand] = []
    private(set) var blockers: [ReferenceBlocker] = []

    mutating func addMissingID(sequence: UInt64, _ kind: TextOperation.Kind) {
        blockers.append(.missingOperationID(sequence: sequence, kind))
    }

    mutating func add(_ id: OperationID, _ operation: TextOperation, _ outcome: TextOutcome) {
        let place = place(of: id)
        commands[place].attempts += 1
        switch outcome {
        case .committedWrite(let lsn, let result):
            let new = ReferenceFingerprint(lsn, result, of: operation)
            guard let first = commands[place].committed else {
                commands[place].committed = new
                return
            }
            if first != new {
                blockers.append(
                    .duplicateCommittedExecution(id, first: first.appliedLSN, second: lsn))
            }
        case .definiteFailure(let reason): commands[place].definiteFailures.append(reason)
        case .ambiguous: commands[place].ambiguousAttempts += 1
        case .readOK: break
        }
    }

    /// The commands in ascending id.
    consuming func folded() -> [ReferenceCommand] {
        // Ids mostly grow with time, so there is mostly nothing to sort.
        if !zip(commands, commands.dropFirst()).allSatisfy({ $0.id < $1.id }) {
            commands.sort { $0.id < $1.id }
        }
        return commands
    }

    private mutating func place(of id: OperationID) -> Int {
        // Attempts of one command mostly stand together.
        if let last = commands.last, last.id == id { return commands.count - 1 }
        if let place = places.find(id, { commands[$0].id }) { return place }
        commands.append(ReferenceCommand(id: id))
        places.add(id, at: commands.count - 1) { commands[$0].id }
        return commands.count - 1
    }
}
