/// One request of a record with what became of it. A request whose completion the record does
/// not hold is ambiguous (`Ambiguity.interrupted`): the tool was killed, or ended, before it
/// heard an answer.
public struct AttemptSummary: Hashable, Sendable {
    public let process: ProcessID
    public let invocation: Invocation
    public let invokedAt: RunInstant
    public let outcome: Outcome
    /// Nil when the record holds no completion.
    public let completedAt: RunInstant?
}

/// Pairs the events of a record into attempts while they come. Memory grows with the requests
/// that are open at once, not with the record.
public struct AttemptPairing: Sendable {
    private struct Open {
        let process: ProcessID
        let invocation: Invocation
        let invokedAt: RunInstant
    }

    private var open: [AttemptNumber: Open] = [:]

    public init() {}

    /// The attempt that the event completes, if it does. A completion of an attempt that was
    /// never invoked completes none.
    public mutating func take(_ event: HistoryEvent) -> AttemptSummary? {
        switch event.content {
        case .invoke(let invocation):
            open[invocation.attempt] = Open(
                process: event.process, invocation: invocation, invokedAt: event.time)
            return nil
        case .complete(let number, let outcome):
            guard let begun = open.removeValue(forKey: number) else { return nil }
            return AttemptSummary(
                process: begun.process, invocation: begun.invocation,
                invokedAt: begun.invokedAt, outcome: outcome, completedAt: event.time)
        case .fault, .note: return nil
        }
    }

    /// The attempts without a completion so far, in the order of their invocations.
    public var unanswered: [AttemptSummary] {
        open.sorted { $0.key < $1.key }.map { _, begun in
            AttemptSummary(
                process: begun.process, invocation: begun.invocation,
                invokedAt: begun.invokedAt, outcome: .ambiguous(.interrupted), completedAt: nil)
        }
    }
}

extension RunRecord {
    /// All attempts in the order of their completions, those without one last, in the order of
    /// their invocations. A completion of an attempt that was never invoked is left out.
    public var attempts: [AttemptSummary] {
        var pairing = AttemptPairing()
        var attempts = events.compactMap { pairing.take($0) }
        attempts += pairing.unanswered
        return attempts
    }
}
