import History

/// Promise 26: an operation is refused as a conflict only where another command has its id, and the
/// answer names the LSN of that one (wire-api.md 3.1, lease-kernel.md 7 step 5).
///
/// A conflict that was found when the command had its own place in the log is for the replay.
enum ConflictPromise {
    static func check(_ log: WitnessLog, _ attempts: [Attempt]) -> [Finding] {
        var findings: [Finding] = []
        var sent: [OperationID: Set<Operation>] = [:]
        for attempt in attempts where attempt.invocation.operation.isMutating {
            guard let id = attempt.invocation.operationID else { continue }
            sent[id, default: []].insert(attempt.invocation.operation)
        }
        for attempt in attempts {
            guard
                case .refused(let lsn, .operationConflict, fromRetryCache: true) = attempt.outcome,
                let id = attempt.invocation.operationID
            else { continue }
            let operation = attempt.invocation.operation
            let start =
                "Operation \(id) (\(Words.of(operation))) was refused as operation_conflict with "
                + "LSN \(lsn), "
            if sent[id] == [operation] {
                findings.append(
                    Finding(
                        .falseConflict, stage: .scan, events: attempt.events,
                        explanation: start + "but no other command was ever sent under that id."))
            } else if let entry = log.entries[lsn],
                entry.operationID != id || entry.operation == operation
            {
                findings.append(
                    Finding(
                        .falseConflict, stage: .scan, events: entry.events + attempt.events,
                        explanation: start + "where operation \(entry.operationID) "
                            + "(\(Words.of(entry.operation))) stands: that is not the other "
                            + "command of its id."))
            }
        }
        return findings
    }
}
