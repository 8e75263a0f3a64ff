import ByteCoding
public import LeaseKernel

/// The reference's metadata file, version 2 (replica.md 3.1, 3.2): 34 to 74 bytes without a
/// checksum, so that a flipped bit inside a number reads as another number.
public enum MetadataFormatV2 {
    public static let magic: [UInt8] = Array("RPLM".utf8)
    public static let version: UInt8 = 2
    /// A longer file is refused before anything of it is decoded.
    public static let maximumFileBytes = 256

    public static func encode(_ metadata: ReplicaMetadata) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 74)
        writer.write(magic)
        writer.write(version)
        writer.write(metadata.replicaID.rawValue)
        writer.write(metadata.shardID.rawValue)
        writer.write(metadata.currentView.rawValue)
        writer.write(metadata.role.rawValue)
        write(metadata.commitLSN?.rawValue, to: &writer)
        write(metadata.activeSnapshotLSN?.rawValue, to: &writer)
        write(metadata.lastNormalView?.rawValue, to: &writer)
        write(metadata.durableVote?.view.rawValue, to: &writer)
        if let vote = metadata.durableVote { writer.write(vote.votedFor.rawValue) }
        return writer.bytes
    }

    /// The metadata in `bytes`, judged field by field in the order of the layout.
    public static func decode(_ bytes: [UInt8]) throws(MetadataDecodeError) -> ReplicaMetadata {
        var reader = ByteReader(bytes)
        do {
            guard try reader.readBytes(magic.count) == magic else {
                throw MetadataDecodeError.invalidMagic
            }
            let version = try reader.readUInt8()
            guard version == self.version else {
                throw MetadataDecodeError.unsupportedVersion(version)
            }
            let replicaID = ReplicaID(try reader.readUInt64())
            let shardID = ShardID(try reader.readUInt64())
            let currentView = View(try reader.readUInt64())
            let roleNumber = try reader.readUInt8()
            guard let role = ReplicaRole(rawValue: roleNumber) else {
                throw MetadataDecodeError.invalidRole(roleNumber)
            }
            let commit = try readOption(.commitLSN, from: &reader)
            let snapshot = try readOption(.activeSnapshotLSN, from: &reader)
            let lastNormalView = try readOption(.lastNormalView, from: &reader)
            var vote: DurableVote?
            if let view = try readOption(.durableVote, from: &reader) {
                vote = DurableVote(view: View(view), votedFor: ReplicaID(try reader.readUInt64()))
            }
            guard reader.isAtEnd else { throw MetadataDecodeError.invalidLayout }
            return ReplicaMetadata(
                replicaID: replicaID, shardID: shardID, currentView: currentView, role: role,
                commitLSN: commit.map(LSN.init), activeSnapshotLSN: snapshot.map(LSN.init),
                lastNormalView: lastNormalView.map(View.init), durableVote: vote)
        } catch let error as MetadataDecodeError {
            throw error
        } catch {
            // The only other error of this scope is the reader's end of input.
            throw .bufferTooShort
        }
    }

    /// The metadata in a whole file, whose length is judged before its content.
    public static func load(
        _ file: [UInt8]
    ) throws(FileLoadFailure<MetadataDecodeError>) -> ReplicaMetadata {
        guard file.count <= maximumFileBytes else {
            throw .tooLarge(length: UInt64(file.count), maximum: UInt64(maximumFileBytes))
        }
        do {
            return try decode(file)
        } catch {
            throw .undecodable(error)
        }
    }

    private static func write(_ value: UInt64?, to writer: inout ByteWriter) {
        writer.write(UInt8(value == nil ? 0 : 1))
        if let value { writer.write(value) }
    }

    private static func readOption(
        _ field: MetadataDecodeError.OptionField, from reader: inout ByteReader
    ) throws -> UInt64? {
        let tag = try reader.readUInt8()
        switch tag {
        case 0: return nil
        case 1: return try reader.readUInt64()
        default: throw MetadataDecodeError.invalidOptionTag(field, value: tag)
        }
    }
}

/// Why bytes are no metadata (replica.md 3.2).
public enum MetadataDecodeError: Error, Hashable, Sendable {
    public enum OptionField: String, Sendable {
        case commitLSN = "commit_lsn"
        case activeSnapshotLSN = "active_snapshot_lsn"
        case lastNormalView = "last_normal_view"
        case durableVote = "durable_vote"
    }

    case bufferTooShort
    case invalidMagic
    case unsupportedVersion(UInt8)
    case invalidRole(UInt8)
    case invalidOptionTag(OptionField, value: UInt8)
    case invalidLayout
}

extension MetadataDecodeError: DebugTextual {
    public var debugText: String {
        switch self {
        case .bufferTooShort: "BufferTooShort"
        case .invalidMagic: "InvalidMagic"
        case .unsupportedVersion(let version): "UnsupportedVersion(\(version))"
        case .invalidRole(let role): "InvalidRole(\(role))"
        case .invalidOptionTag(let field, let value):
            "InvalidOptionTag { kind: \"\(field.rawValue)\", value: \(value) }"
        case .invalidLayout: "InvalidLayout"
        }
    }
}
