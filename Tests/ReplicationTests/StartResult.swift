import LeaseEngine
import LeaseKernel
import Replication
import TestSupport
import Testing

/// Compares what a start gave with the golden form `{"kind": .., "detail": ..}`.
func expectStart(
    _ start: () throws -> ReplicaNode, gives expected: JSONValue, _ name: String
) throws -> ReplicaNode? {
    let detail = expected["detail"]
    let node: ReplicaNode
    do {
        node = try start()
    } catch let error as NodeStartError {
        #expect(expected["kind"].string == "error", "\(name): \(error.debugText)")
        #expect(error.debugText == detail["text"].string, "\(name)")
        return nil
    }
    switch node.status {
    case .faulted(let reason):
        #expect(expected["kind"].string == "faulted", "\(name): \(reason.debugText)")
        #expect(reason.debugText == detail["reason"]["text"].string, "\(name)")
        #expect(node.metadata == (try detail["metadata_in_memory"].metadata()), "\(name)")
        #expect(detail["has_engine"].bool == (node.engine != nil), "\(name)")
    case .active:
        #expect(expected["kind"].string == "active", "\(name)")
        #expect(node.metadata == (try detail["metadata"].metadata()), "\(name)")
        #expect(node.prepared == (try detail["prepared"].entries()), "\(name)")
        let engine = try #require(node.engine)
        #expect(engine.kernel.lastAppliedLSN == detail["last_applied_lsn"].lsn, "\(name)")
        #expect(engine.startup.kind.goldenName == detail["startup_kind"].string, "\(name)")
        #expect(
            engine.startup.replayedFrameCount
                == (try detail["replayed_wal_frame_count"].required()), "\(name)")
        #expect(
            engine.startup.loadedSnapshotLSN == detail["loaded_snapshot_lsn"].lsn, "\(name)")
    }
    return node
}

extension StartupKind {
    var goldenName: String {
        switch self {
        case .freshStart: "FreshStart"
        case .walOnly: "WalOnly"
        case .snapshotOnly: "SnapshotOnly"
        case .snapshotAndWAL: "SnapshotAndWal"
        }
    }
}
