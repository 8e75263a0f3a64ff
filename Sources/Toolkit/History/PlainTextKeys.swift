/// Finds the key that a token begins with. Writers put the keys of a line in few orders: what came
/// the last two times behind the same key in the same kind of line is tried first.
struct PlainTextKeys: ~Copyable {
    private struct Entry {
        /// The key and its `=`, as far as they go, with ones where they stand.
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var masks: (UInt64, UInt64, UInt64) = (0, 0, 0)
        /// Bytes with the `=`.
        var length = 0

        /// All keys are in the words but the last byte of the longest, which is looked at apart.
        @inline(__always)
        func stands(_ bytes: UnsafeRawPointer, _ place: Int) -> Bool {
            guard PlainTextNumbers.word(bytes, place) & masks.0 == words.0 else { return false }
            if length > 8 {
                guard PlainTextNumbers.word(bytes, place &+ 8) & masks.1 == words.1 else {
                    return false
                }
            }
            if length > 16 {
                guard PlainTextNumbers.word(bytes, place &+ 16) & masks.2 == words.2 else {
                    return false
                }
            }
            return length <= 24
                || bytes.load(fromByteOffset: place &+ 24, as: UInt8.self) == UInt8(ascii: "=")
        }
    }

    private struct Guess {
        var first: UInt8
        var second: UInt8
    }

    static let keyCount = 32
    private static let kindCount = 64

    private var entries: InlineArray<32, Entry>
    /// By kind of line and the key in front.
    private var guesses: UnsafeMutablePointer<Guess>

    init() {
        entries = InlineArray(repeating: Entry())
        for key in TextKey.allCases {
            let name = Array((key.name + "=").utf8)
            let head = PackedWord(name.span, 0..<min(name.count, PackedWord.capacity))
            entries[key.rawValue] = Entry(
                words: (head.first, head.second, head.third),
                masks: (
                    PackedWord.mask(name.count), PackedWord.mask(max(name.count - 8, 0)),
                    PackedWord.mask(max(name.count - 16, 0))
                ), length: name.count)
        }
        guesses = .allocate(capacity: Self.keyCount * Self.kindCount)
        guesses.initialize(
            repeating: Guess(first: 0, second: 0), count: Self.keyCount * Self.kindCount)
    }

    deinit { guesses.deallocate() }

    /// The key at `place`, which is moved behind its `=`; nil for none that the format knows.
    /// `kind` and `previous` are below their counts.
    @inline(__always)
    mutating func read(
        _ bytes: UnsafeRawPointer, _ place: inout Int, kind: Int, previous: Int
    ) -> Int? {
        let guess = guesses + (kind &* Self.keyCount &+ previous)
        let first = Int(guess.pointee.first)
        if entries[first].stands(bytes, place) {
            place &+= entries[first].length
            return first
        }
        guard let key = other(bytes, place, Int(guess.pointee.second)) else { return nil }
        guess.pointee = Guess(first: UInt8(truncatingIfNeeded: key), second: guess.pointee.first)
        place &+= entries[key].length
        return key
    }

    private func other(_ bytes: UnsafeRawPointer, _ place: Int, _ second: Int) -> Int? {
        if entries[second].stands(bytes, place) { return second }
        for key in TextKey.allCases where entries[key.rawValue].stands(bytes, place) {
            return key.rawValue
        }
        return nil
    }

    /// The kind of a line, below its count, by the words that stood in it.
    @inline(__always)
    static func kind(_ kind: Int, behind word: UInt8) -> Int {
        (kind &* 5 &+ Int(word) &+ 1) & (kindCount &- 1)
    }
}
