import History

/// Promises 39 and 43 where the record itself says who answered a read and what it had applied:
/// only the primary answers, and never below the fence (wire-api.md 6, 7.6). Answers of the
/// protocol carry neither, so most records leave both to the replay.
enum ServingPromise {
    static func check(_ attempts: [Attempt]) -> [Finding] {
        attempts.compactMap { attempt in
            guard case .read(_, let facts) = attempt.outcome else { return nil }
            let read =
                "\(Words.of(attempt.invocation.operation)), sent at "
                + "\(Words.time(attempt.invokedAt)),"
            if let role = facts.role, role != .primary {
                return Finding(
                    .deposedRead, stage: .scan, events: attempt.events,
                    explanation: "\(read) was answered by replica "
                        + "\(attempt.invocation.endpoint), which was \(role.rawValue) and not "
                        + "primary.")
            }
            if let observed = facts.observedLSN, let fence = attempt.invocation.operation.fence,
                observed < fence
            {
                return Finding(
                    .fenceIgnored, stage: .scan, events: attempt.events,
                    explanation: "\(read) was answered at LSN \(observed), below its fence.")
            }
            return nil
        }
    }
}

extension Operation {
    /// The LSN that a read demands.
    var fence: LSN? {
        switch self {
        case .getResource(_, let fence), .getReservation(_, let fence): fence
        case .createResource, .reserve, .reserveBundle, .confirm, .release, .revoke, .reclaim,
            .tickExpirations:
            nil
        }
    }
}
