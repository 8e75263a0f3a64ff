public import LeaseKernel

/// Rewrites the folders of replicas whose daemons are down: the one thing a nemesis needs that
/// must understand them. Where it cannot, it refuses, and the folders are as they were.
public protocol Surgeon: Sendable {
    /// Carries out an operation. It may be done again after it was interrupted anywhere.
    func carryOut(_ operation: SurgicalOperation) throws(SurgeonRefusal)

    /// Carries out an operation in a process of its own and kills that process (SIGKILL) at the
    /// given boundary between two steps, counted from 1. Returns in words after which step it was
    /// killed; nil when the operation came to its end before.
    func carryOut(
        _ operation: SurgicalOperation, killedAtStep step: UInt64
    ) throws(SurgeonRefusal) -> String?
}

/// What can be done to the folders of stopped replicas.
public enum SurgicalOperation: Hashable, Sendable {
    /// Makes `target` the primary of a new view on the folders of `target` and `supports`, whose
    /// daemons are all down.
    case takeOver(target: ReplicaID, supports: [ReplicaID])
    /// Brings a stopped replica in line with `primary`, whose daemon may run, keeping what the
    /// replica has.
    case rejoin(ReplicaID, primary: ReplicaID)
    /// The same for a stopped replica of whose folder nothing is kept: it may be lost or damaged.
    case rebuild(ReplicaID, primary: ReplicaID)
}

extension Surgeon {
    public func takeOver(
        target: ReplicaID, supports: [ReplicaID]
    ) throws(SurgeonRefusal) {
        try carryOut(.takeOver(target: target, supports: supports))
    }

    public func rejoin(_ replica: ReplicaID, from primary: ReplicaID) throws(SurgeonRefusal) {
        try carryOut(.rejoin(replica, primary: primary))
    }

    public func rebuild(_ replica: ReplicaID, from primary: ReplicaID) throws(SurgeonRefusal) {
        try carryOut(.rebuild(replica, primary: primary))
    }
}

/// Why folders were not rewritten, in words; the run goes on without it.
public struct SurgeonRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
