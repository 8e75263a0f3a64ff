/// Where the values of one line stand: the line cut at white space, each token cut at its first
/// `=` (validation.md 2.2). Made once and used for every line.
struct TextTokens {
    private var keys = TextKeyTable()
    private var starts = InlineArray<32, Int>(repeating: 0)
    private var ends = InlineArray<32, Int>(repeating: 0)
    private var present: UInt32 = 0

    /// Cuts `line`, which holds no line end and is valid UTF-8. A token without `=` makes the
    /// line invalid: then the answer is false.
    mutating func cut(_ line: Span<UInt8>) -> Bool {
        present = 0
        var position = 0
        keys.begin()
        while true {
            position = skipBlanks(line, position)
            if position == line.count { return true }
            let key: Int?
            if let (guessed, end) = keys.guess(line, at: position) {
                key = guessed
                position = end
            } else {
                guard let end = endOfKey(line, position) else { return false }
                key = keys.find(line, position..<end)
                position = end + 1
            }
            let start = position
            position = endOfValue(line, start)
            if let key {
                starts[key] = start
                ends[key] = position
                present |= 1 << UInt32(key)
                keys.passed(key, line, value: start..<position)
            }
        }
    }

    /// Place of the token's first `=`; nil when the token ends before one.
    private func endOfKey(_ line: Span<UInt8>, _ start: Int) -> Int? {
        for position in start..<line.count {
            if line[position] == UInt8(ascii: "=") { return position }
            if blankLength(line, position) > 0 { return nil }
        }
        return nil
    }

    /// Place of the next white space, or the end of the line.
    @inline(__always)
    private func endOfValue(_ line: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position + 8 <= line.count {
            let stop = Self.suspects(line.word(at: position))
            if stop == 0 {
                position += 8
                continue
            }
            position += stop.trailingZeroBitCount / 8
            if blankLength(line, position) > 0 { return position }
            position += 1
        }
        while position < line.count, blankLength(line, position) == 0 { position += 1 }
        return position
    }

    /// The top bit of each of eight bytes that may begin white space: those up to 0x20 and those
    /// beyond ASCII. Exact up to the first one, which is all that is looked at.
    @inline(__always)
    private static func suspects(_ word: UInt64) -> UInt64 {
        let tops: UInt64 = 0x8080_8080_8080_8080
        return ((word &- 0x2121_2121_2121_2121) | word) & tops
    }

    /// The bytes of a value, or nil when the line has no such key.
    @inline(__always)
    subscript(key: TextKey) -> Range<Int>? {
        guard present & (1 << UInt32(key.rawValue)) != 0 else { return nil }
        return starts[key.rawValue]..<ends[key.rawValue]
    }

    @inline(__always)
    private func skipBlanks(_ line: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < line.count {
            let length = blankLength(line, position)
            if length == 0 { return position }
            position += length
        }
        return position
    }
}

/// Number of bytes of the white space character at `position`; 0 when there is none.
@inline(__always)
func blankLength(_ bytes: Span<UInt8>, _ position: Int) -> Int {
    let byte = bytes[position]
    if byte > 0x20 && byte < 0x80 { return 0 }
    if byte < 0x80 { return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) ? 1 : 0 }
    return wideBlankLength(bytes, position)
}

/// The white space characters of Unicode beyond ASCII: U+0085, U+00A0, U+1680, U+2000 to U+200A,
/// U+2028, U+2029, U+202F, U+205F and U+3000.
private func wideBlankLength(_ bytes: Span<UInt8>, _ position: Int) -> Int {
    func byte(_ offset: Int) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }
    switch (byte(0), byte(1), byte(2)) {
    case (0xc2, 0x85, _), (0xc2, 0xa0, _): return 2
    case (0xe1, 0x9a, 0x80), (0xe2, 0x80, 0x80...0x8a), (0xe2, 0x80, 0xa8), (0xe2, 0x80, 0xa9),
        (0xe2, 0x80, 0xaf), (0xe2, 0x81, 0x9f), (0xe3, 0x80, 0x80):
        return 3
    default: return 0
    }
}
