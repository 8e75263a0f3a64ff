import DurableFiles
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
        try WorkspaceFiles(
            metadata: readFile(paths.metadata), journal: readFile(paths.journal),
            log: readFile(paths.log), snapshot: readSnapshot()
        ).decode(named: path)
    }

    /// Writes every file durably, the metadata last; a file the content lacks is not removed.
    func write(_ files: WorkspaceFiles) throws(SystemError) {
        let isNative = files.metadata.map { MetadataFormatV3.recognises($0) } ?? false
        let checksums = files.snapshot.map { SnapshotChecksums(of: $0).encoded }
        let contents = [
            (paths.snapshotChecksums, isNative ? checksums : nil),
            (paths.snapshot, files.snapshot), (paths.log, files.log),
            (paths.journal, files.journal), (paths.metadata, files.metadata),
        ]
        for case (let path, let bytes?) in contents {
            try DurableFiles.replace(path, with: bytes)
        }
    }

    /// Replaces the metadata alone, in the given format, while no daemon holds the folder.
    func replaceMetadata(
        _ metadata: ReplicaMetadata, _ format: WorkspaceContents.Format
    ) throws(SurgeryError) {
        let lock = try claim()
        defer { lock.release() }
        let bytes =
            switch format {
            case .reference: MetadataFormatV2.encode(metadata)
            case .native: MetadataFormatV3.encode(metadata)
            }
        do {
            try DurableFiles.replace(paths.metadata, with: bytes)
        } catch {
            throw .file(error)
        }
    }

    /// The lock that a running daemon would hold.
    func claim() throws(SurgeryError) -> LockFile {
        do {
            return try LockFile(acquiring: lockPath)
        } catch {
            switch error {
            case .held(_, let holder): throw .replicaRuns(folder: path, process: holder)
            case .system(let error): throw .file(error)
            }
        }
    }

    /// The snapshot; one that is not what was written must not be built upon.
    private func readSnapshot() throws(SurgeryError) -> [UInt8]? {
        guard let snapshot = try readFile(paths.snapshot) else { return nil }
        guard
            SnapshotChecksums.accept(
                snapshot, checksums: try readFile(paths.snapshotChecksums))
        else { throw .undecodable(file: paths.snapshot, reason: "InvalidChecksum") }
        return snapshot
    }

    private func readFile(_ path: String) throws(SurgeryError) -> [UInt8]? {
        do {
            return try DurableFiles.readIfPresent(path, limit: Self.maximumFileBytes)
        } catch {
            throw .file(error)
        }
    }
}
