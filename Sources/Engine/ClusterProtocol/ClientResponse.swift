public import LeaseEngine
public import LeaseKernel

/// A replica's binary answer to a `ClientRequest` (wire-api.md 3).
public enum ClientResponse: Hashable, Sendable {
    case committed(CommittedSubmit)
    case submitRejected(Rejection)
    case resource(ResourceView)
    case resourceNotFound
    case resourceFenceNotApplied(ReadFence)
    case lease(LeaseView)
    case leaseNotFound
    case leaseRetired
    case leaseFenceNotApplied(ReadFence)
    case metrics(MetricsView)
    case resourceEngineHalted
    case leaseEngineHalted
    case tickApplied(processedCount: UInt32, lastAppliedLSN: LSN?)
    case tickRejected(Rejection)
}

/// The state machine's answer to a submit (wire-api.md 3.1).
public struct CommittedSubmit: Hashable, Sendable {
    /// Position of the original execution, also for a retry.
    public var appliedLSN: LSN
    public var outcome: CommandOutcome
    /// The answer came from the dedupe table.
    public var fromRetryCache: Bool

    public init(appliedLSN: LSN, outcome: CommandOutcome, fromRetryCache: Bool) {
        self.appliedLSN = appliedLSN
        self.outcome = outcome
        self.fromRetryCache = fromRetryCache
    }
}

/// A read asked for a position that this replica has not applied (wire-api.md 3.5).
public struct ReadFence: Hashable, Sendable {
    public var requiredLSN: LSN
    public var lastAppliedLSN: LSN?

    public init(requiredLSN: LSN, lastAppliedLSN: LSN?) {
        self.requiredLSN = requiredLSN
        self.lastAppliedLSN = lastAppliedLSN
    }
}

/// One resource as clients see it (wire-api.md 3.3).
public struct ResourceView: Hashable, Sendable {
    public enum State: UInt8, CaseIterable, Sendable {
        case available = 1
        case reserved
        /// The kernel's "confirmed".
        case active
        case revoking
    }

    public var resourceID: ResourceID
    public var state: State
    public var currentLeaseID: ReservationID?
    public var version: UInt64

    public init(
        resourceID: ResourceID, state: State, currentLeaseID: ReservationID?, version: UInt64
    ) {
        self.resourceID = resourceID
        self.state = state
        self.currentLeaseID = currentLeaseID
        self.version = version
    }
}

/// One lease as clients see it (wire-api.md 3.4).
public struct LeaseView: Hashable, Sendable {
    public enum State: UInt8, CaseIterable, Sendable {
        case reserved = 1
        case active
        case released
        case expired
        case revoking
        case revoked
    }

    public var leaseID: ReservationID
    public var holderID: HolderID
    public var state: State
    public var epoch: LeaseEpoch
    public var createdLSN: LSN
    /// Servers always fill it; decoders accept its absence.
    public var deadline: Slot?
    public var releasedLSN: LSN?
    public var retireAfter: Slot?
    /// In bundle order.
    public var members: [ResourceID]

    public init(
        leaseID: ReservationID, holderID: HolderID, state: State, epoch: LeaseEpoch,
        createdLSN: LSN, deadline: Slot?, releasedLSN: LSN?, retireAfter: Slot?,
        members: [ResourceID]
    ) {
        self.leaseID = leaseID
        self.holderID = holderID
        self.state = state
        self.epoch = epoch
        self.createdLSN = createdLSN
        self.deadline = deadline
        self.releasedLSN = releasedLSN
        self.retireAfter = retireAfter
        self.members = members
    }
}

/// One replica's health as clients see it (wire-api.md 3.6).
public struct MetricsView: Hashable, Sendable {
    public var queueDepth: UInt32
    public var queueCapacity: UInt32
    /// False when the engine is halted, and when the positions are used up.
    public var acceptingWrites: Bool
    /// This and the next three describe the last process start.
    public var startupKind: StartupKind
    public var loadedSnapshotLSN: LSN?
    public var replayedWALFrameCount: UInt32
    public var replayedWALLastLSN: LSN?
    /// Follows checkpoints.
    public var activeSnapshotLSN: LSN?
    public var lastAppliedLSN: LSN?
    public var lastRequestSlot: Slot?
    public var logicalSlotLag: UInt64
    public var expirationBacklog: UInt32
    public var operationTableUsed: UInt32
    public var operationTableCapacity: UInt32
    public var operationTableUtilizationPercent: UInt8

    public init(
        queueDepth: UInt32, queueCapacity: UInt32, acceptingWrites: Bool,
        startupKind: StartupKind, loadedSnapshotLSN: LSN?, replayedWALFrameCount: UInt32,
        replayedWALLastLSN: LSN?, activeSnapshotLSN: LSN?, lastAppliedLSN: LSN?,
        lastRequestSlot: Slot?, logicalSlotLag: UInt64, expirationBacklog: UInt32,
        operationTableUsed: UInt32, operationTableCapacity: UInt32,
        operationTableUtilizationPercent: UInt8
    ) {
        self.queueDepth = queueDepth
        self.queueCapacity = queueCapacity
        self.acceptingWrites = acceptingWrites
        self.startupKind = startupKind
        self.loadedSnapshotLSN = loadedSnapshotLSN
        self.replayedWALFrameCount = replayedWALFrameCount
        self.replayedWALLastLSN = replayedWALLastLSN
        self.activeSnapshotLSN = activeSnapshotLSN
        self.lastAppliedLSN = lastAppliedLSN
        self.lastRequestSlot = lastRequestSlot
        self.logicalSlotLag = logicalSlotLag
        self.expirationBacklog = expirationBacklog
        self.operationTableUsed = operationTableUsed
        self.operationTableCapacity = operationTableCapacity
        self.operationTableUtilizationPercent = operationTableUtilizationPercent
    }
}
