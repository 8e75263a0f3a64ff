import History

/// The lines of a text of version 1 that have to do with what the reference analysis reports.
///
/// The text is read twice: once to learn which leases are concerned, once for the lines. Memory
/// grows with those, not with the text.
struct TextEvidence {
    struct Row {
        let line: Int
        let event: TextEvent

        var committed: (lsn: LSN, result: TextWriteResult)? {
            if case .committedWrite(let lsn, let result) = event.outcome {
                (lsn, result)
            } else {
                nil
            }
        }

        var isAmbiguous: Bool {
            if case .ambiguous = event.outcome { true } else { false }
        }

        /// The lease that it is about.
        var reservation: ReservationID? {
            switch committed?.result {
            case .reserved(_, _, let id, _, _), .confirmed(_, _, let id, _),
                .released(_, _, let id, _), .revoked(let id), .reclaimed(let id):
                id
            case .tickExpired, nil: event.operation.reservationID
            }
        }

        var members: [ResourceID] {
            event.operation.resourceIDs.isEmpty
                ? event.operation.resourceID.map { [$0] } ?? [] : event.operation.resourceIDs
        }
    }

    private var operations: Set<OperationID> = []
    private var resources: Set<ResourceID> = []
    private var reservations: Set<ReservationID> = []
    private var sequences: Set<UInt64> = []
    private(set) var byOperation: [OperationID: [Row]] = [:]
    private(set) var byReservation: [ReservationID: [Row]] = [:]
    private(set) var bySequence: [UInt64: Row] = [:]
    /// Answered reads that were served below their fence or by somebody who may not.
    private(set) var reads: [(line: Int, read: TextRead, required: LSN?)] = []

    init(_ blockers: [ReferenceBlocker]) {
        for blocker in blockers {
            switch blocker {
            case .missingOperationID(let sequence, _): sequences.insert(sequence)
            case .duplicateCommittedExecution(let id, _, _), .unresolvedAmbiguity(let id):
                operations.insert(id)
            case .staleSuccessfulRead: break
            case .staleHolderNotRejected(let reservation, let id, _, _):
                reservations.insert(reservation)
                if let id { operations.insert(id) }
            case .doubleAllocation(let resource, let existing, let conflicting):
                resources.insert(resource)
                operations.formUnion([existing, conflicting])
            case .earlyExpirationRelease(let resource, let reservation, _, _):
                resources.insert(resource)
                reservations.insert(reservation)
            }
        }
    }

    /// In the first reading: which leases the resources concerned were in.
    mutating func survey(_ event: borrowing TextEvent) {
        guard case .committedWrite(_, .reserved(let resource, _, let id, _, _)) = event.outcome
        else {
            return
        }
        if resources.contains(resource)
            || event.operation.resourceIDs.contains(where: resources.contains)
        {
            reservations.insert(id)
        }
    }

    /// In the second reading: the lines.
    mutating func collect(_ event: borrowing TextEvent, line: Int) {
        let row = Row(line: line, event: copy event)
        if let id = row.event.operation.operationID, operations.contains(id) {
            byOperation[id, default: []].append(row)
        }
        if let id = row.reservation, reservations.contains(id) {
            byReservation[id, default: []].append(row)
        }
        if case .committedWrite(_, .tickExpired(let expired)) = row.event.outcome {
            for id in Set(expired.map(\.reservationID)) where reservations.contains(id) {
                byReservation[id, default: []].append(row)
            }
        }
        if row.event.operation.operationID == nil, sequences.contains(row.event.sequence) {
            bySequence[row.event.sequence] = bySequence[row.event.sequence] ?? row
        }
        if case .readOK(let read) = row.event.outcome {
            let required = row.event.operation.requiredLSN
            let isBehind = required.map { fence in read.observedLSN.map { $0 < fence } ?? true }
            if read.servedRole != .primary || isBehind == true {
                reads.append((line, read, required))
            }
        }
    }
}
