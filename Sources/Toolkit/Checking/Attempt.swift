import History

/// One request of the record with what became of it.
struct Attempt: Sendable {
    let process: ProcessID
    let invocation: Invocation
    let invokedAt: RunInstant
    let invokeSequence: Sequence
    /// An attempt without a completion in the record is ambiguous.
    var outcome: Outcome = .ambiguous(.interrupted)
    var completedAt: RunInstant?
    var completeSequence: Sequence?

    /// Whether the attempt can have had an effect on the log.
    var mayHaveExecuted: Bool {
        switch outcome {
        case .failed, .read: false
        case .committed, .refused, .ticked, .ambiguous: true
        }
    }

    var isAmbiguous: Bool {
        switch outcome {
        case .ambiguous: true
        case .committed, .refused, .ticked, .read, .failed: false
        }
    }

    /// Whether the answer is that of an earlier execution. A remembered conflict speaks of another
    /// command (wire-api.md 3.1).
    var isFromMemory: Bool {
        switch outcome {
        case .committed(_, _, let fromRetryCache): fromRetryCache
        case .refused(_, .operationConflict, _): false
        case .refused(_, _, let fromRetryCache): fromRetryCache
        case .ticked, .read, .failed, .ambiguous: false
        }
    }

    /// The events of the attempt, for a finding.
    var events: [Sequence] { [invokeSequence] + (completeSequence.map { [$0] } ?? []) }
}
