public import LeaseKernel

/// Whom a fault hits, as a schedule says it. A round looks at who is who when it begins, after the
/// cluster was seen to be whole; what the words meant is recorded at injection.
public enum FaultTarget: String, Hashable, Sendable, CaseIterable {
    case primary
    /// One backup; which one, the round's pick decides.
    case backup
    /// The backup that `backup` is not.
    case otherBackup = "other-backup"
    /// Both backups: the primary keeps no majority.
    case backups
    /// Any one replica, by the round's pick.
    case minority
    /// The primary and `backup`.
    case majority
    case all
}

/// Who is who when a round begins.
public struct Roles: Hashable, Sendable {
    public let primary: ReplicaID
    /// The backup that is meant where one is.
    public let backup: ReplicaID
    public let otherBackup: ReplicaID
    private let pick: UInt64

    /// Nil unless there are two backups.
    public init?(primary: ReplicaID, backups: [ReplicaID], pick: UInt64) {
        guard backups.count == 2 else { return nil }
        self.primary = primary
        backup = backups[Int(pick % 2)]
        otherBackup = backups[Int(1 - pick % 2)]
        self.pick = pick
    }

    public var all: [ReplicaID] { [primary, backup, otherBackup] }

    public func replicas(for target: FaultTarget) -> [ReplicaID] {
        switch target {
        case .primary: [primary]
        case .backup: [backup]
        case .otherBackup: [otherBackup]
        case .backups: [backup, otherBackup]
        case .minority: [all[Int(pick / 2 % 3)]]
        case .majority: [primary, backup]
        case .all: all
        }
    }
}
