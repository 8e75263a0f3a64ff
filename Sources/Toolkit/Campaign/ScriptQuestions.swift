import History
import SystemCalls
import Workload

/// What a script asks in one iteration, and what it must remember for its later steps.
struct ScriptQuestions {
    /// What is expected to be answered must be within this time.
    static let limit = Duration.seconds(30)
    /// Ticks of one drain (validation.md 8.6).
    static let mostDrainTicks = 16

    private let asker: Asker
    private let endpoints: Endpoints
    private let recorder: Recorder
    private let base: UInt128
    private let firstSlot: UInt64
    private let isInterrupted: @Sendable () -> Bool
    private(set) var created: [ResourceID] = []
    private(set) var lastSlot = Slot(0)
    /// The lease that was granted first.
    private var lease: (reservation: ReservationID, epoch: LeaseEpoch)?
    /// What later reads demand.
    private var fence: LSN?
    private var surprises: [String] = []

    init(
        asker: Asker, endpoints: Endpoints, recorder: Recorder, base: UInt128, firstSlot: UInt64,
        isInterrupted: @escaping @Sendable () -> Bool
    ) {
        self.asker = asker
        self.endpoints = endpoints
        self.recorder = recorder
        self.base = base
        self.firstSlot = firstSlot
        self.isInterrupted = isInterrupted
    }

    /// Outcomes that are not what the script says, since this was asked last.
    mutating func takeSurprises() -> [String] {
        defer { surprises = [] }
        return surprises
    }

    // MARK: - Steps

    mutating func create(_ resource: UInt64, operation: UInt64) throws(RunFailure) {
        let id = ResourceID(base + UInt128(resource))
        let outcome = try insist(
            .createResource(id), operationID(operation), slot(1), isAnswer: Self.isAnswer)
        guard case .committed = outcome else { throw unexpected("create", outcome) }
        created.append(id)
    }

    mutating func submit(
        _ command: ScriptCommand, _ expected: ScriptExpectation
    ) throws(RunFailure) {
        let operation = try self.operation(command.action)
        let id = operationID(command.operation)
        let slot = slot(command.slot)
        let outcome =
            expected == .ambiguous
            ? try ask(endpoints.primary, operation, id, slot)
            : try insist(operation, id, slot, isAnswer: Self.isAnswer)
        if case .committed(let lsn, let result, _) = outcome {
            if lease == nil, let reservation = result.reservationID, let epoch = result.epoch {
                lease = (reservation, epoch)
            }
            if expected == .mustCommit { fence = lsn }
        }
        try compare(outcome, expected, "\(operation.kind.rawValue) at slot \(command.slot)")
    }

    mutating func tick(_ offset: UInt64, _ expected: ScriptExpectation) throws(RunFailure) {
        let slot = slot(offset)
        guard expected != .ambiguous else {
            let outcome = try ask(endpoints.primary, .tickExpirations, nil, slot)
            return try compare(outcome, expected, "tick at slot \(offset)")
        }
        let outcome = try insist(.tickExpirations, nil, slot) { outcome in
            if case .ticked = outcome { true } else { false }
        }
        // A new primary may have carried out already what the old one could not answer: then
        // nothing is due, and the drain sees that the resource is free.
        if case .ticked(_, let last) = outcome { fence = max(last ?? LSN(0), fence ?? LSN(0)) }
    }

    mutating func drain(_ resource: UInt64, slot offset: UInt64) throws(RunFailure) {
        let id = ResourceID(base + UInt128(resource))
        for attempt in 0...UInt64(Self.mostDrainTicks) {
            let outcome = try insist(
                .getResource(id, requiredLSN: fence), nil, slot(offset),
                isAnswer: Self.isReadAnswer)
            guard case .read(let answer, _) = outcome else {
                throw unexpected("read of a drained resource", outcome)
            }
            if case .resource(let view) = answer, view.state == .available { return }
            guard attempt < UInt64(Self.mostDrainTicks) else { break }
            try tick(offset + attempt, .mustCommit)
        }
        throw .testbed("resource \(id) is still held after \(Self.mostDrainTicks) ticks")
    }

