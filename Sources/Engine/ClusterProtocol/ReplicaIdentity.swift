public import LeaseKernel

/// One replica of a cluster, numbered from 1 (replica.md 2).
public struct ReplicaID: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// A view: one period with at most one primary. It only ever grows (replica.md 3.1).
public struct View: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// What a replica may do at the moment (replica.md 3.1, 5). The raw value is the byte in the
/// metadata file.
public enum ReplicaRole: UInt8, CaseIterable, Sendable {
    case primary = 1
    case backup
    case viewUncertain
    case recovering
    case faulted

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
