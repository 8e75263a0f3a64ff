import History

/// Reads that were answered by somebody who may not, or below their fence (validation.md 4.3).
struct ReferenceReads {
    private(set) var blockers: [ReferenceBlocker] = []

    mutating func add(_ read: TextRead, of operation: TextOperation) {
        let isBehind =
            if let required = operation.requiredLSN {
                read.observedLSN.map { $0 < required } ?? true
            } else {
                false
            }
        guard read.servedRole != .primary || isBehind else { return }
        blockers.append(
            .staleSuccessfulRead(
                read.servedBy, read.servedRole, required: operation.requiredLSN,
                observed: read.observedLSN))
    }
}

/// Holders whose epoch has passed and who were not told so (validation.md 4.4). Epochs follow
/// the order of lines, and each event is tested before it changes them.
struct ReferenceHolders {
    private var epochs = IDTable<ReservationID, LeaseEpoch>()
    private(set) var blockers: [ReferenceBlocker] = []

    mutating func add(_ operation: TextOperation, _ outcome: TextOutcome) {
        test(operation, outcome)
        switch outcome {
        case .committedWrite(_, let result): update(result)
        case .readOK, .definiteFailure, .ambiguous: break
        }
    }

    private mutating func test(_ operation: TextOperation, _ outcome: TextOutcome) {
        guard operation.kind == .confirm || operation.kind == .release,
            let reservation = operation.reservationID, let attempted = operation.leaseEpoch,
            let current = epochs[reservation], attempted < current
        else { return }
        switch outcome {
        case .definiteFailure(.staleEpoch): return
        case .definiteFailure, .committedWrite, .readOK, .ambiguous: break
        }
        blockers.append(
            .staleHolderNotRejected(
                reservation, operation.operationID, attempted: attempted, current: current))
    }

    private mutating func update(_ result: TextWriteResult) {
        switch result {
        case .reserved(_, _, let reservation, let epoch, _),
            .confirmed(_, _, let reservation, let epoch):
            epochs[reservation] = epoch
        case .revoked(let reservation):
            if let epoch = epochs[reservation]?.rawValue {
                epochs[reservation] = LeaseEpoch(epoch == .max ? .max : epoch + 1)
            }
        case .released(_, _, let reservation, _), .reclaimed(let reservation):
            epochs[reservation] = nil
        case .tickExpired(let entries):
            for entry in entries { epochs[entry.reservationID] = nil }
        }
    }
}
