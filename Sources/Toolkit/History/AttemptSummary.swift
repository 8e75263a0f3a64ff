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

extension RunRecord {
    /// All attempts in the order of their completions, those without one last, in the order of
    /// their invocations. A completion of an attempt that was never invoked is left out.
    public var attempts: [AttemptSummary] {
        var open: [AttemptNumber: (process: ProcessID, Invocation, RunInstant)] = [:]
        var attempts: [AttemptSummary] = []
        for event in events {
            switch event.content {
            case .invoke(let invocation):
                open[invocation.attempt] = (event.process, invocation, event.time)
            case .complete(let number, let outcome):
                guard let (process, invocation, time) = open.removeValue(forKey: number) else {
                    continue
                }
                attempts.append(
                    AttemptSummary(
                        process: process, invocation: invocation, invokedAt: time,
                        outcome: outcome, completedAt: event.time))
            case .fault, .note: continue
            }
        }
        for (_, (process, invocation, time)) in open.sorted(by: { $0.key < $1.key }) {
            attempts.append(
                AttemptSummary(
                    process: process, invocation: invocation, invokedAt: time,
                    outcome: .ambiguous(.interrupted), completedAt: nil))
        }
        return attempts
    }
}
