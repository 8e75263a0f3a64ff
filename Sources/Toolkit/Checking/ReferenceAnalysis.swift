public import History

/// The reference tool's own judgement of a text history, byte for byte, with its known gaps and
/// false alarms (validation.md 4). It looks at lines and log positions only: not at real time,
/// not at what reads answered, not at results against what was asked. Our verdict comes from
/// `judge`; this one is there to be compared with.
///
/// Events are handed in one by one in file order; what is kept of them is what the report needs.
public struct ReferenceAnalysis: ~Copyable {
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
        var chunk = PlainTextChunk()
        chunk.append(event)
        add(chunk)
    }

    public mutating func add(_ chunk: borrowing PlainTextChunk) {
        let events = chunk.events.span
        for index in events.indices { add(events[index], chunk) }
    }

    private mutating func add(
        _ event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk
    ) {
        if event.outcome == .readOK { reads.add(event) }
        holders.add(event, chunk)
        guard event.kind.isMutating else { return }
        guard event.has(.operationID) else {
            commands.addMissingID(sequence: event.sequence, event.kind)
            return
        }
        commands.add(event, chunk)
        if event.outcome.isCommitted { ownership.add(event, chunk) }
    }

    /// What the events handed in so far amount to.
    public consuming func report() -> ReferenceReport {
        var blockers = commands.blockers
        blockers += reads.blockers
        blockers += holders.blockers
        for id in commands.unresolved() { blockers.append(.unresolvedAmbiguity(id)) }
        ownership.replay()
        blockers += ownership.blockers
        return ReferenceReport(
            commandCount: commands.count, commands: commands.folded(), blockers: blockers)
    }

    /// The report on a text on disk; `each` sees every event, in a second reading none again.
    public static func report(
        onFile path: String, each: (borrowing TextEvent) -> Void
    ) throws(TextHistoryError) -> ReferenceReport {
        var analysis = ReferenceAnalysis(.expectsOrder)
        try HistoryFile.readText(path) { event in
            analysis.add(event)
            each(event)
        }
        return try analysis.report(orAgainOn: path)
    }

    /// The same, much faster, for whoever needs to see the events in a fixed size at most.
    public static func report(
        onFile path: String, eachChunk: (borrowing PlainTextChunk) -> Void = { _ in }
    ) throws(TextHistoryError) -> ReferenceReport {
        var analysis = ReferenceAnalysis(.expectsOrder)
        try HistoryFile.readPlainText(path) { chunk in
            analysis.add(chunk)
            eachChunk(chunk)
        }
        return try analysis.report(orAgainOn: path)
    }

    private consuming func report(
        orAgainOn path: String
    ) throws(TextHistoryError) -> ReferenceReport {
        guard needsSecondReading else { return report() }
        var analysis = ReferenceAnalysis(.keepsRecords)
        try HistoryFile.readPlainText(path) { analysis.add($0) }
        return analysis.report()
    }

    public static func report(on events: [TextEvent]) -> ReferenceReport {
        var analysis = ReferenceAnalysis()
        for event in events { analysis.add(event) }
        return analysis.report()
    }
}
