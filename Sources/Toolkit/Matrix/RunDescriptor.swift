/// One run of the matrix: what is asked of the cluster while what is done to it
/// (validation.md 1.3).
public struct RunDescriptor: Hashable, Sendable {
    /// The workload's name, a hyphen, and the nemesis's word.
    public let id: String
    public let workload: WorkloadFamily
    public let nemesis: NemesisFamily
    /// How long faults must be injected for the run to count for the gate, in whole seconds;
    /// none for control runs.
    public let minimumFaultWindow: Duration?
    /// Whether a release waits for it.
    public let isReleaseBlocking: Bool

    /// The descriptor with the id and the window that the specification gives to this pair.
    public init(_ workload: WorkloadFamily, _ nemesis: NemesisFamily, isReleaseBlocking: Bool) {
        self.id = "\(workload.rawValue)-\(nemesis.wordInRunID)"
        self.workload = workload
        self.nemesis = nemesis
        self.minimumFaultWindow = nemesis == .none ? nil : .seconds(1800)
        self.isReleaseBlocking = isReleaseBlocking
    }

    /// Whether nothing is done to the cluster.
    public var isControl: Bool { nemesis == .none }

    /// `minimumFaultWindow` as a number; nil for none.
    public var minimumFaultWindowSeconds: Int64? { minimumFaultWindow?.components.seconds }
}

/// What is asked of the cluster (validation.md 1.1).
public enum WorkloadFamily: String, Hashable, Sendable, CaseIterable {
    case reservationContention = "reservation_contention"
    case ambiguousWriteRetry = "ambiguous_write_retry"
    case failoverReadFences = "failover_read_fences"
    case expirationAndRecovery = "expiration_and_recovery"
    case leaseSafety = "lease_safety"
}

/// What is done to the cluster (validation.md 1.2).
public enum NemesisFamily: String, Hashable, Sendable, CaseIterable {
    case none = "none"
    case crashRestart = "crash_restart"
    case partitionHeal = "partition_heal"
    case mixedFailover = "mixed_failover"

    /// How it is spelled at the end of a run id.
    public var wordInRunID: String {
        switch self {
        case .none: "control"
        case .crashRestart: "crash-restart"
        case .partitionHeal: "partition-heal"
        case .mixedFailover: "mixed-failover"
        }
    }
}
