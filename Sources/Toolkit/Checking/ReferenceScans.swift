import History

/// Reads that were answered by somebody who may not, or below their fence (validation.md 4.3).
struct ReferenceReads {
    private(set) var blockers: [ReferenceBlocker] = []

    /// Takes a read that was answered.
    mutating func add(_ read: borrowing PlainTextEvent) {
        let observed = read.has(.observed) ? read.lsn : nil
        let required = read.has(.required) ? read.required : nil
        let isBehind = required.map { fence in observed.map { $0 < fence } ?? true } ?? false
        guard read.servedRole != .primary || isBehind else { return }
        blockers.append(
            .staleSuccessfulRead(
                read.servedBy, read.servedRole, required: required, observed: observed))
    }
}

/// Holders whose epoch has passed and who were not told so (validation.md 4.4). Epochs follow
/// the order of lines, and each event is tested before it changes them.
struct ReferenceHolders {
    private var epochs = IDTable<ReservationID, LeaseEpoch>()
    private(set) var blockers: [ReferenceBlocker] = []

    mutating func add(_ event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk) {
        test(event)
        switch event.outcome {
        case .reserved, .confirmed: epochs[event.committedReservation] = event.committedEpoch
        case .revoked:
            if let epoch = epochs[event.committedReservation]?.rawValue {
                epochs[event.committedReservation] = LeaseEpoch(epoch == .max ? .max : epoch + 1)
            }
        case .released, .reclaimed: epochs[event.committedReservation] = nil
        case .tickExpired:
            for entry in chunk.expired(of: event) { epochs[entry.reservationID] = nil }
        case .readOK, .definiteFailure, .ambiguous: break
        }
    }

    private mutating func test(_ event: borrowing PlainTextEvent) {
        let kind = event.kind
        guard kind == .confirm || kind == .release, event.has(.reservation), event.has(.epoch),
            let current = epochs[event.reservation], event.epoch < current
        else { return }
        if event.outcome == .definiteFailure, event.reason == .staleEpoch { return }
        blockers.append(
            .staleHolderNotRejected(
                event.reservation, event.has(.operationID) ? event.operationID : nil,
                attempted: event.epoch, current: current))
    }
}
