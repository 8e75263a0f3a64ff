public import History

/// All attempts under one operation id, folded (validation.md 4.1).
public struct ReferenceCommand: Hashable, Sendable {
    public let id: OperationID
    public internal(set) var attempts = 0
    public internal(set) var ambiguousAttempts = 0
    /// Reasons in file order.
    public internal(set) var definiteFailures: [TextOutcome.FailureReason] = []
    /// The first committed result.
    public internal(set) var committed: Fingerprint?

    /// What the reference compares of two committed results (validation.md 4.2).
    public struct Fingerprint: Hashable, Sendable {
        public var appliedLSN: LSN
        public var resourceID: ResourceID?
        public var resourceIDs: [ResourceID]
        public var reservationID: ReservationID?
        public var holderID: HolderID?
        public var leaseEpoch: LeaseEpoch?
        public var releasedLSN: LSN?
        public var deadline: Slot?
    }

    /// Any definite failure counts as resolution, also one recorded before the ambiguous
    /// attempt (validation.md 4.5).
    var isUnresolved: Bool {
        ambiguousAttempts > 0 && committed == nil && definiteFailures.isEmpty
    }
}

/// Folds attempts into logical commands.
struct ReferenceCommands {
    private var places: [OperationID: Int] = [:]
    private var commands: [ReferenceCommand] = []
    private(set) var blockers: [ReferenceBlocker] = []

    mutating func addMissingID(sequence: UInt64, _ kind: TextOperation.Kind) {
        blockers.append(.missingOperationID(sequence: sequence, kind))
    }

    mutating func add(_ id: OperationID, _ operation: TextOperation, _ outcome: TextOutcome) {
        let place = place(of: id)
        commands[place].attempts += 1
        switch outcome {
        case .committedWrite(let lsn, let result):
            let new = ReferenceCommand.Fingerprint(lsn, result, of: operation)
            guard let first = commands[place].committed else {
                commands[place].committed = new
                return
            }
            if first != new {
                blockers.append(
                    .duplicateCommittedExecution(id, first: first.appliedLSN, second: lsn))
            }
        case .definiteFailure(let reason): commands[place].definiteFailures.append(reason)
        case .ambiguous: commands[place].ambiguousAttempts += 1
        case .readOK: break
        }
    }

    /// The commands in ascending id.
    func folded() -> [ReferenceCommand] {
        commands.sorted { $0.id < $1.id }
    }

    private mutating func place(of id: OperationID) -> Int {
        // Attempts of one command mostly stand together.
        if let last = commands.last, last.id == id { return commands.count - 1 }
        if let place = places[id] { return place }
        places[id] = commands.count
        commands.append(ReferenceCommand(id: id))
        return commands.count - 1
    }
}

extension ReferenceCommand.Fingerprint {
    init(_ lsn: LSN, _ result: TextWriteResult, of operation: TextOperation) {
        self.init(appliedLSN: lsn, resourceIDs: operation.resourceIDs)
        switch result {
        case .reserved(let resource, let holder, let reservation, let epoch, let deadline):
            resourceID = resource
            holderID = holder
            reservationID = reservation
            leaseEpoch = epoch
            self.deadline = deadline
        case .confirmed(let resource, let holder, let reservation, let epoch):
            resourceID = resource
            holderID = holder
            reservationID = reservation
            leaseEpoch = epoch
        case .released(let resource, let holder, let reservation, let released):
            resourceID = resource
            holderID = holder
            reservationID = reservation
            releasedLSN = released
        case .revoked(let reservation), .reclaimed(let reservation): reservationID = reservation
        case .tickExpired: break
        }
    }
}
