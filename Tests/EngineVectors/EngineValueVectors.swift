public import LeaseEngine
import LeaseKernel
public import TestSupport

extension EngineConfiguration {
    public init(vector: JSONValue) throws {
        self.init(
            maxSubmissionQueue: try vector["max_submission_queue"].required(),
            maxCommandBytes: try vector["max_command_bytes"].required(),
            maxExpirationsPerTick: try vector["max_expirations_per_tick"].required())
    }
}

extension EngineMetrics {
    public var recoveryVector: JSONValue {
        .object([
            "startup_kind": .string(startup.kind.word),
            "loaded_snapshot_lsn": .text(startup.loadedSnapshotLSN),
            "replayed_wal_frame_count": .count(startup.replayedFrameCount),
            "replayed_wal_last_lsn": .text(startup.replayedLastLSN),
            "active_snapshot_lsn": .text(activeSnapshotLSN),
        ])
    }

    public var vector: JSONValue {
        .object([
            "queue_depth": .count(queueDepth),
            "queue_capacity": .count(queueCapacity),
            "accepting_writes": .bool(isAcceptingWrites),
            "recovery": recoveryVector,
            "core": health.vector,
        ])
    }
}
