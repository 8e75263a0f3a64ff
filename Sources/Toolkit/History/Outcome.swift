/// What became of one attempt. Ambiguity is a value: a time-out is never a failure, and an error
/// never a success.
public enum Outcome: Hashable, Sendable {
    /// The command was executed with result ok and stands in the log at `lsn`. For a retry this
    /// is the LSN of the first execution.
    case committed(LSN, CommitResult, fromRetryCache: Bool)
    /// The state machine gave its deterministic answer, which changed nothing but takes a place
    /// in the log. The LSN of a remembered answer is that of the first execution; that of an
    /// `operation_conflict` belongs to the earlier command with the same id (wire-api.md 3.1).
    case refused(LSN, RefusalCode, fromRetryCache: Bool)
    /// A tick was carried out: so many expire commands were applied, the last of them at
    /// `lastLSN`, which is absent when nothing was due (wire-api.md 3.7).
    case ticked(applied: UInt32, lastLSN: LSN?)
    /// A read was answered.
    case read(ReadAnswer, ServingFacts)
    /// Certainly not executed.
    case failed(DefiniteFailure)
    /// Executed or not: nobody has said.
    case ambiguous(Ambiguity)
}

/// What the answer to a committed command carried, as it was answered. A successful reserve or
/// bundle owes all three, every other command none (lease-kernel.md 5); whether that holds is
/// for the judge to say.
public struct CommitResult: Hashable, Sendable {
    public let reservationID: ReservationID?
    public let epoch: LeaseEpoch?
    public let deadline: Slot?

    public init(
        reservationID: ReservationID? = nil, epoch: LeaseEpoch? = nil, deadline: Slot? = nil
    ) {
        self.reservationID = reservationID
        self.epoch = epoch
        self.deadline = deadline
    }

    public static let empty = CommitResult()
}

/// The eighteen results of the state machine other than ok (lease-kernel.md 10). The raw value is
/// the client protocol's number.
public enum RefusalCode: UInt8, Hashable, Sendable, CaseIterable {
    case noop = 2
    case alreadyExists
    case resourceTableFull
    case resourceNotFound
    case resourceBusy
    case bundleTooLarge
    case ttlOutOfRange
    case reservationTableFull
    case reservationMemberTableFull
    case reservationNotFound
    case reservationRetired
    case expirationIndexFull
    case operationTableFull
    case operationConflict
    case invalidState
    case holderMismatch
    case staleEpoch
    case slotOverflow

    /// The name in the specification.
    public var name: String {
        switch self {
        case .noop: "noop"
        case .alreadyExists: "already_exists"
        case .resourceTableFull: "resource_table_full"
        case .resourceNotFound: "resource_not_found"
        case .resourceBusy: "resource_busy"
        case .bundleTooLarge: "bundle_too_large"
        case .ttlOutOfRange: "ttl_out_of_range"
        case .reservationTableFull: "reservation_table_full"
        case .reservationMemberTableFull: "reservation_member_table_full"
        case .reservationNotFound: "reservation_not_found"
        case .reservationRetired: "reservation_retired"
        case .expirationIndexFull: "expiration_index_full"
        case .operationTableFull: "operation_table_full"
        case .operationConflict: "operation_conflict"
        case .invalidState: "invalid_state"
        case .holderMismatch: "holder_mismatch"
        case .staleEpoch: "stale_epoch"
        case .slotOverflow: "slot_overflow"
        }
    }
}

/// Why an attempt certainly had no effect.
public enum DefiniteFailure: Hashable, Sendable {
    /// The replica asked says that it is not the primary, and which role it has if it said so.
    case notPrimary(role: ReplicaRole?)
    /// The replica has not applied the LSN that the read demands.
    case fenceNotApplied(lastApplied: LSN?)
    /// A read was refused because the engine is halted. (A halted write is ambiguous.)
    case engineHalted
    /// The request is malformed or not allowed to clients.
    case invalidRequest
    /// The engine refused the slot before logging anything (wire-api.md 3.2 code 3).
    case slotOverflow
    case commandTooLarge
    case lsnExhausted
    case overloaded
    /// The replica says that it is isolated and has not read the request.
    case isolated
    /// The replica says that it failed its start-up checks.
    case replicaFaulted
    /// No connection came about: nothing was sent.
    case connectionRefused
}

/// Why nobody knows whether an attempt had an effect.
public enum Ambiguity: UInt8, Hashable, Sendable, CaseIterable {
    /// No answer before the deadline.
    case timeout
    /// The connection broke after something may have been sent.
    case transportLoss
    /// The replica itself says that the write may or may not survive.
    case indefiniteWrite
    /// An answer came that is none of the protocol's.
    case unintelligibleAnswer
    /// The record ends before the attempt does. Never written: a reader supplies it.
    case interrupted
}
