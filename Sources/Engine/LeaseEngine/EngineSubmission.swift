public import LeaseKernel

// Submitting commands (durability.md 9.1 to 9.3, 9.7).

/// What became of a request that asked for a place in the queue.
public enum EnqueueOutcome: Hashable, Sendable {
    case queued
    /// The operation is already in the queue, perhaps with another command; the fingerprint is
    /// that of the request.
    case pending(OperationID, CommandFingerprint)
    /// The operation table knew the answer.
    case answered(AppliedCommand)
}

extension Engine {
    /// Takes one encoded client request and answers it. With an empty queue, as on the request
    /// path, that is the whole story; otherwise the front of the queue is processed and answered
    /// in its place (durability.md 9.3).
    public mutating func submit(
        _ payload: [UInt8], at requestSlot: Slot
    ) throws(SubmissionError) -> AppliedCommand {
        switch try enqueue(payload, at: requestSlot) {
        case .answered(let applied):
            return applied
        case .queued:
            // The queue holds at least what was just added.
            guard let (_, applied) = try processFront() else { throw .engineHalted }
            return applied
        case .pending(let operation, _):
            return try processThrough(operation, answering: payload)
        }
    }

    /// The checks of durability.md 9.1 in their order, then a place in the queue.
    public mutating func enqueue(
        _ payload: [UInt8], at requestSlot: Slot
    ) throws(SubmissionError) -> EnqueueOutcome {
        let request = try configuration.decodeClient(payload)
        if isHalted { throw .engineHalted }
        if let answer = kernel.answerFromRetryTable(to: request, at: requestSlot) {
            return .answered(answer)
        }
        if queue.contains(where: { $0.request.operationID == request.operationID }) {
            return .pending(request.operationID, CommandFingerprint(of: request.command))
        }
        if case .exhausted(let last) = state { throw .lsnExhausted(lastApplied: last) }
        if let overflow = kernel.configuration.slotOverflow(
            ofClient: request.command, at: requestSlot)
        {
            throw .slotOverflow(overflow)
        }
        if let floor = queue.last?.requestSlot ?? kernel.lastRequestSlot, requestSlot < floor {
            throw .slotOverflow(.rewound(requestSlot))
        }
        guard queue.count < Int(configuration.maxSubmissionQueue) else {
            throw .overloaded(
                queueDepth: UInt32(queue.count),
                queueCapacity: configuration.maxSubmissionQueue)
        }
        queue.append(QueuedRequest(request: request, payload: payload, requestSlot: requestSlot))
        return .queued
    }

    /// Processes the request at the front of the queue; nil when the queue is empty.
    public mutating func processNext() throws(SubmissionError) -> AppliedCommand? {
        switch state {
        case .halted: throw .engineHalted
        case .exhausted(let last): throw .lsnExhausted(lastApplied: last)
        case .running: return try processFront()?.applied
        }
    }

    /// Applies one encoded internal command, without retry table (durability.md 9.7).
    public mutating func applyEncodedInternal(
        _ payload: [UInt8], at requestSlot: Slot
    ) throws(SubmissionError) -> AppliedCommand {
        let command = try configuration.decodeInternal(payload)
        return try applyInternal(command, payload: payload, at: requestSlot)
    }

    mutating func applyInternal(
        _ command: Command, payload: [UInt8], at requestSlot: Slot
    ) throws(SubmissionError) -> AppliedCommand {
        switch state {
        case .halted: throw .engineHalted
        case .exhausted(let last): throw .lsnExhausted(lastApplied: last)
        case .running: break
        }
        if let overflow = kernel.configuration.slotOverflow(
            ofInternal: command, at: requestSlot)
        {
            throw .slotOverflow(overflow)
        }
        return try commit(.internal(command, payload: payload), at: requestSlot)
    }

    mutating func processFront() throws(SubmissionError)
        -> (entry: QueuedRequest, applied: AppliedCommand)?
    {
        guard !queue.isEmpty else { return nil }
        let entry = queue.removeFirst()
        let applied = try commit(
            .client(entry.request, payload: entry.payload), at: entry.requestSlot)
        return (entry, applied)
    }

    private mutating func processThrough(
        _ operation: OperationID, answering payload: [UInt8]
    ) throws(SubmissionError) -> AppliedCommand {
        let asked = try configuration.decodeClient(payload)
        while let (entry, applied) = try processFront() {
            guard entry.request.operationID == operation else { continue }
            let isSame =
                CommandFingerprint(of: entry.request.command)
                == CommandFingerprint(of: asked.command)
            return AppliedCommand(
                lsn: applied.lsn,
                outcome: isSame ? applied.outcome : CommandOutcome(.operationConflict),
                isFromRetryTable: true)
        }
        // `enqueue` has just seen the operation in the queue.
        throw .engineHalted
    }
}

extension EngineConfiguration {
    /// Size, then form (durability.md 9.1 steps 1 and 2).
    public func decodeClient(_ payload: [UInt8]) throws(SubmissionError) -> ClientCommand {
        try requireSize(payload)
        do {
            return try CommandCodec.decodeClient(payload)
        } catch {
            throw .invalidRequest(error)
        }
    }

    /// The same for a bare command (durability.md 9.7).
    public func decodeInternal(_ payload: [UInt8]) throws(SubmissionError) -> Command {
        try requireSize(payload)
        do {
            return try CommandCodec.decodeInternal(payload)
        } catch {
            throw .invalidRequest(error)
        }
    }

    private func requireSize(_ payload: [UInt8]) throws(SubmissionError) {
        guard UInt64(payload.count) <= maxCommandBytes else {
            throw .commandTooLarge(
                encodedLength: UInt64(payload.count), maxCommandBytes: maxCommandBytes)
        }
    }
}
