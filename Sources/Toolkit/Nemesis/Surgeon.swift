public import LeaseKernel

/// Rewrites the folders of replicas whose daemons are down: the one thing a nemesis needs that
/// must understand them. Where it cannot, it refuses, and the folders are as they were.
public protocol Surgeon: Sendable {
    /// Makes `target` the primary of a new view on the folders of `target` and `supports`, whose
    /// daemons are all down. May be done again after it was interrupted anywhere.
    func takeOver(target: ReplicaID, supports: [ReplicaID]) throws(SurgeonRefusal)

    /// Brings the stopped `replica` in line with `primary`, whose daemon may run, keeping what
    /// the replica has.
    func rejoin(_ replica: ReplicaID, from primary: ReplicaID) throws(SurgeonRefusal)

    /// The same for a stopped replica of whose folder nothing is kept: it may be lost or damaged.
    func rebuild(_ replica: ReplicaID, from primary: ReplicaID) throws(SurgeonRefusal)
}

/// Why folders were not rewritten, in words; the run goes on without it.
public struct SurgeonRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
