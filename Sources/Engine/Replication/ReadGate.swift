public import LeaseKernel

/// Decides whether a replica may answer a read, from facts alone (replica.md 7.10).
///
/// It contacts nobody: a caller that must not serve stale state has to know that a majority
/// still follows this replica before it asks.
public struct ReadGate: Hashable, Sendable {
    public var status: ReplicaStatus
    public var role: ReplicaRole
    /// False once the engine has halted: its state may be behind its log.
    public var engineAcceptsWrites: Bool
    public var applied: LSN?

    public init(
        status: ReplicaStatus, role: ReplicaRole, engineAcceptsWrites: Bool, applied: LSN?
    ) {
        self.status = status
        self.role = role
        self.engineAcceptsWrites = engineAcceptsWrites
        self.applied = applied
    }

    /// Why a read that requires everything up to `required` is refused; nil when it is allowed.
    /// A required position of 0 requires nothing.
    public func refusal(required: LSN) -> ReadRefusal? {
        switch status {
        case .faulted: return .replicaCrashed
        case .active: break
        }
        guard role == .primary else { return .role(role) }
        guard engineAcceptsWrites else { return .fence(.engineHalted) }
        if required == LSN(0) { return nil }
        if let applied, applied >= required { return nil }
        return .fence(.requiredLSNNotApplied(required: required, applied: applied))
    }
}

/// Why a replica does not answer a read (replica.md 7.10).
public enum ReadRefusal: Error, Hashable, Sendable {
    /// The replica is faulted.
    case replicaCrashed
    case role(ReplicaRole)
    case fence(ReadFence)
}

/// What keeps a primary from answering a read.
public enum ReadFence: Hashable, Sendable {
    case engineHalted
    case requiredLSNNotApplied(required: LSN, applied: LSN?)
}

extension ReadRefusal: DebugTextual {
    public var debugText: String {
        switch self {
        case .replicaCrashed: "ReplicaCrashed"
        case .role(let role): "Role(\(role.debugText))"
        case .fence(let fence): "Fence(\(fence.debugText))"
        }
    }
}

extension ReadFence: DebugTextual {
    public var debugText: String {
        switch self {
        case .engineHalted: "EngineHalted"
        case .requiredLSNNotApplied(let required, let applied):
            "RequiredLsnNotApplied { required_lsn: \(required.debugText), "
                + "last_applied_lsn: \(applied.debugText) }"
        }
    }
}
