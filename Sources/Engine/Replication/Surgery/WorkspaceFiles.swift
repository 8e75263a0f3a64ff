import ByteCoding
import ClusterProtocol
import LeaseEngine
import LeaseKernel

/// The bytes of one replica's files, and what they mean in either format. Nil stands for a file
/// that does not exist.
public struct WorkspaceFiles: Hashable, Sendable {
    public var metadata: [UInt8]?
    /// The prepared log of version 2 or the journal of version 3: one path, told apart by their
    /// headers.
    public var journal: [UInt8]?
    public var log: [UInt8]?
    public var snapshot: [UInt8]?

    public init(
        metadata: [UInt8]? = nil, journal: [UInt8]? = nil, log: [UInt8]? = nil,
        snapshot: [UInt8]? = nil
    ) {
        self.metadata = metadata
        self.journal = journal
        self.log = log
        self.snapshot = snapshot
    }

    /// What the files of the folder `name` say.
    public func decode(named name: String) throws(SurgeryError) -> WorkspaceContents {
        let paths = ReplicaPaths(folder: name)
        guard let metadataBytes = metadata else { throw .noMetadata(folder: name) }
        let isNative = MetadataFormatV3.recognises(metadataBytes)
        let metadata: ReplicaMetadata
        do {
            metadata =
                isNative
                ? try MetadataFormatV3.decode(metadataBytes)
                : try MetadataFormatV2.decode(metadataBytes)
        } catch {
            throw .undecodable(file: paths.metadata, reason: error.debugText)
        }
        let scan = WALScan(log ?? [])
        if let journal, JournalFormat.recognises(journal) {
            return try decodeNative(metadata, scan, journal, paths)
        }
        return try decodeReference(metadata, scan, isNative ? .native : .reference, paths)
    }

    private func decodeReference(
        _ metadata: ReplicaMetadata, _ scan: WALScan, _ format: WorkspaceContents.Format,
        _ paths: ReplicaPaths
    ) throws(SurgeryError) -> WorkspaceContents {
        switch scan.stop {
        case .cleanEnd, .tornTail: break
        case .corruption(let offset, _): throw .damagedLog(file: paths.log, offset: offset)
        }
        var prepared = PreparedEntries()
        if let journal {
            // Whatever was appended is read: the bound on loading is a weakness (R4), and what
            // counts here is what the replica has acknowledged.
            let limits = PreparedLogFormatV2.Limits(
                maximumEntries: .max, maximumPayloadBytes: UInt64(journal.count))
            do {
                prepared = try PreparedLogFormatV2.decode(journal, limits: limits)
            } catch {
                throw .undecodable(file: paths.journal, reason: error.debugText)
            }
        }
        return WorkspaceContents(
            format: format, metadata: metadata, snapshot: snapshot, frames: scan.frames,
            prepared: prepared)
    }

    /// The frames up to the first one whose position does not follow. Beyond what was synced
    /// that is damage: a frame's checksum leaves out the low bytes of its position.
    private static func followingFrames(
        _ frames: [WALFrame], through baseline: LSN
    ) -> [WALFrame] {
        var previous = LSN(0)
        for (index, frame) in frames.enumerated() {
            if frame.isMarker {
                previous = max(previous, frame.lsn)
                continue
            }
            let follows =
                frame.lsn == previous.successor || previous == LSN(0) && frame.lsn > previous
            guard follows || previous < baseline else { return Array(frames[..<index]) }
            previous = frame.lsn
        }
        return frames
    }

    /// The log may lack committed entries at its end, or carry damage there: the journal keeps
    /// them until the log is known to be on disk (docs/reference/formats.md).
    private func decodeNative(
        _ metadata: ReplicaMetadata, _ scan: WALScan, _ bytes: [UInt8], _ paths: ReplicaPaths
    ) throws(SurgeryError) -> WorkspaceContents {
        let journal: JournalContent
        do {
            journal = try JournalReader.read(bytes)
        } catch {
            throw .undecodable(file: paths.journal, reason: error.debugText)
        }
        var frames = Self.followingFrames(scan.frames, through: journal.baseline)
        let logged = frames.last?.lsn ?? LSN(0)
        var logEntries: [LSN: WALFrame] = [:]
        for frame in frames where !frame.isMarker { logEntries[frame.lsn] = frame }
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
        var generations: [LSN: Generation] = [:]
        for replicated in journal.entries {
            let entry = replicated.entry
            generations[entry.lsn] = replicated.generation
            if let frame = logEntries[entry.lsn], frame != WALFrame(committing: entry) {
                throw .contradictoryPreparedEntry(metadata.replicaID, entry.lsn)
            }
            if entry.lsn > journal.commit {
                prepared.insert(entry)
            } else if entry.lsn > logged {
                frames.append(WALFrame(committing: entry))
            }
        }
        return WorkspaceContents(
            format: .native, metadata: metadata, snapshot: snapshot, frames: frames,
            prepared: prepared, generations: generations, highestTerm: journal.highestTerm,
            highestGeneration: journal.highestGeneration)
    }
}

extension WorkspaceContents {
    /// The files of a folder with this content.
    public var files: WorkspaceFiles {
        var files = WorkspaceFiles(log: frames.flatMap { $0.encode() }, snapshot: snapshot)
        switch format {
        case .reference:
            files.journal = PreparedLogFormatV2.encode(prepared)
            files.metadata = MetadataFormatV2.encode(metadata)
        case .native:
            files.journal = journalImage()
            files.metadata = MetadataFormatV3.encode(metadata)
        }
        return files
    }

    private func journalImage() -> [UInt8] {
        let durable = metadata.commitLSN ?? LSN(0)
        // It covers the prepared entries as well, which changes nothing: they follow.
        var records: [JournalRecord] = [.baseline(durable: durable, highest: highestTerm)]
        if highestGeneration > .unknown { records.append(.generation(highestGeneration)) }
        for entry in prepared.all {
            records.append(
                .entry(
                    ReplicatedEntry(
                        entry: entry, generation: generations[entry.lsn] ?? .unknown)))
        }
        return JournalFormat.encode(records)
    }
}

extension JournalFormat {
    /// Whether a file announces itself as a journal of this version, whatever the rest holds.
    static func recognises(_ bytes: [UInt8]) -> Bool { bytes.starts(with: header) }
}
