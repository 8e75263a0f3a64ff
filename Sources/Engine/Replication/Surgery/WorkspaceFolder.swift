import ClusterProtocol
import DurableFiles
import LeaseEngine
import LeaseKernel
import SystemCalls

/// The folder of one stopped replica, in either format: read as a whole, replaced as a whole.
public struct WorkspaceFolder: Hashable, Sendable {
    public let path: String

    /// Longest file that is read, in bytes.
    static let maximumFileBytes = 1 << 30

    public init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    var paths: ReplicaPaths { ReplicaPaths(folder: path) }
    /// Held by a running daemon for life.
    var lockPath: String { path + "/replica.lock" }
    /// Where a new content is prepared.
    var next: WorkspaceFolder { WorkspaceFolder(path + ".next") }
    /// Where the last replaced content is kept.
    public var previous: WorkspaceFolder { WorkspaceFolder(path + ".previous") }

    /// Everything the folder holds. Reading changes nothing, not even a torn tail.
    public func read() throws(SurgeryError) -> WorkspaceContents {
        guard let metadataBytes = try readFile(paths.metadata) else {
            throw .noMetadata(folder: path)
        }
        let metadata = try decodeMetadata(metadataBytes)
        let scan = WALScan(try readFile(paths.log) ?? [])
        let snapshot = try readFile(paths.snapshot)
        guard let journal = try readFile(paths.journal), JournalFormat.recognises(journal) else {
            return try readReference(metadataBytes, metadata, scan, snapshot)
        }
        return try readNative(metadata, scan, snapshot, journal)
    }

    private func readReference(
        _ metadataBytes: [UInt8], _ metadata: ReplicaMetadata, _ scan: WALScan,
        _ snapshot: [UInt8]?
    ) throws(SurgeryError) -> WorkspaceContents {
        switch scan.stop {
        case .cleanEnd, .tornTail: break
        case .corruption(let offset, _): throw .damagedLog(file: paths.log, offset: offset)
        }
        var prepared = PreparedEntries()
        if let bytes = try readFile(paths.journal) {
            // Whatever was appended is read: the bound on loading is a weakness (R4), and what
            // counts here is what the replica has acknowledged.
            let limits = PreparedLogFormatV2.Limits(
                maximumEntries: .max, maximumPayloadBytes: UInt64(Self.maximumFileBytes))
            do {
                prepared = try PreparedLogFormatV2.decode(bytes, limits: limits)
            } catch {
                throw .undecodable(file: paths.journal, reason: error.debugText)
            }
        }
        return WorkspaceContents(
            format: MetadataFormatV3.recognises(metadataBytes) ? .native : .reference,
            metadata: metadata, snapshot: snapshot, frames: scan.frames, prepared: prepared)
    }

    /// The log may lack committed entries at its end, or carry damage there: the journal keeps
    /// them until the log is known to be on disk (docs/reference/formats.md).
    private func readNative(
        _ metadata: ReplicaMetadata, _ scan: WALScan, _ snapshot: [UInt8]?, _ bytes: [UInt8]
    ) throws(SurgeryError) -> WorkspaceContents {
        let journal: JournalContent
        do {
            journal = try JournalReader.read(bytes)
        } catch {
            throw .undecodable(file: paths.journal, reason: error.debugText)
        }
        var frames = scan.frames
        let logged = frames.last?.lsn ?? LSN(0)
        switch scan.stop {
        case .cleanEnd, .tornTail: break
        case .corruption(let offset, _):
            guard logged >= journal.baseline else {
                throw .damagedLog(file: paths.log, offset: offset)
            }
        }
        var metadata = metadata
        // In this format the stored position is a hint; the journal's is what was promised.
        metadata.commitLSN = journal.commit > LSN(0) ? journal.commit : nil
        var prepared = PreparedEntries()
        var generations: [LSN: Generation] = [journal.baseline: journal.baselineGeneration]
        for replicated in journal.entries {
            let entry = replicated.entry
            generations[entry.lsn] = replicated.generation
            if entry.lsn > journal.commit {
                prepared.insert(entry)
            } else if entry.lsn > logged {
                frames.append(WALFrame(committing: entry))
            }
        }
        return WorkspaceContents(
            format: .native, metadata: metadata, snapshot: snapshot, frames: frames,
            prepared: prepared, generations: generations,
            highestGeneration: journal.highestGeneration)
    }

    private func decodeMetadata(_ bytes: [UInt8]) throws(SurgeryError) -> ReplicaMetadata {
        do {
            return MetadataFormatV3.recognises(bytes)
                ? try MetadataFormatV3.decode(bytes) : try MetadataFormatV2.decode(bytes)
        } catch {
            throw .undecodable(file: paths.metadata, reason: error.debugText)
        }
    }

    private func readFile(_ path: String) throws(SurgeryError) -> [UInt8]? {
        do {
            return try DurableFiles.readIfPresent(path, limit: Self.maximumFileBytes)
        } catch {
            throw .file(error)
        }
    }
}
