public import History

/// The reference tool's own judgement of a text history, byte for byte, with its known gaps and
/// false alarms (validation.md 4). It looks at lines and log positions only: not at real time,
/// not at what reads answered, not at results against what was asked. Our verdict comes from
/// `judge`; this one is there to be compared with.
///
/// Events are handed in one by one in file order; what is kept of them is what the report needs.
public struct ReferenceAnalysis {
    private var commands = ReferenceCommands()
    private var reads = ReferenceReads()
    private var holders = ReferenceHolders()
    private var ownership = ReferenceOwnership()

    public init() {}

    public mutating func add(_ event: borrowing TextEvent) {
        let operation = event.operation
        switch event.outcome {
        case .committedWrite, .definiteFailure, .ambiguous: break
        case .readOK(let read): reads.add(read, of: operation)
        }
        holders.add(operation, event.outcome)
        guard operation.kind.isMutating else { return }
        guard let id = operation.operationID else {
            commands.addMissingID(sequence: event.sequence, operation.kind)
            return
        }
        commands.add(id, operation, event.outcome)
        if case .committedWrite(let lsn, let result) = event.outcome {
            ownership.add(id, operation, lsn, result)
        }
    }

    /// What the events handed in so far amount to.
    public consuming func report() -> ReferenceReport {
        var blockers = commands.blockers
        blockers += reads.blockers
        blockers += holders.blockers
        let folded = commands.folded()
        for command in folded where command.isUnresolved {
            blockers.append(.unresolvedAmbiguity(command.id))
        }
        blockers += ownership.replay()
        return ReferenceReport(commands: folded, blockers: blockers)
    }

    public static func report(on events: [TextEvent]) -> ReferenceReport {
        var analysis = ReferenceAnalysis()
        for event in events { analysis.add(event) }
        return analysis.report()
    }
}
