/// One thing that happened in a run, as the tool saw it happen.
///
/// A request is two events, its invocation and its completion, so that what overlapped in time
/// can be told from what followed. A recorder numbers events in the order of their times.
public struct HistoryEvent: Hashable, Sendable {
    public let sequence: Sequence
    public let time: RunInstant
    public let process: ProcessID
    public let content: Content

    public enum Content: Hashable, Sendable {
        /// A request is about to be sent. Recorded before its first byte can leave.
        case invoke(Invocation)
        /// What became of an attempt. An attempt has at most one completion; one that has none
        /// is ambiguous (`Ambiguity.interrupted`).
        case complete(AttemptNumber, Outcome)
        /// Something was done to the cluster, or undone.
        case fault(FaultEvent)
        /// A remark for people; nothing is judged by it.
        case note(String)
    }

    public init(sequence: Sequence, time: RunInstant, process: ProcessID, content: Content) {
        self.sequence = sequence
        self.time = time
        self.process = process
        self.content = content
    }
}

/// Nanoseconds of a monotonic clock since the run began. `RunHeader.startedAt` says when that
/// was on the wall clock.
public struct RunInstant: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One request as it was sent.
public struct Invocation: Hashable, Sendable {
    public let attempt: AttemptNumber
    /// The identity under which the cluster remembers the command. Absent for reads and ticks,
    /// which carry none on the wire.
    public let operationID: OperationID?
    public let operation: Operation
    /// The slot in the request, always absolute: the request slot of a submitted command, the
    /// clock of a tick, the current slot of a reservation read. A resource read has none.
    public let slot: Slot?
    /// The replica that was asked, which need not be the one that answers for the cluster.
    public let endpoint: ReplicaID

    public init(
        attempt: AttemptNumber, operationID: OperationID?, operation: Operation, slot: Slot?,
        endpoint: ReplicaID
    ) {
        self.attempt = attempt
        self.operationID = operationID
        self.operation = operation
        self.slot = slot
        self.endpoint = endpoint
    }
}

/// Something done to the cluster. The two events of one fault share their id.
public struct FaultEvent: Hashable, Sendable {
    public enum Phase: UInt8, Hashable, Sendable, CaseIterable {
        case begin
        case end
    }

    public let id: FaultID
    public let phase: Phase
    /// The fault's name in the schedule, for example `crash`.
    public let kind: String
    /// The replicas it resolved to at injection.
    public let targets: [ReplicaID]
    public let detail: String

    public init(
        id: FaultID, phase: Phase, kind: String, targets: [ReplicaID], detail: String = ""
    ) {
        self.id = id
        self.phase = phase
        self.kind = kind
        self.targets = targets
        self.detail = detail
    }
}
