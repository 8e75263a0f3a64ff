public import LeaseKernel

/// The checks an entry passes before a replica makes it durable, except those of its payload
/// (replica.md 7.5, 7.7 steps 1 to 5). Pure: the facts come in, the judgement goes out.
public struct PrepareValidator: Sendable {
    public var status: ReplicaStatus
    public var role: ReplicaRole
    public var currentView: View
    public var commit: LSN?

    public init(status: ReplicaStatus, role: ReplicaRole, currentView: View, commit: LSN?) {
        self.status = status
        self.role = role
        self.currentView = currentView
        self.commit = commit
    }

    public init(status: ReplicaStatus, metadata: ReplicaMetadata) {
        self.init(
            status: status, role: metadata.role, currentView: metadata.currentView,
            commit: metadata.commitLSN)
    }

    /// What to do with an entry whose place is right.
    public enum Placement: Hashable, Sendable {
        /// It is the next one: check its payload, then make it durable.
        case next
        /// The identical entry is prepared already; nothing is left to do.
        case repeated
    }

    /// Judges role, view and position of `entry`, in this order.
    public func place(
        _ entry: PreparedEntry, among prepared: PreparedEntries
    ) throws(ReplicaNodeError) -> Placement {
        try requireActive()
        try requireNormalRole()
        guard entry.view == currentView else {
            throw .viewMismatch(expected: currentView, found: entry.view)
        }
        if let occupant = prepared[entry.lsn] {
            guard occupant == entry else { throw .preparedEntryConflict(entry.lsn) }
            return .repeated
        }
        let next = try nextLSN(after: prepared)
        guard entry.lsn == next else {
            throw .prepareOrderMismatch(expected: next, found: entry.lsn)
        }
        return .next
    }

    /// The position the next entry takes: after the highest prepared one, else after the commit
    /// position, else 1.
    public func nextLSN(after prepared: PreparedEntries) throws(ReplicaNodeError) -> LSN {
        guard let last = prepared.highestLSN ?? commit else { return LSN(1) }
        guard let next = last.successor else { throw .prepareLSNExhausted(last: last) }
        return next
    }

    public func requireActive() throws(ReplicaNodeError) {
        switch status {
        case .active: return
        case .faulted: throw .inactive(status)
        }
    }

    /// Primary or backup; the refusal always names Backup as the role expected.
    public func requireNormalRole() throws(ReplicaNodeError) {
        guard role.isNormal else { throw .roleMismatch(expected: .backup, found: role) }
    }

    public func requirePrimary() throws(ReplicaNodeError) {
        guard role == .primary else { throw .roleMismatch(expected: .primary, found: role) }
    }
}

extension LSN {
    /// The position after this one; nil after the last there is.
    public var successor: LSN? {
        rawValue == .max ? nil : LSN(rawValue + 1)
    }
}
