import History

/// Promises 20, 53 and 54: the record itself is whole, in sequence, in time, and in that every
/// answer belongs to one question. Events are paired into attempts here, so that everything after
/// can rely on it.
struct RecordIntegrity {
    private(set) var attempts: [Attempt] = []
    private(set) var findings: [Finding] = []

    private var openByNumber: [AttemptNumber: Int] = [:]
    private var closed: Set<AttemptNumber> = []
    private var previous: HistoryEvent?
    /// Whether the sequence may leave out numbers.
    private let mayHaveGaps: Bool

    init(_ events: [HistoryEvent], extract: RecordExtract? = nil) {
        mayHaveGaps = extract.map { !$0.isContiguous } ?? false
        for event in events { take(event) }
    }

    private mutating func take(_ event: HistoryEvent) {
        if let previous, !follows(event, previous) {
            report(
                .brokenRecord, event,
                "Event \(event.sequence) follows event \(previous.sequence): the record has a "
                    + "gap or a repetition there.")
        }
        if let previous, event.time < previous.time {
            report(
                .recordTime, event,
                "Event \(event.sequence) happened at \(event.time) ns, before event "
                    + "\(previous.sequence) at \(previous.time) ns, which stands in front of it.")
        }
        previous = event
        switch event.content {
        case .invoke(let invocation): open(invocation, event)
        case .complete(let number, let outcome): close(number, outcome, event)
        case .fault, .note: break
        }
    }

    private func follows(_ event: HistoryEvent, _ previous: HistoryEvent) -> Bool {
        mayHaveGaps
            ? event.sequence > previous.sequence
            : event.sequence.rawValue == previous.sequence.rawValue + 1
    }

    private mutating func open(_ invocation: Invocation, _ event: HistoryEvent) {
        guard openByNumber[invocation.attempt] == nil, !closed.contains(invocation.attempt) else {
            return report(
                .recordPairing, event, "Attempt \(invocation.attempt) is invoked a second time.")
        }
        openByNumber[invocation.attempt] = attempts.count
        attempts.append(
            Attempt(
                process: event.process, invocation: invocation, invokedAt: event.time,
                invokeSequence: event.sequence))
    }

    private mutating func close(
        _ number: AttemptNumber, _ outcome: Outcome, _ event: HistoryEvent
    ) {
        guard let index = openByNumber.removeValue(forKey: number) else {
            return report(
                .recordPairing, event,
                "Event \(event.sequence) completes attempt \(number), which is not open.")
        }
        closed.insert(number)
        guard event.time >= attempts[index].invokedAt else {
            return report(
                .recordTime, event,
                "Attempt \(number) was answered at \(event.time) ns, before it was sent at "
                    + "\(attempts[index].invokedAt) ns.")
        }
        attempts[index].outcome = outcome
        attempts[index].completedAt = event.time
        attempts[index].completeSequence = event.sequence
    }

    private mutating func report(
        _ code: FindingCode, _ event: HistoryEvent, _ explanation: String
    ) {
        findings.append(
            Finding(
                code, severity: .suspicious, stage: .scan, events: [event.sequence],
                explanation: explanation))
    }
}
