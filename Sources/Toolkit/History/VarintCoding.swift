/// Writes numbers in as few bytes as they need: seven bits a byte, least significant first, the
/// top bit set on all but the last.
struct VarintWriter {
    private(set) var bytes: [UInt8]

    init(reservingCapacity capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    var count: Int { bytes.count }

    @inline(__always)
    mutating func byte(_ value: UInt8) { bytes.append(value) }

    @inline(__always)
    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func number(_ value: UInt128) {
        var rest = value
        while rest > UInt128(UInt64.max) {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        number(UInt64(truncatingIfNeeded: rest))
    }

    /// A number that may be absent: its presence costs a byte.
    mutating func optional(_ value: UInt64?) {
        byte(value == nil ? 0 : 1)
        if let value { number(value) }
    }

    mutating func optional(_ value: UInt128?) {
        byte(value == nil ? 0 : 1)
        if let value { number(value) }
    }

    mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            number(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    mutating func append(_ other: [UInt8]) { bytes.append(contentsOf: other) }

    /// A fixed-width number at a place reserved for it.
    mutating func overwrite<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        for index in 0..<Value.bitWidth / 8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }

    /// Forgets everything, but keeps the memory.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func reserve(_ count: Int) {
        for _ in 0..<count { bytes.append(0) }
    }
}

/// Reads what `VarintWriter` wrote. Nothing is allocated on the word of a count in the input.
struct VarintReader {
    struct Malformed: Error, Equatable {
        let problem: String
    }

    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], from start: Int = 0) {
        self.bytes = bytes
        position = start
    }

    var isAtEnd: Bool { position == bytes.count }
    var remaining: Int { bytes.count - position }

    @inline(__always)
    mutating func byte() throws(Malformed) -> UInt8 {
        guard position < bytes.count else { throw Malformed(problem: "it ends inside a field") }
        defer { position += 1 }
        return bytes[position]
    }

    @inline(__always)
    mutating func number<Value: FixedWidthInteger & UnsignedInteger>(
        as type: Value.Type = Value.self
    ) throws(Malformed) -> Value {
        let first = try byte()
        if first < 0x80 { return Value(first) }
        var value = Value(first & 0x7f)
        var shift = 7
        while true {
            let next = try byte()
            let part = Value(next & 0x7f)
            guard shift < Value.bitWidth, (part << shift) >> shift == part else {
                throw Malformed(problem: "a number exceeds \(Value.bitWidth) bits")
            }
            value |= part << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    mutating func optional<Value: FixedWidthInteger & UnsignedInteger>(
        as type: Value.Type = Value.self
    ) throws(Malformed) -> Value? {
        switch try byte() {
        case 0: return nil
        case 1: return try number(as: Value.self)
        case let other: throw Malformed(problem: "\(other) where presence is 0 or 1")
        }
    }

    mutating func text() throws(Malformed) -> String {
        let count: UInt64 = try number()
        guard count <= UInt64(remaining) else {
            throw Malformed(problem: "a text of \(count) bytes where \(remaining) are left")
        }
        defer { position += Int(count) }
        guard
            let text = String(
                validating: bytes[position..<position + Int(count)], as: UTF8.self)
        else { throw Malformed(problem: "a text is not UTF-8") }
        return text
    }

    /// A count of elements, each of which takes at least one byte.
    mutating func count() throws(Malformed) -> Int {
        let count: UInt64 = try number()
        guard count <= UInt64(remaining) else {
            throw Malformed(problem: "\(count) elements where \(remaining) bytes are left")
        }
        return Int(count)
    }

    mutating func fixed<Value: FixedWidthInteger>(
        as type: Value.Type = Value.self
    ) throws(Malformed) -> Value {
        var value: Value = 0
        for index in 0..<Value.bitWidth / 8 {
            value |= Value(truncatingIfNeeded: try byte()) << (8 * index)
        }
        return value
    }
}
