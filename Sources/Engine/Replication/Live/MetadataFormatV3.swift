import ByteCoding
import DurableFiles
import LeaseKernel

/// The native metadata file: the fields of version 2 under version 3, followed by the CRC-32C
/// of everything before it (docs/reference/formats.md).
///
/// Commit and snapshot position are hints for readers; log, snapshot and journal decide.
public enum MetadataFormatV3 {
    public static let version: UInt8 = 3
    private static let versionOffset = 4
    private static let checksumLength = 4

    public static func encode(_ metadata: ReplicaMetadata) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 78)
        writer.write(MetadataFormatV2.encode(metadata))
        writer.overwrite(version, at: versionOffset)
        writer.write(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// The metadata in a whole file of version 3. A damaged checksum is reported as
    /// `invalidLayout`: no field of the file can be trusted.
    public static func decode(_ bytes: [UInt8]) throws(MetadataDecodeError) -> ReplicaMetadata {
        guard bytes.count > versionOffset + checksumLength else { throw .bufferTooShort }
        guard Array(bytes.prefix(versionOffset)) == MetadataFormatV2.magic else {
            throw .invalidMagic
        }
        guard bytes[versionOffset] == version else {
            throw .unsupportedVersion(bytes[versionOffset])
        }
        var image = Array(bytes.dropLast(checksumLength))
        var stored: UInt32 = 0
        for byte in bytes.suffix(checksumLength).reversed() { stored = stored << 8 | UInt32(byte) }
        guard CRC32C.checksum(image) == stored else { throw .invalidLayout }
        image[versionOffset] = MetadataFormatV2.version
        return try MetadataFormatV2.decode(image)
    }

    /// Whether a file announces itself as version 3, whatever the rest holds.
    public static func recognises(_ bytes: [UInt8]) -> Bool {
        bytes.count > versionOffset && bytes[versionOffset] == version
            && bytes.starts(with: MetadataFormatV2.magic)
    }
}
