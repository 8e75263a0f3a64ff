import CChecksums

/// CRC-32C (Castagnoli): the checksum of every frame this package writes.
public enum CRC32C {
    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0) }
    }

    public static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0) }
    }

    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        cchecksums_crc32c(0, bytes.baseAddress, bytes.count)
    }

    /// The checksum of everything `previous` covers followed by `bytes`.
    public static func extend(_ previous: UInt32, with bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { cchecksums_crc32c(previous, $0.baseAddress, $0.count) }
    }

    public static func extend(_ previous: UInt32, with bytes: UnsafeRawBufferPointer) -> UInt32 {
        cchecksums_crc32c(previous, bytes.baseAddress, bytes.count)
    }

    /// The same value computed by table, for comparing with the hardware's.
    public static func portableChecksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { cchecksums_crc32c_portable(0, $0.baseAddress, $0.count) }
    }
}
