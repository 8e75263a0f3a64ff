import History

/// The log as the acknowledgements in a record bear witness to it: which command stands at which
/// LSN, what it was answered, and between which moments it took effect.
struct WitnessLog {
    /// One acknowledged command at its LSN.
    struct Entry: Sendable {
        let lsn: LSN
        let operationID: OperationID
        let operation: Operation
        let answer: ModelAnswer
        /// The slots of the attempts that can have been the one executed; mostly one.
        var slots: [Slot]
        /// The first attempt that can have been executed was sent then.
        var invokedAt: RunInstant
        /// The first answer that named this LSN came then.
        var answeredAt: RunInstant
        /// The events of the attempts, first sent to first answered.
        var events: [Sequence]
        /// Who asked and who answered, in the first answer that named this LSN.
        var process: ProcessID
        var endpoint: ReplicaID
    }

    /// A command that may have been executed without anybody being told.
    struct Untold: Sendable {
        let operationID: OperationID
        let operation: Operation
        let slots: [Slot]
        let invokedAt: RunInstant
        let events: [Sequence]
        let attempts: Int
        /// How many of them can have been executed, each once.
        let mayRun: Int
        /// An answer that looks like the end of the matter and says nothing about it.
        let unproven: Unproven?
    }

    /// Why an answer to a later attempt says nothing about an ambiguous one.
    enum Unproven: Sendable {
        /// That attempt was certainly not executed; of the other one it knows nothing.
        case definiteFailure
        /// The later attempt was sent when the command was no longer remembered: it was executed
        /// anew (lease-kernel.md 7).
        case afterWindow
    }

    /// One request to expire what is due. `completedAt` is absent when it may go on for ever.
    struct Tick: Sendable {
        let slot: Slot
        let invokedAt: RunInstant
        let completedAt: RunInstant?
        let applied: UInt32
        let lastLSN: LSN?
        let events: [Sequence]
    }

    private(set) var entries: [LSN: Entry] = [:]
    private(set) var untold: [Untold] = []
    /// Commands that somebody was told of, and of which another attempt is ambiguous: that one
    /// was executed as well only if a full table refused one of the two without remembering it.
    private(set) var settled: [Untold] = []
    /// The same, but their slots or answers say that they need not have been remembered.
    private(set) var executedAgain: [Untold] = []
    /// Commands all of whose attempts were answered as certainly not executed.
    private(set) var denied: [Untold] = []
    private(set) var ticks: [Tick] = []
    private(set) var findings: [Finding] = []
    private(set) var logicalCommands = 0
    private(set) var resolvedAmbiguities = 0

    /// For how many slots a command is remembered (lease-kernel.md 3).
    private let window: SlotCount
    /// Of an extract: what it leaves out.
    let extract: RecordExtract?

    init(_ attempts: [Attempt], limits: ClusterLimits, extract: RecordExtract? = nil) {
        self.extract = extract
        window = limits.operationWindow
        var byCommand: [CommandKey: [Int]] = [:]
        var order: [CommandKey] = []
        for (index, attempt) in attempts.enumerated() {
            if attempt.invocation.operation == .tickExpirations {
                take(tick: attempt)
            } else if attempt.invocation.operation.isMutating {
                guard let id = attempt.invocation.operationID else { continue }
                let key = CommandKey(id: id, operation: attempt.invocation.operation)
                if byCommand[key] == nil { order.append(key) }
                byCommand[key, default: []].append(index)
            }
        }
        logicalCommands = order.count
        for key in order {
            take(key, (byCommand[key] ?? []).map { attempts[$0] })
        }
    }

    /// Largest LSN that an answer named.
    var lastLSN: LSN? {
        let told = ticks.compactMap(\.lastLSN).max()
        guard let last = entries.keys.max() else { return told }
        return max(last, told ?? last)
    }

    struct CommandKey: Hashable {
        let id: OperationID
        let operation: Operation
    }

    // MARK: - One logical command

