/// Reads decimal numbers and words of text version 1 eight bytes at a time, from memory in which
/// `PlainTextDecoder.padding` bytes behind the last one can be read.
struct PlainTextNumbers {
    private let powers: InlineArray<9, UInt64> = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000,
    ]

    /// The number at `place`, which is moved behind it; nil where no digit stands, and for more
    /// than 38 of them.
    @inline(__always)
    func read(_ bytes: UnsafeRawPointer, _ place: inout Int) -> UInt128? {
        let (first, count) = digits(bytes, place)
        place &+= count
        if count < 8 { return count == 0 ? nil : UInt128(first) }
        let (second, more) = digits(bytes, place)
        place &+= more
        let two = first &* powers[more] &+ second
        return more < 8 ? UInt128(two) : long(bytes, &place, UInt128(two))
    }

    /// Goes on behind sixteen digits.
    private func long(
        _ bytes: UnsafeRawPointer, _ place: inout Int, _ start: UInt128
    ) -> UInt128? {
        var value = start
        var total = 16
        while true {
            let (next, count) = digits(bytes, place)
            place &+= count
            total &+= count
            guard total <= 38 else { return nil }
            value = value &* UInt128(powers[count]) &+ UInt128(next)
            if count < 8 { return value }
        }
    }

    /// Up to eight digits.
    @inline(__always)
    private func digits(_ bytes: UnsafeRawPointer, _ place: Int) -> (value: UInt64, count: Int) {
        let word = Self.word(bytes, place) ^ 0x3030_3030_3030_3030
        // Exact up to the first byte that is no digit, which is all that is looked at.
        let others = ((word &+ 0x0606_0606_0606_0606) | word) & 0xf0f0_f0f0_f0f0_f0f0
        let count = others == 0 ? 8 : others.trailingZeroBitCount / 8
        if count == 0 { return (0, 0) }
        var value = word &<< UInt64(64 &- 8 &* count)
        value = ((value & 0x0f0f_0f0f_0f0f_0f0f) &* 2561) &>> 8
        value = ((value & 0x00ff_00ff_00ff_00ff) &* 6_553_601) &>> 16
        value = ((value & 0x0000_ffff_0000_ffff) &* 42_949_672_960_001) &>> 32
        return (value, count)
    }

    @inline(__always)
    static func word(_ bytes: UnsafeRawPointer, _ place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }

    /// Place of the first byte from `place` on that may end a value: up to 0x20, or beyond ASCII.
    /// One of the bytes of the padding does.
    @inline(__always)
    static func endOfWord(_ bytes: UnsafeRawPointer, _ place: Int) -> Int {
        var place = place
        while true {
            let word = word(bytes, place)
            let stops =
                ((word &- 0x2121_2121_2121_2121) | word) & 0x8080_8080_8080_8080
            if stops != 0 { return place &+ stops.trailingZeroBitCount / 8 }
            place &+= 8
        }
    }
}

/// Words of one field with the number each stands for, the likeliest first.
struct PlainTextWords {
    private let entries: [(first: UInt64, word: PackedWord, code: UInt8)]

    init(_ words: [(String, UInt8)]) {
        entries = words.map { text, code in
            let bytes = Array(text.utf8)
            let word = PackedWord(bytes.span, 0..<bytes.count)
            return (word.first, word, code)
        }
    }

    /// The number of the word of `count` bytes; nil for none of them.
    @inline(__always)
    func find(_ bytes: UnsafeRawPointer, _ place: Int, count: Int) -> UInt8? {
        guard count <= PackedWord.capacity else { return nil }
        let first = PlainTextNumbers.word(bytes, place) & PackedWord.mask(count)
        for index in entries.indices where entries[index].first == first {
            var word = PackedWord()
            word.first = first
            if count > 8 {
                word.second =
                    PlainTextNumbers.word(bytes, place &+ 8) & PackedWord.mask(count &- 8)
            }
            if count > 16 {
                word.third =
                    PlainTextNumbers.word(bytes, place &+ 16) & PackedWord.mask(count &- 16)
            }
            if word == entries[index].word { return entries[index].code }
        }
        return nil
    }
}
