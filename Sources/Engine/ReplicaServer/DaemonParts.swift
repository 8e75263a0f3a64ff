public import ClusterProtocol
public import Replication
public import SystemCalls

/// What a daemon is made of besides sockets. The command hands in the real parts
/// (`DaemonParts.standard`); tests hand in broken ones.
public struct DaemonParts<Core: ReplicaCore, Storage: ReplicaStorage & Sendable>: Sendable {
    /// Opens the files of a replica.
    public var openStorage: @Sendable (ReplicaLayout) -> Storage
    /// Makes the core from what the files hold. What it throws ends the daemon; a replica whose
    /// files contradict each other is no error but a faulted core.
    public var recover:
        @Sendable (inout Storage, ClusterLayout, ReplicaLayout, Instant) throws -> Core

    public init(
        openStorage: @escaping @Sendable (ReplicaLayout) -> Storage,
        recover:
            @escaping @Sendable (
                inout Storage, ClusterLayout, ReplicaLayout, Instant
            ) throws -> Core
    ) {
        self.openStorage = openStorage
        self.recover = recover
    }
}
