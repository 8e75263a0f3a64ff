/// The words that a field may hold, found by comparing packed bytes.
struct TextWords<Value: Sendable>: Sendable {
    private let words: [(word: PackedWord, length: Int, value: Value)]

    init(_ values: [Value], _ name: (Value) -> String) {
        words = values.map { value in
            let text = Array(name(value).utf8)
            return (PackedWord(text.span, 0..<text.count), text.count, value)
        }
    }

    @inline(__always)
    func find(_ line: Span<UInt8>, _ range: Range<Int>) -> Value? {
        guard range.count <= PackedWord.capacity else { return nil }
        let word = PackedWord(line, range)
        for entry in words where entry.word == word && entry.length == range.count {
            return entry.value
        }
        return nil
    }
}

extension TextWords where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    init() { self.init(Array(Value.allCases), \.rawValue) }
}

/// The values inside one line, as numbers, texts and lists. Errors name the field and quote what
/// validation.md 2.7 says is quoted.
enum TextField {
    typealias Problem = TextHistoryError.Problem

    @inline(__always)
    static func text(_ line: Span<UInt8>, _ range: Range<Int>) -> String {
        line.extracting(range).withUnsafeBufferPointer { bytes in
            String(decoding: bytes, as: UTF8.self)
        }
    }

    static func invalid(_ key: TextKey, _ line: Span<UInt8>, _ range: Range<Int>) -> Problem {
        .invalidValue(field: key.name, value: text(line, range))
    }

    /// Decimal digits after at most one `+`; nil for anything else and for numbers that do not
    /// fit (validation.md 2.2).
    @inline(__always)
    static func number<Value: FixedWidthInteger & UnsignedInteger>(
        _ line: Span<UInt8>, _ range: Range<Int>, as type: Value.Type = Value.self
    ) -> Value? {
        var position = range.lowerBound
        let end = range.upperBound
        if position < end, line[position] == UInt8(ascii: "+") { position += 1 }
        let count = end - position
        guard count > 0 else { return nil }
        // Nineteen digits fit 64 bits whatever they are.
        guard count <= 19 else { return longNumber(line, position..<end) }
        return digits(line, position..<end).flatMap { Value(exactly: $0) }
    }

    /// At most nineteen digits.
    @inline(__always)
    private static func digits(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for position in range {
            let digit = line[position] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ UInt64(digit)
        }
        return value
    }

    private static func longNumber<Value: FixedWidthInteger & UnsignedInteger>(
        _ line: Span<UInt8>, _ range: Range<Int>
    ) -> Value? {
        if range.count <= 38, Value.bitWidth == 128 {
            let middle = range.upperBound - 19
            guard let high = digits(line, range.lowerBound..<middle),
                let low = digits(line, middle..<range.upperBound)
            else { return nil }
            return Value(truncatingIfNeeded: high) &* 10_000_000_000_000_000_000
                &+ Value(truncatingIfNeeded: low)
        }
        var value: Value = 0
        for position in range {
            let digit = line[position] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Value(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// A number, or `none`: the outer nil is an error.
    @inline(__always)
    static func numberOrNone(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt64?? {
        if isNone(line, range) { return .some(nil) }
        guard let value = number(line, range, as: UInt64.self) else { return nil }
        return value
    }

    @inline(__always)
    private static func isNone(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = range.lowerBound
        return range.count == 4 && line[start] == UInt8(ascii: "n")
            && line[start + 1] == UInt8(ascii: "o") && line[start + 2] == UInt8(ascii: "n")
            && line[start + 3] == UInt8(ascii: "e")
    }

    /// The parts of `range` between separators: always at least one, which may be empty.
    static func parts(
        _ line: Span<UInt8>, _ range: Range<Int>, separator: UInt8
    ) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        for position in range where line[position] == separator {
            parts.append(start..<position)
            start = position + 1
        }
        parts.append(start..<range.upperBound)
        return parts
    }

    /// Comma-separated members; the whole value is quoted when one of them is wrong.
    static func resourceIDs(
        _ line: Span<UInt8>, _ range: Range<Int>
    ) throws(Problem) -> [ResourceID] {
        guard !range.isEmpty else { return [] }
        var members: [ResourceID] = []
        for part in parts(line, range, separator: UInt8(ascii: ",")) {
            guard let member = number(line, part, as: UInt128.self) else {
                throw invalid(.resourceIDs, line, range)
            }
            members.append(ResourceID(member))
        }
        return members
    }

    /// Comma-separated entries of four parts; the offending entry alone is quoted.
    static func expired(
        _ line: Span<UInt8>, _ range: Range<Int>
    ) throws(Problem) -> [TextWriteResult.Expired] {
        guard !range.isEmpty else { return [] }
        var entries: [TextWriteResult.Expired] = []
        for entry in parts(line, range, separator: UInt8(ascii: ",")) {
            let fields = parts(line, entry, separator: UInt8(ascii: ":"))
            guard fields.count == 4, let resource = number(line, fields[0], as: UInt128.self),
                let holder = number(line, fields[1], as: UInt128.self),
                let reservation = number(line, fields[2], as: UInt128.self),
                let released = numberOrNone(line, fields[3])
            else { throw invalid(.expired, line, entry) }
            entries.append(
                .init(
                    ResourceID(resource), HolderID(holder), ReservationID(reservation),
                    releasedLSN: released.map { LSN($0) }))
        }
        return entries
    }
}
