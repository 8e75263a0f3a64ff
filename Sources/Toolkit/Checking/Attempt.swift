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

    /// The events of the attempt, for a finding.
    var events: [Sequence] { [invokeSequence] + (completeSequence.map { [$0] } ?? []) }
}
