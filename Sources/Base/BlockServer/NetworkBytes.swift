/// Bytes that arrived and were not used yet, read as big-endian numbers.
struct NetworkInput: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Of what has arrived; nil when it is not there yet.
    func peek<Value: FixedWidthInteger>(_: Value.Type, at offset: Int = 0) -> Value? {
        let width = Value.bitWidth / 8
        guard offset >= 0, count >= offset + width else { return nil }
        var value: Value = 0
        for byte in bytes[start + offset..<start + offset + width] {
            value = value << 8 | Value(truncatingIfNeeded: byte)
        }
        return value
    }

    /// The next bytes, which are used then; nil when they are not all there yet.
    mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, self.count >= count else { return nil }
        let taken = Array(bytes[start..<start + count])
        start += count
        // Moving the rest only when it is the smaller part keeps this at constant cost.
        if start * 2 >= bytes.count {
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }

    mutating func takeNumber<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        guard let value = peek(type) else { return nil }
        _ = take(Value.bitWidth / 8)
        return value
    }
}

extension [UInt8] {
    mutating func appendNumber(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
