/// One replica of the cluster; the layout file gives each its number (cluster-runner.md 3).
public struct ReplicaID: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// The shard whose resources a group of replicas allocates; also the upper half of every
/// reservation id (lease-kernel.md 6).
public struct ShardID: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One configuration of roles among the replicas; a higher view replaces a lower one
/// (replica.md 7).
public struct View: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// What a replica may do at the moment (replica.md 3.1). The raw value is the number in the
/// metadata file.
public enum ReplicaRole: UInt8, CaseIterable, Hashable, Sendable {
    case primary = 1
    case backup
    case viewUncertain
    case recovering
    case faulted

    /// Primary and backup: the roles in which entries are appended and committed.
    public var isNormal: Bool {
        switch self {
        case .primary, .backup: true
        case .viewUncertain, .recovering, .faulted: false
        }
    }

    /// The word in layouts, status replies and refusals (cluster-runner.md 3, 7).
    public var word: String {
        switch self {
        case .primary: "primary"
        case .backup: "backup"
        case .viewUncertain: "view_uncertain"
        case .recovering: "recovering"
        case .faulted: "faulted"
        }
    }

    public init?(word: some StringProtocol) {
        guard let role = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = role
    }
}
