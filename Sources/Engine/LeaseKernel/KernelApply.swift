// Applying commands (lease-kernel.md 7): the only path that changes a kernel.

extension Kernel {
    /// Applies one command of a client.
    ///
    /// Slot arithmetic that does not fit answers `slotOverflow` and changes nothing at all; a
    /// known operation is answered from the operation table. Throws, without any change, for
    /// input no correct caller hands in and for counters that are used up.
    public mutating func apply(
        _ request: ClientCommand, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> AppliedCommand {
        if configuration.slotOverflow(ofClient: request.command, at: requestSlot) != nil {
            return .executed(lsn, CommandOutcome(.slotOverflow))
        }
        try requireProgress(lsn: lsn, requestSlot: requestSlot)
        return try withoutTrace(unlessItCompletes: request.command, lsn: lsn) {
            (kernel: inout Kernel) throws(KernelError) in
            try kernel.advance(applying: request, lsn: lsn, requestSlot: requestSlot)
        }
    }

    /// Applies one command of the engine itself: without operation id, so neither looked up nor
    /// remembered (lease-kernel.md 7.1).
    public mutating func applyInternal(
        _ command: Command, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> AppliedCommand {
        if configuration.slotOverflow(ofInternal: command, at: requestSlot) != nil {
            return .executed(lsn, CommandOutcome(.slotOverflow))
        }
        try requireProgress(lsn: lsn, requestSlot: requestSlot)
        return try withoutTrace(unlessItCompletes: command, lsn: lsn) {
            (kernel: inout Kernel) throws(KernelError) in
            kernel.advanceWatermarks(lsn: lsn, requestSlot: requestSlot)
            let outcome = try kernel.execute(command, lsn: lsn, requestSlot: requestSlot)
            try kernel.checkInvariantsIfWanted()
            return .executed(lsn, outcome)
        }
    }

    /// What the operation table answers to a command at a slot: the stored outcome, or a
    /// conflict when the operation id stands for another command; nil when the operation is
    /// new. Changes nothing and uses up no LSN (durability.md 9.1 step 4).
    public func answerFromRetryTable(
        to request: ClientCommand, at requestSlot: Slot
    ) -> AppliedCommand? {
        operation(request.operationID, at: requestSlot).map { $0.answer(to: request.command) }
    }

    /// Why `apply` would throw for a command, without applying it; nil when it would not. What
    /// is refused here must never be logged: no replica could apply it afterwards.
    public func refusal(
        of request: ClientCommand, lsn: LSN, requestSlot: Slot
    ) -> KernelError? {
        refusal(of: request.command, lsn: lsn, requestSlot: requestSlot) {
            (kernel: inout Kernel) throws(KernelError) in
            _ = try kernel.apply(request, lsn: lsn, requestSlot: requestSlot)
        }
    }

    /// The same for `applyInternal`.
    public func refusal(
        ofInternal command: Command, lsn: LSN, requestSlot: Slot
    ) -> KernelError? {
        refusal(of: command, lsn: lsn, requestSlot: requestSlot) {
            (kernel: inout Kernel) throws(KernelError) in
            _ = try kernel.applyInternal(command, lsn: lsn, requestSlot: requestSlot)
        }
    }

    /// Tries the command on a copy only where a look shows that it could fail.
    private func refusal(
        of command: Command, lsn: LSN, requestSlot: Slot,
        _ change: (inout Kernel) throws(KernelError) -> Void
    ) -> KernelError? {
        do throws(KernelError) {
            try requireProgress(lsn: lsn, requestSlot: requestSlot)
            guard mayFail(command, lsn: lsn) else { return nil }
            var copy = self
            try change(&copy)
            return nil
        } catch {
            return error
        }
    }

    /// The LSN first, then the slot (lease-kernel.md 7 step 2). Gaps in either are fine.
    private func requireProgress(lsn: LSN, requestSlot: Slot) throws(KernelError) {
        if let lastAppliedLSN, lsn <= lastAppliedLSN {
            throw .lsnNotIncreasing(last: lastAppliedLSN, found: lsn)
        }
        if let lastRequestSlot, requestSlot < lastRequestSlot {
            throw .slotDecreasing(last: lastRequestSlot, found: requestSlot)
        }
    }

    private mutating func advance(
        applying request: ClientCommand, lsn: LSN, requestSlot: Slot
    ) throws(KernelError) -> AppliedCommand {
        advanceWatermarks(lsn: lsn, requestSlot: requestSlot)
        if let record = operations[request.operationID] {
            guard requestSlot > record.retireAfter else {
                return record.answer(to: request.command)
            }
            operations[request.operationID] = nil
        }
        guard operations.count < Int(configuration.maxOperations) else {
            return .executed(lsn, CommandOutcome(.operationTableFull))
        }
        let outcome = try execute(request.command, lsn: lsn, requestSlot: requestSlot)
        remember(
            OperationRecord(
                id: request.operationID, fingerprint: CommandFingerprint(of: request.command),
                outcome: outcome, appliedLSN: lsn,
                // Fits: the slot range check comes before everything else.
                retireAfter: Slot(requestSlot.rawValue &+ configuration.operationWindowSlots)))
        try checkInvariantsIfWanted()
        return .executed(lsn, outcome)
    }

    private mutating func advanceWatermarks(lsn: LSN, requestSlot: Slot) {
        lastAppliedLSN = lsn
        lastRequestSlot = requestSlot
        retire(at: requestSlot)
    }

    private func checkInvariantsIfWanted() throws(KernelError) {
        switch checking {
        case .onRestore: return
        case .afterEveryCommand:
            do {
                try snapshot().checkInvariants(configuration)
            } catch {
                throw .invariantViolated(error)
            }
        }
    }

    /// Runs `change` on the kernel in place, or, where it could throw, on a copy that replaces
    /// the kernel only when it completes. Copying costs as much as the state is large, so it is
    /// kept to the commands for which one look shows that a counter could be used up.
    private mutating func withoutTrace(
        unlessItCompletes command: Command, lsn: LSN,
        _ change: (inout Kernel) throws(KernelError) -> AppliedCommand
    ) throws(KernelError) -> AppliedCommand {
        guard checking == .afterEveryCommand || mayFail(command, lsn: lsn) else {
            return try change(&self)
        }
        var copy = self
        let applied = try change(&copy)
        self = copy
        return applied
    }

    /// True for every command that `execute` could throw for.
    private func mayFail(_ command: Command, lsn: LSN) -> Bool {
        func versionIsUsedUp(_ id: ResourceID) -> Bool { resources[id]?.version == .max }
        switch command {
        case .createResource:
            return false
        case .reserve(let resource, _, _):
            return versionIsUsedUp(resource) || reservations[reservationID(of: lsn)] != nil
        case .reserveBundle(let members, _, _):
            return members.contains(where: versionIsUsedUp)
                || reservations[reservationID(of: lsn)] != nil
        case .confirm(let id, _, _), .release(let id, _, _), .expire(let id, _), .revoke(let id),
            .reclaim(let id):
            guard let reservation = reservations[id] else { return false }
            return reservation.epoch.rawValue == .max
                || reservation.members.contains(where: versionIsUsedUp)
        }
    }
}

extension AppliedCommand {
    fileprivate static func executed(_ lsn: LSN, _ outcome: CommandOutcome) -> AppliedCommand {
        AppliedCommand(lsn: lsn, outcome: outcome, isFromRetryTable: false)
    }
}

extension OperationRecord {
    /// The stored outcome when the command is the same, else a conflict.
    fileprivate func answer(to command: Command) -> AppliedCommand {
        let same = fingerprint == CommandFingerprint(of: command)
        return AppliedCommand(
            lsn: appliedLSN, outcome: same ? outcome : CommandOutcome(.operationConflict),
            isFromRetryTable: true)
    }
}

extension KernelConfiguration {
    /// Whether the slot arithmetic of a client command fits, first the command's own part, then
    /// the operation window (lease-kernel.md 7 step 1).
    public func slotOverflow(ofClient command: Command, at requestSlot: Slot) -> SlotOverflow? {
        slotOverflow(ofInternal: command, at: requestSlot)
            ?? overflow(of: requestSlot, plus: operationWindowSlots, kind: .operationWindow)
    }

    /// The same for an internal command, which is not remembered and so has no window.
    public func slotOverflow(ofInternal command: Command, at requestSlot: Slot) -> SlotOverflow? {
        switch command {
        case .reserve(_, _, let ttlSlots), .reserveBundle(_, _, let ttlSlots):
            overflow(of: requestSlot, plus: ttlSlots, kind: .deadline)
        case .release, .reclaim, .expire:
            overflow(
                of: requestSlot, plus: reservationHistoryWindowSlots, kind: .reservationHistory)
        case .createResource, .confirm, .revoke:
            nil
        }
    }

    private func overflow(
        of slot: Slot, plus delta: UInt64, kind: SlotOverflow.Kind
    ) -> SlotOverflow? {
        guard slot.rawValue.addingReportingOverflow(delta).overflow else { return nil }
        return SlotOverflow(kind: kind, requestSlot: slot, delta: delta)
    }
}
