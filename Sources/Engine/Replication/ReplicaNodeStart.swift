public import LeaseEngine
public import LeaseKernel

/// What a replica is started with, besides its files.
public struct NodeConfiguration: Hashable, Sendable {
    public var identity: ReplicaIdentity
    public var kernel: KernelConfiguration
    public var engine: EngineConfiguration

    public init(
        identity: ReplicaIdentity, kernel: KernelConfiguration, engine: EngineConfiguration
    ) {
        self.identity = identity
        self.kernel = kernel
        self.engine = engine
    }

    /// What the prepared log may hold when it is read.
    public var preparedLimits: PreparedLogFormatV2.Limits {
        PreparedLogFormatV2.Limits(
            maximumEntries: engine.maxSubmissionQueue,
            maximumPayloadBytes: engine.maxCommandBytes)
    }
}

// MARK: - Start-up (replica.md 6)

extension ReplicaNode {
    /// Starts a replica from its files: snapshot loaded, log replayed, everything compared.
    ///
    /// Contradictions between the files give a faulted replica that writes nothing; files that
    /// the engine itself can not read are an error.
    public static func recover(
        _ configuration: NodeConfiguration, from storage: any NodeStorage
    ) throws(NodeStartError) -> ReplicaNode {
        try start(configuration, storage) { () throws(NodeStartError) in
            do throws(RecoveryError) {
                return try Engine.recover(
                    configuration.kernel, configuration.engine, from: storage.engine)
            } catch {
                throw .recovery(error)
            }
        }
    }

    /// Starts a replica on an empty state, without reading a log or snapshot that is there; for
    /// new folders only.
    public static func open(
        _ configuration: NodeConfiguration, on storage: any NodeStorage
    ) throws(NodeStartError) -> ReplicaNode {
        try start(configuration, storage) { () throws(NodeStartError) in
            do throws(RecoveryError) {
                return try Engine.open(
                    configuration.kernel, configuration.engine, on: storage.engine)
            } catch {
                throw .opening(error)
            }
        }
    }

    private static func start(
        _ configuration: NodeConfiguration, _ storage: any NodeStorage,
        _ startEngine: () throws(NodeStartError) -> Engine
    ) throws(NodeStartError) -> ReplicaNode {
        let stored: ReplicaMetadata?
        do {
            stored = try loadMetadata(from: storage)
        } catch {
            // Nothing of the file can be trusted, so nothing else is touched either.
            return faulted(
                .metadataLoad(error),
                ReplicaMetadata(
                    replicaID: configuration.identity.replicaID,
                    shardID: configuration.identity.shardID, currentView: View(0),
                    role: .faulted), storage)
        }
        if let stored, stored.role == .faulted {
            return faulted(.persistedFaultState, stored, storage)
        }
        let engine = try startEngine()
        let metadata = stored ?? bootstrapMetadata(configuration.identity, engine)
        let prepared: PreparedEntries
        do {
            prepared = try loadPrepared(configuration, from: storage)
        } catch {
            return faulted(.preparedLogLoad(error), metadata, storage)
        }
        do throws(ConsistencyViolation) {
            if stored == nil {
                guard prepared.isEmpty else {
                    throw ConsistencyViolation.preparedEntriesWithoutMetadata(
                        count: prepared.count)
                }
            } else {
                try MetadataConsistency.check(
                    metadata, identity: configuration.identity,
                    applied: engine.kernel.lastAppliedLSN,
                    localSnapshot: engine.startup.loadedSnapshotLSN)
                try checkPrepared(prepared, against: metadata, engine)
            }
        } catch {
            return faulted(.validation(error), metadata, storage)
        }
        let node = ReplicaNode(
            status: .active, metadata: metadata, prepared: prepared, engine: engine,
            storage: storage)
        if stored == nil {
            do {
                try storage.replaceMetadata(with: MetadataFormatV2.encode(metadata))
            } catch {
                throw .metadataFile(error)
            }
        }
        return node
    }

    private static func faulted(
        _ reason: FaultReason, _ metadata: ReplicaMetadata, _ storage: any NodeStorage
    ) -> ReplicaNode {
        ReplicaNode(
            status: .faulted(reason), metadata: metadata, prepared: PreparedEntries(),
            engine: nil, storage: storage)
    }

    /// A replica without metadata begins again from what its log holds, forgetting what it
    /// promised (weakness R9).
    private static func bootstrapMetadata(
        _ identity: ReplicaIdentity, _ engine: Engine
    ) -> ReplicaMetadata {
        ReplicaMetadata(
            replicaID: identity.replicaID, shardID: identity.shardID, currentView: View(0),
            role: .recovering, commitLSN: engine.kernel.lastAppliedLSN,
            activeSnapshotLSN: engine.startup.loadedSnapshotLSN)
    }

    /// Positions continue the commit position, the view is the current one, the payload would
    /// be accepted.
    private static func checkPrepared(
        _ prepared: PreparedEntries, against metadata: ReplicaMetadata, _ engine: Engine
    ) throws(ConsistencyViolation) {
        let rules = PreparedPayload(
            kernel: engine.kernel.configuration, engine: engine.configuration)
        // The engine refuses to start after the last position, so there is a next one.
        var expected = (metadata.commitLSN ?? LSN(0)).successor ?? LSN(.max)
        for entry in prepared.all {
            guard entry.lsn == expected else {
                throw .preparedOrderMismatch(expected: expected, found: entry.lsn)
            }
            guard entry.view == metadata.currentView else {
                throw .preparedViewMismatch(
                    expected: metadata.currentView, found: entry.view, entry.lsn)
            }
            do {
                try rules.check(entry)
            } catch {
                throw .preparedPayloadRejected(entry.lsn)
            }
            expected = entry.lsn.successor ?? LSN(.max)
        }
    }

    private static func loadMetadata(
        from storage: any NodeStorage
    ) throws(FileLoadFailure<MetadataDecodeError>) -> ReplicaMetadata? {
        let read: BoundedRead
        do {
            read = try storage.readMetadata(limit: UInt64(MetadataFormatV2.maximumFileBytes))
        } catch {
            throw .inputOutput(error)
        }
        switch read {
        case .absent: return nil
        case .contents(let bytes): return try MetadataFormatV2.load(bytes)
        case .tooLong(let length):
            throw .tooLarge(length: length, maximum: UInt64(MetadataFormatV2.maximumFileBytes))
        }
    }

    private static func loadPrepared(
        _ configuration: NodeConfiguration, from storage: any NodeStorage
    ) throws(FileLoadFailure<PreparedLogDecodeError>) -> PreparedEntries {
        let limits = configuration.preparedLimits
        let read: BoundedRead
        do {
            read = try storage.readPreparedLog(limit: limits.maximumFileBytes)
        } catch {
            throw .inputOutput(error)
        }
        switch read {
        case .absent: return PreparedEntries()
        case .contents(let bytes):
            return try PreparedLogFormatV2.load(bytes, limits: limits)
        case .tooLong(let length):
            throw .tooLarge(length: length, maximum: limits.maximumFileBytes)
        }
    }
}
