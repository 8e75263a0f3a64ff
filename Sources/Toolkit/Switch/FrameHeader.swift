/// What the switch reads of an Ethernet frame: where it goes and where it comes from.
struct FrameHeader {
    /// The lower 48 bits.
    let destination: UInt64
    let source: UInt64
    let type: UInt16

    static let byteCount = 14
    /// The longest frame a port may hand over.
    static let frameLimit = 65_536

    /// Nil when the bytes are too short for a frame.
    init?(_ frame: UnsafeRawBufferPointer) {
        guard frame.count >= Self.byteCount else { return nil }
        let first = UInt64(bigEndian: frame.loadUnaligned(as: UInt64.self))
        let second = UInt64(bigEndian: frame.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        destination = first >> 16
        source = second & 0xffff_ffff_ffff
        type = UInt16(bigEndian: frame.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
    }

    /// Broadcast and multicast addresses have the lowest bit of their first byte set.
    static func isGroup(_ address: UInt64) -> Bool { address >> 40 & 1 == 1 }

    var isIP: Bool { type == 0x0800 || type == 0x86dd }
}