    private mutating func take(_ key: CommandKey, _ attempts: [Attempt]) {
        let executable = attempts.filter(\.mayHaveExecuted)
        var slots: [Slot] = []
        for attempt in executable {
            if let slot = attempt.invocation.slot, !slots.contains(slot) { slots.append(slot) }
        }
        if let finding = Self.failureApplied(key, attempts) { findings.append(finding) }
        var isTold = false
        for attempt in attempts {
            guard let (lsn, answer) = witness(of: attempt) else { continue }
            isTold = true
            add(
                Entry(
                    lsn: lsn, operationID: key.id, operation: key.operation, answer: answer,
                    slots: slots,
                    invokedAt: executable.map(\.invokedAt).min() ?? attempt.invokedAt,
                    answeredAt: attempt.completedAt ?? attempt.invokedAt,
                    events: attempt.events, process: attempt.process,
                    endpoint: attempt.invocation.endpoint))
        }
        // An answer that another command has this id settles this one as well: it was refused.
        let wasRefusedAsConflict = attempts.contains {
            if case .refused(_, .operationConflict, _) = $0.outcome { true } else { false }
        }
        let isAmbiguous = attempts.contains(where: \.isAmbiguous)
        if isTold || wasRefusedAsConflict {
            let forgotten = forgottenAttempts(attempts)
            let doubted = attempts.filter(\.isAmbiguous)
            if !forgotten.isEmpty {
                untold.append(command(key, forgotten, slotsOf: forgotten, .afterWindow))
                // One that the cluster may have remembered may have been executed besides.
                if doubted.count > forgotten.count {
                    executedAgain.append(command(key, doubted, slotsOf: doubted, nil))
                }
            } else if isAmbiguous {
                resolvedAmbiguities += 1
                let command = command(key, doubted, slotsOf: doubted, nil)
                if mayBeForgotten(attempts) {
                    executedAgain.append(command)
                } else {
                    settled.append(command)
                }
            }
            return
        }
        guard isAmbiguous else {
            return denied.append(command(key, attempts, slotsOf: attempts, nil))
        }
        let doubted = attempts.firstIndex(where: \.isAmbiguous) ?? 0
        let hasFailed = attempts[doubted...].contains {
            if case .failed = $0.outcome { true } else { false }
        }
        untold.append(
            command(key, attempts, slotsOf: executable, hasFailed ? .definiteFailure : nil))
    }

    private func command(
        _ key: CommandKey, _ attempts: [Attempt], slotsOf executable: [Attempt],
        _ unproven: Unproven?
    ) -> Untold {
        var slots: [Slot] = []
        for slot in executable.compactMap(\.invocation.slot) where !slots.contains(slot) {
            slots.append(slot)
        }
        return Untold(
            operationID: key.id, operation: key.operation, slots: slots,
            invokedAt: executable.map(\.invokedAt).min() ?? RunInstant(0),
            events: attempts.flatMap(\.events), attempts: attempts.count,
            mayRun: executable.count { $0.isAmbiguous || !$0.mayHaveExecuted }, unproven: unproven)
    }

    /// Whether one attempt of a command can have found that another one was not remembered: their
    /// slots lie apart, the table was full, or another command had the id.
    private func mayBeForgotten(_ attempts: [Attempt]) -> Bool {
        let slots = attempts.compactMap(\.invocation.slot)
        if let first = slots.min(), let last = slots.max(), last > first.adding(window) {
            return true
        }
        return attempts.contains {
            switch $0.outcome {
            case .refused(_, .operationTableFull, _), .refused(_, .operationConflict, _): true
            case .committed, .refused, .ticked, .read, .failed, .ambiguous: false
            }
        }
    }

    /// Ambiguous attempts of a command that was answered only to attempts of slots at which
    /// nobody remembered them any more: the answers say nothing about these.
    private func forgottenAttempts(_ attempts: [Attempt]) -> [Attempt] {
        let told = attempts.filter { !$0.isAmbiguous && $0.mayHaveExecuted }
            .compactMap(\.invocation.slot)
        return attempts.filter { attempt in
            guard attempt.isAmbiguous, let slot = attempt.invocation.slot else { return false }
            return !told.isEmpty && told.allSatisfy { $0 > slot.adding(window) }
        }
    }

