/// The native record on disk (docs/reference/history-format.md).
///
/// Eight bytes of magic, then frames as `FrameLog` writes them: `u32 length`, `u32 crc32c`,
/// payload. The first payload byte is the frame's type, the second the version of the record.
/// Written is version 2; version 1, whose chunks are single uncompressed frames and which has no
/// index, is still read.
public enum NativeFormat {
    /// The first bytes of every native record.
    public static let magicText = "ALLOCHST"
    static let magic = Array(magicText.utf8)

    enum Version: UInt8 {
        case one = 1
        case two = 2
    }

    /// Largest payload of a frame, in bytes. Writers close a piece long before it gets there.
    static let payloadLimit = 16 << 20

    /// Largest chunk before compression, in bytes: what a reader allocates for one at most.
    static let rawChunkLimit = 4 << 20

    /// Largest single event, encoded, in bytes. A chunk that ends with one stays below its limit.
    static let eventLimit = 2 << 20

    /// A chunk is closed when it has so many bytes before compression: large enough to compress
    /// well, small enough for several to be decoded at once in little memory.
    static let chunkBytes = 256 << 10

    enum FrameType: UInt8 {
        case header = 1
        /// Version 1: a chunk. Version 2: a piece of one.
        case events = 2
        case end = 3
        /// Version 2 only.
        case index = 4
    }

    /// Whether version 2 knows a chunk's piece as its first or last.
    struct PieceFlags: OptionSet {
        let rawValue: UInt8
        static let beginsChunk = PieceFlags(rawValue: 1)
        static let endsChunk = PieceFlags(rawValue: 2)
        static let all: PieceFlags = [.beginsChunk, .endsChunk]
    }

    /// Bytes of the end frame of version 2: frame header, type, version, count of events, offset
    /// of the index. Its place is known without reading anything else.
    static let endFrameBytes = 8 + 2 + 8 + 8
}
