public import History

/// The answer of the reference analysis: its logical commands in ascending id, and its blockers
/// in the order of validation.md 4.7.
public struct ReferenceReport: Hashable, Sendable {
    public let commandCount: Int
    /// The commands themselves, when they were to be kept; else empty.
    public let commands: [ReferenceCommand]
    public let blockers: [ReferenceBlocker]

    /// Whether the gate is open; an empty history passes.
    public var isPassed: Bool { blockers.isEmpty }

    /// The reference's exit status: 0 passed, 1 blocked.
    public var exitStatus: Int32 { isPassed ? 0 : 1 }

    /// The reference's text on standard output (validation.md 4.8).
    public var text: String {
        var text = """
            release_gate=\(isPassed ? "passed" : "blocked")
            logical_commands=\(commandCount)
            blockers=\(blockers.count)

            """
        for blocker in blockers {
            text += blocker.description
            text += "\n"
        }
        return text
    }

    /// The reference's text on standard error, empty when the gate is open.
    public var errorText: String { isPassed ? "" : "Jepsen release gate is blocked\n" }
}

/// One line of the report (validation.md 4.8).
public enum ReferenceBlocker: Hashable, Sendable, CustomStringConvertible {
    case missingOperationID(sequence: UInt64, TextOperation.Kind)
    case duplicateCommittedExecution(OperationID, first: LSN, second: LSN)
    case staleSuccessfulRead(ReplicaID, ReplicaRole, required: LSN?, observed: LSN?)
    case staleHolderNotRejected(
        ReservationID, OperationID?, attempted: LeaseEpoch, current: LeaseEpoch)
    case unresolvedAmbiguity(OperationID)
    case doubleAllocation(ResourceID, existing: OperationID, conflicting: OperationID)
    case earlyExpirationRelease(ResourceID, ReservationID, deadline: Slot, released: Slot)

    public var description: String {
        switch self {
        case .missingOperationID(let sequence, let kind):
            return "blocker=missing_operation_id sequence=\(sequence) operation=\(kind.rawValue)"
        case .duplicateCommittedExecution(let id, let first, let second):
            return "blocker=duplicate_committed_execution operation_id=\(id)"
                + " first_lsn=\(first) second_lsn=\(second)"
        case .staleSuccessfulRead(let replica, let role, let required, let observed):
            return "blocker=stale_successful_read replica_id=\(replica) role=\(role.rawValue)"
                + " required_lsn=\(Self.text(required)) observed_lsn=\(Self.text(observed))"
        case .staleHolderNotRejected(let reservation, let id, let attempted, let current):
            return "blocker=stale_holder_not_rejected reservation_id=\(reservation)"
                + " operation_id=\(id ?? OperationID(0))"
                + " attempted_epoch=\(attempted) current_epoch=\(current)"
        case .unresolvedAmbiguity(let id):
            return "blocker=unresolved_ambiguity operation_id=\(id)"
        case .doubleAllocation(let resource, let existing, let conflicting):
            return "blocker=double_allocation resource_id=\(resource)"
                + " existing_operation_id=\(existing) conflicting_operation_id=\(conflicting)"
        case .earlyExpirationRelease(let resource, let reservation, let deadline, let released):
            return "blocker=early_expiration_release resource_id=\(resource)"
                + " reservation_id=\(reservation) expires_at_slot=\(deadline)"
                + " released_at_slot=\(released)"
        }
    }

    private static func text(_ lsn: LSN?) -> String { lsn?.description ?? "none" }
}