    /// A cluster that answers from memory has executed the command before. Where every earlier
    /// attempt was answered as certainly not executed, one of those answers was wrong.
    private static func failureApplied(_ key: CommandKey, _ attempts: [Attempt]) -> Finding? {
        let executable = attempts.filter(\.mayHaveExecuted)
        guard executable.allSatisfy(\.isFromMemory),
            let remembered = executable.min(by: { $0.invokedAt < $1.invokedAt })
        else { return nil }
        let denied = attempts.filter {
            !$0.mayHaveExecuted && $0.invokedAt < remembered.completedAt ?? $0.invokedAt
        }
        guard !denied.isEmpty else { return nil }
        return Finding(
            .failureApplied, stage: .scan, events: denied.flatMap(\.events) + remembered.events,
            explanation: "Operation \(key.id) (\(Words.of(key.operation))) was answered from the "
                + "cluster's memory at \(Words.time(remembered.completedAt ?? remembered.invokedAt)), "
                + "so it had been executed before; but each of its \(denied.count) earlier "
                + "attempts was answered as certainly not executed.")
    }

    /// The place in the log that an answer testifies to.
    private func witness(of attempt: Attempt) -> (LSN, ModelAnswer)? {
        switch attempt.outcome {
        case .committed(let lsn, let result, _): (lsn, .ok(result))
        // A remembered conflict names the LSN of the *other* command (wire-api.md 3.1).
        case .refused(_, .operationConflict, fromRetryCache: true): nil
        case .refused(let lsn, let code, _): (lsn, .refused(code))
        case .ticked, .read, .failed, .ambiguous: nil
        }
    }

    private mutating func add(_ entry: Entry) {
        guard var known = entries[entry.lsn] else {
            entries[entry.lsn] = entry
            return
        }
        guard known.operationID == entry.operationID, known.operation == entry.operation else {
            findings.append(shared(known, entry))
            return
        }
        if known.answer != entry.answer {
            findings.append(
                Finding(
                    .changedAnswer, stage: .scan, events: known.events + entry.events,
                    explanation: "Operation \(entry.operationID) (\(Words.of(entry.operation))) "
                        + "at LSN \(entry.lsn) was answered \(Words.of(known.answer)) and, on "
                        + "a retry, \(Words.of(entry.answer))."))
        }
        if entry.answeredAt < known.answeredAt {
            known.answeredAt = entry.answeredAt
            known.events = entry.events
            known.process = entry.process
            known.endpoint = entry.endpoint
        }
        entries[entry.lsn] = known
    }

    /// One place in the log holds one command. Where one was acknowledged before the other was
    /// sent, the first is no longer there; otherwise both were given the place at once.
    private func shared(_ first: Entry, _ second: Entry) -> Finding {
        let isLost =
            first.answeredAt < second.invokedAt || second.answeredAt < first.invokedAt
        return Finding(
            isLost ? .lostWrite : .lsnShared, stage: .scan, events: first.events + second.events,
            explanation: "LSN \(first.lsn) was acknowledged for operation "
                + "\(first.operationID) (\(Words.of(first.operation)), answered at "
                + "\(Words.time(first.answeredAt))) and for operation "
                + "\(second.operationID) (\(Words.of(second.operation)), answered at "
                + "\(Words.time(second.answeredAt))). One place in the log holds one "
                + "command: "
                + (isLost
                    ? "the acknowledgement of one of them was taken back."
                    : "they were under way at the same time, and were given one place."))
    }

    private mutating func take(tick attempt: Attempt) {
        let slot = attempt.invocation.slot ?? Slot(0)
        switch attempt.outcome {
        case .ticked(let applied, let lastLSN):
            ticks.append(
                Tick(
                    slot: slot, invokedAt: attempt.invokedAt, completedAt: attempt.completedAt,
                    applied: applied, lastLSN: lastLSN, events: attempt.events))
        case .ambiguous:
            ticks.append(
                Tick(
                    slot: slot, invokedAt: attempt.invokedAt, completedAt: nil, applied: 0,
                    lastLSN: nil, events: attempt.events))
        case .committed, .refused, .read, .failed: break
        }
    }
}
