public import ClusterProtocol
import LeaseKernel
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

extension DaemonParts where Core == LiveReplica {
    /// The live replica over any storage. `adjust` may change its settings before it starts,
    /// for example the quorum; only tests have a reason to.
    public static func live(
        openStorage: @escaping @Sendable (ReplicaLayout) -> Storage,
        adjust: @escaping @Sendable (inout LiveSettings) -> Void = { _ in }
    ) -> DaemonParts {
        DaemonParts(openStorage: openStorage) { storage, layout, replica, now in
            var settings = LiveSettings(
                identity: ReplicaIdentity(
                    replicaID: replica.id, shardID: ShardID(layout.kernel.shardID)),
                peers: layout.replicas.map(\.id).filter { $0 != replica.id },
                kernel: layout.kernel, engine: layout.engine, layoutRole: replica.role,
                layoutView: layout.currentView)
            adjust(&settings)
            return try LiveReplica.open(settings, on: &storage, at: now)
        }
    }
}

extension DaemonParts where Core == LiveReplica, Storage == ReplicaFolder {
    /// The real thing: majority quorum, files on disk.
    public static var standard: DaemonParts {
        .live(openStorage: { ReplicaFolder(of: $0) })
    }
}
