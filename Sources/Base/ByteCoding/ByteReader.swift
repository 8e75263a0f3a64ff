/// Reads little-endian values from the front of a byte buffer, one after the other.
///
/// Every read is checked against the bytes that are there: running out of input throws
/// `EndOfInput` and never traps, and nothing is allocated on the word of a count that the
/// input itself carries.
///
/// Inlinable, because unspecialised integers of another module cost more than the bytes.
public struct ByteReader: Sendable {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    /// The input ended inside a field.
    public struct EndOfInput: Error, Equatable, Sendable {
        @inlinable public init() {}
    }

    public init(_ bytes: [UInt8]) {
        self.init(bytes, range: 0..<bytes.count)
    }

    /// Reads only `range` of `bytes`; `range` must lie inside the buffer.
    public init(_ bytes: [UInt8], range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
    }

    /// Bytes not read yet.
    @inlinable public var remaining: Int { end - position }

    /// Offset of the next unread byte, counted from the start of the buffer.
    public var offset: Int { position }

    public var isAtEnd: Bool { position == end }

    @inlinable
    public mutating func readUInt8() throws(EndOfInput) -> UInt8 {
        guard position < end else { throw EndOfInput() }
        defer { position += 1 }
        return bytes[position]
    }

    @inlinable
    public mutating func readUInt16() throws(EndOfInput) -> UInt16 { try readInteger() }
    @inlinable
    public mutating func readUInt32() throws(EndOfInput) -> UInt32 { try readInteger() }
    @inlinable
    public mutating func readUInt64() throws(EndOfInput) -> UInt64 { try readInteger() }
    @inlinable
    public mutating func readUInt128() throws(EndOfInput) -> UInt128 { try readInteger() }

    /// A fixed-width little-endian integer of any size.
    @inlinable
    public mutating func readInteger<Value: FixedWidthInteger>(
        as type: Value.Type = Value.self
    ) throws(EndOfInput) -> Value {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { throw EndOfInput() }
        let start = position
        position += size
        return bytes.withUnsafeBytes { buffer in
            Value(littleEndian: buffer.loadUnaligned(fromByteOffset: start, as: Value.self))
        }
    }

    /// The next `count` bytes as a buffer of their own.
    public mutating func readBytes(_ count: Int) throws(EndOfInput) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw EndOfInput() }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// Everything that is left.
    public mutating func readRest() -> [UInt8] {
        defer { position = end }
        return Array(bytes[position..<end])
    }

    public mutating func skip(_ count: Int) throws(EndOfInput) {
        guard count >= 0, remaining >= count else { throw EndOfInput() }
        position += count
    }
}
