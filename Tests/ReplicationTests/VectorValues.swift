import ByteCoding
import LeaseEngine
import LeaseKernel
import Replication
import TestSupport
import Testing

/// Readers of the value forms that the replica's golden files share.
extension JSONValue {
    func required<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self, _ location: SourceLocation = #_sourceLocation
    ) throws -> Value {
        try #require(integer(type), "no integer: \(self)", sourceLocation: location)
    }

    var lsn: LSN? { integer(UInt64.self).map(LSN.init) }

    var role: ReplicaRole? { string.flatMap { ReplicaRole(word: $0) } }

    /// The text of `{"error": {"path": .., "text": ..}}`, with or without the outer object; nil
    /// without an error.
    var errorText: String? { self["error"]["text"].string ?? self["text"].string }

    func metadata() throws -> ReplicaMetadata {
        var vote: DurableVote?
        if !self["durable_vote"].isNull {
            vote = DurableVote(
                view: View(try self["durable_vote"]["view"].required()),
                votedFor: ReplicaID(try self["durable_vote"]["voted_for"].required()))
        }
        return ReplicaMetadata(
            replicaID: ReplicaID(try self["replica_id"].required()),
            shardID: ShardID(try self["shard_id"].required()),
            currentView: View(try self["current_view"].required()),
            role: try #require(self["role"].role), commitLSN: self["commit_lsn"].lsn,
            activeSnapshotLSN: self["active_snapshot_lsn"].lsn,
            lastNormalView: self["last_normal_view"].integer(UInt64.self).map(View.init),
            durableVote: vote)
    }

    func entry() throws -> PreparedEntry {
        PreparedEntry(
            kind: self["kind"].string == "client" ? .client : .internal,
            view: View(try self["view"].required()), lsn: LSN(try self["lsn"].required()),
            requestSlot: Slot(try self["request_slot"].required()),
            payload: try #require(self["payload_hex"].hex))
    }

    func entries() throws -> PreparedEntries {
        try #require(PreparedEntries(try array.map { try $0.entry() }))
    }

    func identity() throws -> ReplicaIdentity {
        ReplicaIdentity(
            replicaID: ReplicaID(try self["replica_id"].required()),
            shardID: ShardID(try self["shard_id"].required()))
    }

    func kernelConfiguration() throws -> KernelConfiguration {
        KernelConfiguration(
            shardID: try self["shard_id"].required(),
            maxResources: try self["max_resources"].required(),
            maxReservations: try self["max_reservations"].required(),
            maxBundleSize: try self["max_bundle_size"].required(),
            maxOperations: try self["max_operations"].required(),
            maxTTLSlots: try self["max_ttl_slots"].required(),
            maxClientRetryWindowSlots: try self["max_client_retry_window_slots"].required(),
            reservationHistoryWindowSlots: try self["reservation_history_window_slots"].required(),
            maxExpirationBucketLength: try self["max_expiration_bucket_len"].required())
    }

    func engineConfiguration() throws -> EngineConfiguration {
        EngineConfiguration(
            maxSubmissionQueue: try self["max_submission_queue"].required(),
            maxCommandBytes: try self["max_command_bytes"].required(),
            maxExpirationsPerTick: try self["max_expirations_per_tick"].required())
    }
}
