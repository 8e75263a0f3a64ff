import History

/// Promise 4, for a retry that gets no answer of the log at all: inside the window in which the
/// cluster remembers a command, the identical bytes are never refused as unfit for the log.
///
/// A slot that has gone by is no reason to refuse a command that was executed: it is answered
/// from memory, before anybody compares slots (durability.md 9.1). Whether it must be remembered
/// still follows from the largest slot that anything sent until then carried.
enum RememberedRetries {
    static func check(_ attempts: [Attempt], limits: ClusterLimits) -> [Finding] {
        let window = limits.operationWindow.rawValue
        let slots = LargestSlots(attempts)
        var first: [WitnessLog.CommandKey: Attempt] = [:]
        // The answer may be that of an earlier attempt, which had another slot.
        var executedAt: [WitnessLog.CommandKey: Slot] = [:]
        for attempt in attempts {
            guard let key = key(of: attempt) else { continue }
            if let slot = attempt.invocation.slot {
                executedAt[key] = min(slot, executedAt[key] ?? slot)
            }
            guard isRemembered(attempt), let end = attempt.completedAt else { continue }
            if let known = first[key]?.completedAt, known <= end { continue }
            first[key] = attempt
        }
        var findings: [Finding] = []
        for attempt in attempts {
            guard let key = key(of: attempt), case .failed(.slotOverflow) = attempt.outcome,
                let original = first[key], let answered = original.completedAt,
                answered < attempt.invokedAt, let end = attempt.completedAt,
                let slot = executedAt[key],
                // The original was sent before, so the largest slot is not below this one.
                slots.largest(sentBefore: end).rawValue - slot.rawValue <= window
            else { continue }
            findings.append(
                Finding(
                    .changedAnswer, stage: .scan, events: original.events + attempt.events,
                    explanation: "Operation \(key.id) (\(Words.of(key.operation))) was answered "
                        + "from the log at \(Words.time(answered)). It was executed in slot "
                        + "\(slot) or later and must be remembered for \(window) slots. Its "
                        + "repetition, sent at "
                        + "\(Words.time(attempt.invokedAt)), was refused with slot_overflow, as if "
                        + "it were new."))
        }
        return findings
    }

    private static func key(of attempt: Attempt) -> WitnessLog.CommandKey? {
        guard attempt.invocation.operation.isMutating, let id = attempt.invocation.operationID
        else { return nil }
        return WitnessLog.CommandKey(id: id, operation: attempt.invocation.operation)
    }

    /// Whether the answer is one that the cluster keeps (lease-kernel.md 10).
    private static func isRemembered(_ attempt: Attempt) -> Bool {
        switch attempt.outcome {
        case .committed: true
        case .refused(_, let code, _):
            code != .operationConflict && code != .operationTableFull && code != .slotOverflow
        case .ticked, .read, .failed, .ambiguous: false
        }
    }
}

/// The largest slot that anything sent before a moment carried.
private struct LargestSlots {
    private var sent: [(at: RunInstant, slot: Slot)] = []

    init(_ attempts: [Attempt]) {
        sent = attempts.compactMap { attempt in
            attempt.invocation.operation.isMutating
                ? attempt.invocation.slot.map { (attempt.invokedAt, $0) } : nil
        }
        sent.sort { $0.at < $1.at }
        for index in sent.indices.dropFirst() {
            sent[index].slot = max(sent[index].slot, sent[index - 1].slot)
        }
    }

    func largest(sentBefore moment: RunInstant) -> Slot {
        let count = sent.partitionIndex { $0.at <= moment }
        return count == 0 ? Slot(0) : sent[count - 1].slot
    }
}
