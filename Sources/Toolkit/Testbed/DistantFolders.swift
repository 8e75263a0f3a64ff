public import LeaseKernel

/// The folders of replicas that do not lie on this machine, for whoever must rewrite them while
/// their daemons are down.
public protocol DistantFolders: Sendable {
    /// Copies a replica's folder into `folder`, which is there and empty. A replica without a
    /// folder leaves it empty. Files of a running daemon may change while they are copied.
    func fetch(_ replica: ReplicaID, into folder: String) throws(TestbedError)
    /// Puts a copy of `folder` in the place of a stopped replica's own: whatever comes between,
    /// the replica starts with the old folder or with the new one.
    func put(_ replica: ReplicaID, from folder: String) throws(TestbedError)
}
