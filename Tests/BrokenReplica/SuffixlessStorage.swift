import ByteCoding
import ClusterProtocol
import LeaseKernel
import Replication
import StorageDoubles

/// The files of a replica that, as a backup, does not put entries into its journal: it has
/// acknowledged them, but on disk are only those that it knows to be committed, in the log.
struct SuffixlessStorage: StorageDecorator, Sendable {
    var disk: ReplicaFolder
    private var role = ReplicaRole.backup
    /// Length of the journal as it is.
    private var journalLength: Int?

    init(_ disk: ReplicaFolder) {
        self.disk = disk
    }

    mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        let bytes = try disk.read(file)
        if file == .metadata, let bytes { note(metadata: bytes) }
        if file == .journal { journalLength = bytes?.count }
        return bytes
    }

    mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure) {
        guard file == .journal, let length = journalLength else {
            return try disk.append(file, bytes)
        }
        let kept = Self.records(bytes, at: length, isBackup: role == .backup)
        journalLength = length + kept.count
        try disk.append(.journal, kept)
    }

    mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) throws(StorageFailure) {
        if file == .metadata { note(metadata: bytes) }
        if file == .journal { journalLength = bytes.count }
        try disk.replace(file, with: bytes)
    }

    private mutating func note(metadata: [UInt8]) {
        if let known = try? MetadataFormatV3.decode(metadata) { role = known.role }
    }

    /// The records of a batch that are kept, with the mark of the batch naming where it lies now.
    private static func records(_ batch: [UInt8], at length: Int, isBackup: Bool) -> [UInt8] {
        var kept = ByteWriter()
        var offset = 0
        while offset + JournalFormat.recordHeaderLength < batch.count {
            var size = 0
            for byte in batch[offset..<offset + 4].reversed() { size = size << 8 | Int(byte) }
            let end = offset + JournalFormat.recordHeaderLength + size
            switch batch[offset + JournalFormat.recordHeaderLength] {
            case RecordTag.batch:
                JournalFormat.append(
                    .batch(offset: UInt64(length + kept.bytes.count)), to: &kept)
            case RecordTag.entry where isBackup, RecordTag.commit where isBackup,
                RecordTag.discard where isBackup:
                break
            case _: kept.write(batch[offset..<min(end, batch.count)])
            }
            offset = end
        }
        return kept.bytes
    }

    /// The type of a record, the byte behind its length and checksum (docs/reference/formats.md).
    private enum RecordTag {
        static let entry: UInt8 = 1
        static let commit: UInt8 = 2
        static let discard: UInt8 = 3
        static let batch: UInt8 = 6
    }
}
