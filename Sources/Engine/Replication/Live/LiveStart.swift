import ClusterProtocol
public import LeaseEngine
public import LeaseKernel
public import SystemCalls

/// What the files of a replica amount to.
struct LiveStart: Sendable {
    var metadata: ReplicaMetadata
    var state: Supervisor.State
    var applier: Applier?
    var startup = StartupReport(kind: .freshStart)
    var commit = LSN(0)
    var prepared: [ReplicatedEntry] = []
    /// The highest life that wrote anything up to the commit position.
    var baseHighest = Term.unknown
    var generation = Generation.unknown
    var logFloor = LSN(0)
    var journalLength = 0
    /// An empty folder was given the layout's role and view.
    var isConfigured = false

    static func faulted(_ reason: FaultReason, _ metadata: ReplicaMetadata) -> LiveStart {
        LiveStart(metadata: metadata, state: .faulted(reason))
    }
}

/// Why a replica does not start at all. The daemon ends with this text; files that contradict
/// each other are no such error but a faulted replica.
public enum LiveStartError: Error, Sendable, CustomStringConvertible {
    case recovery(RecoveryError)
    case storage(StorageFailure)
    case layoutRole(ReplicaRole)
    case viewRegression(ReplicaNodeError)

    public var description: String {
        switch self {
        case .recovery(let error): NodeStartError.recovery(error).debugText
        case .storage(let failure): failure.description
        case .layoutRole(let role):
            "the layout gives an empty folder the role \(role.word); expected primary or backup"
        case .viewRegression(let error): error.debugText
        }
    }
}

extension LiveReplica {
    /// Recovers a replica from its files and brings them into the native format: an empty
    /// folder becomes what the layout says, one of version 2 is upgraded.
    ///
    /// The log is durable and the journal compacted when this returns; a primary has stored
    /// that a new life of it begins.
    public static func open(
        _ settings: LiveSettings, on storage: inout some ReplicaStorage, at now: Instant
    ) throws(LiveStartError) -> LiveReplica {
        let recovery = LiveRecovery(settings: settings)
        let start = try recovery.run(on: &storage)
        return LiveReplica(start, settings: settings, at: now)
    }
}