    mutating func readLease(
        _ offset: UInt64, at endpoint: Endpoints.Endpoint, _ expected: ScriptExpectation
    ) throws(RunFailure) {
        guard let lease else { throw .testbed("the script has granted nothing that it could read") }
        let operation = Operation.getReservation(lease.reservation, requiredLSN: fence)
        let slot = slot(offset)
        let outcome =
            expected == .answered
            ? try insist(operation, nil, slot, isAnswer: Self.isReadAnswer)
            : try ask(endpoint, operation, nil, slot)
        try compare(outcome, expected, "read of the lease at replica \(endpoint.replica)")
    }

    // MARK: - Asking

    private func operationID(_ offset: UInt64) -> OperationID {
        OperationID(base + UInt128(offset))
    }

    private mutating func slot(_ offset: UInt64) -> Slot {
        let slot = Slot(firstSlot + offset)
        lastSlot = max(lastSlot, slot)
        return slot
    }

    private func operation(_ action: ScriptCommand.Action) throws(RunFailure) -> Operation {
        switch action {
        case .reserve(let resource, let holder, let ttl):
            return .reserve(
                ResourceID(base + UInt128(resource)), HolderID(UInt128(holder)),
                ttl: SlotCount(ttl))
        case .reserveBundle(let resources, let holder, let ttl):
            return .reserveBundle(
                resources.map { ResourceID(base + UInt128($0)) }, HolderID(UInt128(holder)),
                ttl: SlotCount(ttl))
        case .confirm, .release, .revoke, .reclaim: break
        }
        guard let lease else { throw .testbed("the script has granted nothing to go on with") }
        return switch action {
        case .confirm(let holder):
            .confirm(lease.reservation, HolderID(UInt128(holder)), lease.epoch)
        case .release(let holder):
            .release(lease.reservation, HolderID(UInt128(holder)), lease.epoch)
        case .reclaim: .reclaim(lease.reservation)
        case .revoke, .reserve, .reserveBundle: .revoke(lease.reservation)
        }
    }

    private func ask(
        _ endpoint: Endpoints.Endpoint, _ operation: Operation, _ id: OperationID?, _ slot: Slot
    ) throws(RunFailure) -> Outcome {
        do throws(HistoryFileError) {
            return try asker.ask(endpoint, operation, operationID: id, slot: slot)
        } catch {
            throw .record(error)
        }
    }

    /// Repeats the identical bytes at the primary until there is an answer.
    private func insist(
        _ operation: Operation, _ id: OperationID?, _ slot: Slot, isAnswer: (Outcome) -> Bool
    ) throws(RunFailure) -> Outcome {
        let deadline = Deadline.after(Self.limit)
        while true {
            let outcome = try ask(endpoints.primary, operation, id, slot)
            if isAnswer(outcome) { return outcome }
            if isInterrupted() { throw .interrupted }
            if deadline.isPassed { return outcome }
            sleepThread(for: .milliseconds(50))
        }
    }

    private static func isAnswer(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .committed, .refused: true
        case .ticked, .read, .failed, .ambiguous: false
        }
    }

    /// A fence that is refused is an answer as well, and the judge's business.
    private static func isReadAnswer(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .read, .failed(.fenceNotApplied): true
        case .committed, .refused, .ticked, .failed, .ambiguous: false
        }
    }

    // MARK: - Comparing

    private mutating func compare(
        _ outcome: Outcome, _ expected: ScriptExpectation, _ step: String
    ) throws(RunFailure) {
        let fits: Bool
        switch (expected, outcome) {
        case (.mustCommit, .committed), (.committed, .committed), (.ambiguous, .ambiguous),
            (.answered, .read):
            fits = true
        case (.busy, .refused(_, let code, _)): fits = code == .resourceBusy
        case (.staleEpoch, .refused(_, let code, _)): fits = code == .staleEpoch
        case (.notPrimary, .failed(let failure)):
            if case .notPrimary = failure { fits = true } else { fits = false }
        case (.mustCommit, _): throw unexpected(step, outcome)
        case (.committed, _), (.busy, _), (.ambiguous, _), (.staleEpoch, _), (.notPrimary, _),
            (.answered, _):
            fits = false
        }
        guard !fits else { return }
        let words = "\(step): the script expects \(expected.rawValue), seen was \(outcome)"
        surprises.append("\(step): the script expects \(expected.rawValue)")
        do throws(HistoryFileError) {
            try recorder.note(words)
        } catch {
            throw .record(error)
        }
    }

    private func unexpected(_ step: String, _ outcome: Outcome) -> RunFailure {
        .testbed("\(step) must be committed for the script to go on; it ended as \(outcome)")
    }
}
