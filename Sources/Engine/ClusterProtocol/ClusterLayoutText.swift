import LeaseEngine
import LeaseKernel

/// The text form of a layout (cluster-runner.md 3).
extension ClusterLayout {
    /// Reads a layout. Bounds, roles and addresses are not compared with each other: a replica
    /// that cannot live with them says so when it starts.
    public init(text: String) throws(ClusterFileError) {
        do {
            try self.init(fields: try KeyValueFields(text))
        } catch {
            throw ClusterFileError(.layout, error)
        }
    }

    private init(fields: KeyValueFields) throws(KeyValueError) {
        try fields.requireLayoutVersion()
        let count: UInt64 = try fields.required("replica_count", unsignedNumber)
        guard count == UInt64(Self.replicaCount) else { throw .invalidReplicaCount(count) }
        let workspaceRoot = try fields.required("workspace_root")
        let currentView: View = try fields.required("current_view", identifier)
        let kernel = try KernelConfiguration(fields: fields)
        let engine = try EngineConfiguration(fields: fields)
        var replicas: [ReplicaLayout] = []
        for number in 1...count {
            replicas.append(try ReplicaLayout(id: ReplicaID(number), fields: fields))
        }
        self.init(
            workspaceRoot: workspaceRoot, currentView: currentView, kernel: kernel,
            engine: engine, replicas: replicas)
    }

    /// The text of this layout; fails with the field whose path could not be read back: one with
    /// a line break in it or white space at its end.
    public func encoded() throws(ClusterFileError) -> String {
        let fields = encodedFields
        for (field, value) in fields where !isOneLine(value) {
            throw ClusterFileError(.layout, .invalidField(field, value: value))
        }
        return fields.map { "\($0.0)=\($0.1)\n" }.joined()
    }

    private var encodedFields: [(String, String)] {
        [
            ("version", "\(Self.version)"),
            ("workspace_root", workspaceRoot),
            ("current_view", "\(currentView)"),
            ("replica_count", "\(Self.replicaCount)"),
        ] + kernel.encodedFields + engine.encodedFields + replicas.flatMap(\.encodedFields)
    }
}

private func isOneLine(_ value: String) -> Bool {
    !value.utf8.contains(UInt8(ascii: "\n"))
        && value.trimmingTrailingWhitespace().utf8.count == value.utf8.count
}

extension KernelConfiguration {
    fileprivate init(fields: KeyValueFields) throws(KeyValueError) {
        self.init(
            shardID: try fields.required("core.shard_id", unsignedNumber),
            maxResources: try fields.required("core.max_resources", unsignedNumber),
            maxReservations: try fields.required("core.max_reservations", unsignedNumber),
            // Layouts from before there were bundles do not have the key.
            maxBundleSize: fields.optional("core.max_bundle_size") == nil
                ? 1 : try fields.required("core.max_bundle_size", unsignedNumber),
            maxOperations: try fields.required("core.max_operations", unsignedNumber),
            maxTTLSlots: try fields.required("core.max_ttl_slots", unsignedNumber),
            maxClientRetryWindowSlots: try fields.required(
                "core.max_client_retry_window_slots", unsignedNumber),
            reservationHistoryWindowSlots: try fields.required(
                "core.reservation_history_window_slots", unsignedNumber),
            maxExpirationBucketLength: try fields.required(
                "core.max_expiration_bucket_len", unsignedNumber))
    }

    fileprivate var encodedFields: [(String, String)] {
        [
            ("core.shard_id", "\(shardID)"),
            ("core.max_resources", "\(maxResources)"),
            ("core.max_reservations", "\(maxReservations)"),
            ("core.max_bundle_size", "\(maxBundleSize)"),
            ("core.max_operations", "\(maxOperations)"),
            ("core.max_ttl_slots", "\(maxTTLSlots)"),
            ("core.max_client_retry_window_slots", "\(maxClientRetryWindowSlots)"),
            ("core.reservation_history_window_slots", "\(reservationHistoryWindowSlots)"),
            ("core.max_expiration_bucket_len", "\(maxExpirationBucketLength)"),
        ]
    }
}

extension EngineConfiguration {
    fileprivate init(fields: KeyValueFields) throws(KeyValueError) {
        self.init(
            maxSubmissionQueue: try fields.required("engine.max_submission_queue", unsignedNumber),
            maxCommandBytes: try fields.required("engine.max_command_bytes", unsignedNumber),
            maxExpirationsPerTick: try fields.required(
                "engine.max_expirations_per_tick", unsignedNumber))
    }

    fileprivate var encodedFields: [(String, String)] {
        [
            ("engine.max_submission_queue", "\(maxSubmissionQueue)"),
            ("engine.max_command_bytes", "\(maxCommandBytes)"),
            ("engine.max_expirations_per_tick", "\(maxExpirationsPerTick)"),
        ]
    }
}

extension ReplicaLayout {
    fileprivate init(id: ReplicaID, fields: KeyValueFields) throws(KeyValueError) {
        let prefix = "replica.\(id)."
        self.init(
            id: id,
            role: try fields.required(prefix + "role") { ReplicaRole(word: $0) },
            workspaceDirectory: try fields.required(prefix + "workspace_dir"),
            logPath: try fields.required(prefix + "log_path"),
            pidPath: try fields.required(prefix + "pid_path"),
            metadataPath: try fields.required(prefix + "metadata_path"),
            snapshotPath: try fields.required(prefix + "snapshot_path"),
            walPath: try fields.required(prefix + "wal_path"),
            addresses: try ReplicaAddresses(prefix: prefix, fields: fields))
    }

    fileprivate var encodedFields: [(String, String)] {
        [
            ("role", role.word),
            ("workspace_dir", workspaceDirectory),
            ("log_path", logPath),
            ("pid_path", pidPath),
            ("metadata_path", metadataPath),
            ("snapshot_path", snapshotPath),
            ("wal_path", walPath),
            ("control_addr", "\(addresses.control)"),
            ("client_addr", "\(addresses.client)"),
            ("protocol_addr", "\(addresses.protocol)"),
        ].map { ("replica.\(id).\($0.0)", $0.1) }
    }
}

extension ReplicaAddresses {
    /// The three addresses as layouts and status replies name them, after `prefix`.
    init(prefix: String = "", fields: KeyValueFields) throws(KeyValueError) {
        self.init(
            control: try fields.required(prefix + "control_addr") { NetworkAddress($0) },
            client: try fields.required(prefix + "client_addr") { NetworkAddress($0) },
            protocol: try fields.required(prefix + "protocol_addr") { NetworkAddress($0) })
    }
}
