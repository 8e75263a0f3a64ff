import ClusterProtocol
import LeaseEngine
import LeaseKernel

/// Reads the files of a replica, reconciles them, and writes them back in the native format
/// (docs/reference/formats.md).
struct LiveRecovery {
    let settings: LiveSettings

    init(settings: LiveSettings) {
        self.settings = settings
    }

    func run(
        on storage: inout some ReplicaStorage
    ) throws(LiveStartError) -> LiveStart {
        do throws(EngineConfigurationError) {
            try settings.engine.validate()
        } catch {
            throw .recovery(.engineConfiguration(error))
        }
        let files = try Files(storage: &storage)
        let stored: StoredMetadata
        do throws(FaultReason) {
            stored = try readMetadata(files)
        } catch {
            return .faulted(error, unknownMetadata)
        }
        if stored.metadata.role == .faulted {
            return .faulted(.persistedFaultState, stored.metadata)
        }
        do {
            let state = try reconcile(files, stored)
            return try store(state, stored, on: &storage)
        } catch let error as LiveStartError {
            throw error
        } catch let error as FaultReason {
            return .faulted(error, stored.metadata)
        } catch let error as StorageFailure {
            throw .storage(error)
        } catch {
            throw .storage(StorageFailure("recovering: \(error)"))
        }
    }

    /// The four files as they were found.
    struct Files {
        let metadata: [UInt8]?
        let journal: [UInt8]?
        let log: [UInt8]
        let snapshot: [UInt8]?
        let snapshotChecksums: [UInt8]?

        init(storage: inout some ReplicaStorage) throws(LiveStartError) {
            do throws(StorageFailure) {
                metadata = try storage.read(.metadata)
                journal = try storage.read(.journal)
                log = try storage.read(.log) ?? []
                snapshot = try storage.read(.snapshot)
                snapshotChecksums = try storage.read(.snapshotChecksums)
            } catch {
                throw .storage(error)
            }
        }

        var hasNativeJournal: Bool {
            guard let journal, journal.count >= JournalFormat.header.count else { return false }
            return journal.starts(with: JournalFormat.header)
        }
    }

    struct StoredMetadata {
        var metadata: ReplicaMetadata
        var isNative: Bool
        var isNew: Bool
    }

    /// What a faulted replica reports whose metadata cannot be read.
    private var unknownMetadata: ReplicaMetadata {
        ReplicaMetadata(
            replicaID: settings.identity.replicaID, shardID: settings.identity.shardID,
            currentView: View(0), role: .faulted)
    }

    private func readMetadata(_ files: Files) throws(FaultReason) -> StoredMetadata {
        guard let bytes = files.metadata else {
            try requireEmptyFolder(files)
            var fresh = unknownMetadata
            fresh.role = .recovering
            return StoredMetadata(metadata: fresh, isNative: true, isNew: true)
        }
        if MetadataFormatV3.recognises(bytes) {
            do throws(MetadataDecodeError) {
                return StoredMetadata(
                    metadata: try MetadataFormatV3.decode(bytes), isNative: true, isNew: false)
            } catch {
                throw .metadataLoad(.undecodable(error))
            }
        }
        do throws(FileLoadFailure<MetadataDecodeError>) {
            return StoredMetadata(
                metadata: try MetadataFormatV2.load(bytes), isNative: false, isNew: false)
        } catch {
            throw .metadataLoad(error)
        }
    }

    /// Lost metadata means lost promises; only a folder in which nothing ever happened may be
    /// started as a new one (weakness R9).
    private func requireEmptyFolder(_ files: Files) throws(FaultReason) {
        if files.hasNativeJournal, let journal = files.journal {
            let content: JournalContent
            do throws(JournalDecodeError) {
                content = try JournalReader.read(journal)
            } catch {
                throw .native(.journalLoad(error))
            }
            guard content.entries.isEmpty, content.baseline == LSN(0) else {
                throw .native(.missingMetadata)
            }
        } else {
            let count = try preparedV2(files).count
            if count > 0 {
                throw .validation(.preparedEntriesWithoutMetadata(count: count))
            }
        }
        guard files.log.isEmpty, files.snapshot == nil else {
            throw .native(.missingMetadata)
        }
    }

    func preparedV2(_ files: Files) throws(FaultReason) -> PreparedEntries {
        guard let bytes = files.journal else { return PreparedEntries() }
        do throws(FileLoadFailure<PreparedLogDecodeError>) {
            return try PreparedLogFormatV2.load(
                bytes,
                limits: PreparedLogFormatV2.Limits(
                    maximumEntries: settings.engine.maxSubmissionQueue,
                    maximumPayloadBytes: settings.engine.maxCommandBytes))
        } catch {
            throw .preparedLogLoad(error)
        }
    }
}
