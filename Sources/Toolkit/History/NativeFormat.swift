/// The native record on disk, version 1 (docs/reference/history-format.md).
///
/// Eight bytes of magic, then frames as `FrameLog` writes them: `u32 length`, `u32 crc32c`,
/// payload. The first payload byte is the frame's type, the second its version. A header comes
/// first, chunks of events follow, and a finished recording ends with an end frame.
public enum NativeFormat {
    /// The first bytes of every native record.
    public static let magicText = "ALLOCHST"
    static let magic = Array(magicText.utf8)
    static let version: UInt8 = 1

    /// Largest payload. A chunk is closed long before it gets there.
    static let payloadLimit = 16 << 20

    enum FrameType: UInt8 {
        case header = 1
        case events = 2
        case end = 3
    }

    /// Bytes of a chunk before its first event: type, version, first sequence, count of events.
    static let chunkHeaderBytes = 2 + 8 + 4
}
