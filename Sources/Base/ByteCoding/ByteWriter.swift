/// Appends little-endian values to a growing byte buffer. Inlinable for the same reason as
/// `ByteReader`.
public struct ByteWriter: Sendable {
    @usableFromInline var written: [UInt8] = []

    public var bytes: [UInt8] { written }

    public init(reservingCapacity capacity: Int = 0) {
        written.reserveCapacity(capacity)
    }

    @inlinable
    public mutating func write(_ value: UInt8) {
        written.append(value)
    }

    /// A fixed-width integer, least significant byte first.
    @inlinable
    public mutating func write<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { written.append(contentsOf: $0) }
    }

    @inlinable
    public mutating func write(_ value: some Sequence<UInt8>) {
        written.append(contentsOf: value)
    }

    /// Overwrites bytes written earlier, for a length or a checksum known only afterwards.
    /// The field must lie inside what was written.
    @inlinable
    public mutating func overwrite<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { field in
            written.replaceSubrange(offset..<offset + field.count, with: field)
        }
    }
}
