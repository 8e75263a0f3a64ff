public import History

/// The reference tool's own judgement of a text history, byte for byte, with its known gaps and
/// false alarms (validation.md 4). It looks at lines and log positions only: not at real time,
/// not at what reads answered, not at results against what was asked. Our verdict comes from
/// `judge`; this one is there to be compared with.
///
/// Events are handed in one by one in file order; what is kept of them is what the report needs.
public struct ReferenceAnalysis {
    private var commands: ReferenceCommands
    private var reads = ReferenceReads()
    private var holders = ReferenceHolders()
    private var ownership: ReferenceOwnership

    /// How much is kept while events are handed in.
    public enum Thrift: Sendable {
        /// The folded commands, for whoever wants to see them.
        case keepsCommands
        /// What the report on lines in any order needs.
        case keepsRecords
        /// What the report needs as long as LSNs ascend; `needsSecondReading` tells whether they
        /// did.
        case expectsOrder
    }

    public init(_ thrift: Thrift = .keepsCommands) {
        switch thrift {
        case .keepsCommands:
            commands = ReferenceCommands(keepsDetails: true)
            ownership = ReferenceOwnership(keepsRecords: true)
        case .keepsRecords:
            commands = ReferenceCommands(keepsDetails: false)
            ownership = ReferenceOwnership(keepsRecords: true)
        case .expectsOrder:
            commands = ReferenceCommands(keepsDetails: false)
            ownership = ReferenceOwnership(keepsRecords: false)
        }
    }

    /// Whether LSNs went back where that was not expected: the report would be wrong, and the
    /// events must be handed to another analysis, which keeps records.
    public var needsSecondReading: Bool { ownership.needsRecords }

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
        for id in commands.unresolved() { blockers.append(.unresolvedAmbiguity(id)) }
        blockers += ownership.replay()
        return ReferenceReport(
            commandCount: commands.count, commands: commands.folded(), blockers: blockers)
    }

    /// The report on a text on disk; `each` sees every event, in a second reading none again.
    public static func report(
        onFile path: String, each: (borrowing TextEvent) -> Void = { _ in }
    ) throws(TextHistoryError) -> ReferenceReport {
        var analysis = ReferenceAnalysis(.expectsOrder)
        try HistoryFile.readText(path) { event in
            analysis.add(event)
            each(event)
        }
        if analysis.needsSecondReading {
            analysis = ReferenceAnalysis(.keepsRecords)
            try HistoryFile.readText(path) { analysis.add($0) }
        }
        return analysis.report()
    }

    public static func report(on events: [TextEvent]) -> ReferenceReport {
        var analysis = ReferenceAnalysis()
        for event in events { analysis.add(event) }
        return analysis.report()
    }
}
