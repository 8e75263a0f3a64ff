import ByteCoding
import DurableFiles

/// Which contents the snapshot file may have: their CRC-32C sums. The published format of a
/// snapshot has no checksum of its own, so that a flipped bit in it is another valid state
/// (durability.md 11).
///
///     magic "RPLS", u8 3, then one or two times u32 CRC-32C of the whole snapshot file
///
/// It is written before the snapshot is replaced and names the old content and the new one.
/// Where it is missing, because the folder is the reference's, nothing can be checked.
struct SnapshotChecksums: Hashable, Sendable {
    static let header: [UInt8] = Array("RPLS".utf8) + [3]

    /// The content before the last replacement, if there was any.
    var previous: UInt32?
    var latest: UInt32

    init(previous: UInt32? = nil, latest: UInt32) {
        self.previous = previous
        self.latest = latest
    }

    /// For a file that holds exactly this snapshot.
    init(of snapshot: [UInt8]) {
        self.init(latest: CRC32C.checksum(snapshot))
    }

    /// Nil for bytes that are damaged: then nothing is known about the snapshot.
    init?(decoding bytes: [UInt8]) {
        guard bytes.starts(with: Self.header) else { return nil }
        var reader = ByteReader(bytes, range: Self.header.count..<bytes.count)
        guard let first = try? reader.readUInt32() else { return nil }
        latest = first
        if !reader.isAtEnd {
            guard let second = try? reader.readUInt32() else { return nil }
            previous = first
            latest = second
        }
        guard reader.isAtEnd else { return nil }
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.header)
        if let previous { writer.write(previous) }
        writer.write(latest)
        return writer.bytes
    }

    /// Whether the snapshot is one of those that were written. `checksums` is the file's content.
    static func accept(_ snapshot: [UInt8], checksums: [UInt8]?) -> Bool {
        guard let checksums else { return true }
        guard let known = SnapshotChecksums(decoding: checksums) else { return false }
        let found = CRC32C.checksum(snapshot)
        return found == known.latest || found == known.previous
    }
}

extension ReplicaStorage {
    /// Replaces the snapshot, with its checksum on disk before it.
    mutating func replaceSnapshot(with bytes: [UInt8]) throws(StorageFailure) {
        var checksums = SnapshotChecksums(of: bytes)
        if let old = try read(.snapshotChecksums).flatMap({ SnapshotChecksums(decoding: $0) }) {
            checksums.previous = old.latest
        } else if let old = try read(.snapshot) {
            checksums.previous = SnapshotChecksums(of: old).latest
        }
        try replace(.snapshotChecksums, with: checksums.encoded)
        try replace(.snapshot, with: bytes)
    }
}
