/// A set of slots, one slot for each open operation. Its size bounds how many answered operations
/// may be open at once, and nothing else: slots are used again.
protocol SlotSet: BitwiseCopyable, Equatable {
    static var capacity: Int { get }
    static var none: Self { get }
    func contains(_ slot: Int) -> Bool
    mutating func insert(_ slot: Int)
    mutating func remove(_ slot: Int)
    func union(_ other: Self) -> Self
    func subtracting(_ other: Self) -> Self
    var isEmpty: Bool { get }
    /// The lowest slot, or nil.
    var first: Int? { get }
    var hash: UInt64 { get }
}

extension SlotSet {
    @inline(__always)
    func isSuperset(of other: Self) -> Bool { other.subtracting(self).isEmpty }

    func inserting(_ slot: Int) -> Self {
        var result = self
        result.insert(slot)
        return result
    }

    /// Calls `body` with each slot, lowest first.
    @inline(__always)
    func visit<Failure: Error>(_ body: (Int) throws(Failure) -> Void) throws(Failure) {
        var rest = self
        while let slot = rest.first {
            rest.remove(slot)
            try body(slot)
        }
    }
}

extension SlotSet where Self: FixedWidthInteger {
    static var capacity: Int { bitWidth }
    static var none: Self { 0 }
    @inline(__always) func contains(_ slot: Int) -> Bool { self & (1 &<< Self(slot)) != 0 }
    @inline(__always) mutating func insert(_ slot: Int) { self |= 1 &<< Self(slot) }
    @inline(__always) mutating func remove(_ slot: Int) { self &= ~(1 &<< Self(slot)) }
    @inline(__always) func union(_ other: Self) -> Self { self | other }
    @inline(__always) func subtracting(_ other: Self) -> Self { self & ~other }
    @inline(__always) var isEmpty: Bool { self == 0 }
    @inline(__always) var first: Int? { self == 0 ? nil : trailingZeroBitCount }
}

extension UInt64: SlotSet {
    @inline(__always) var hash: UInt64 { self }
}

extension UInt128: SlotSet {
    @inline(__always) var hash: UInt64 {
        UInt64(truncatingIfNeeded: self) ^ (UInt64(truncatingIfNeeded: self >> 64) &* hashFactor)
    }
}

/// A slot set of `wordCount` times 64 slots.
struct WideSlots<let wordCount: Int>: SlotSet {
    private var words = InlineArray<wordCount, UInt64>(repeating: 0)

    static var capacity: Int { wordCount * 64 }
    static var none: Self { Self() }

    static func == (left: Self, right: Self) -> Bool {
        for index in 0..<wordCount where left.words[index] != right.words[index] { return false }
        return true
    }

    func contains(_ slot: Int) -> Bool { words[slot >> 6] & (1 &<< UInt64(slot & 63)) != 0 }
    mutating func insert(_ slot: Int) { words[slot >> 6] |= 1 &<< UInt64(slot & 63) }
    mutating func remove(_ slot: Int) { words[slot >> 6] &= ~(1 &<< UInt64(slot & 63)) }

    func union(_ other: Self) -> Self {
        var result = self
        for index in 0..<wordCount { result.words[index] |= other.words[index] }
        return result
    }

    func subtracting(_ other: Self) -> Self {
        var result = self
        for index in 0..<wordCount { result.words[index] &= ~other.words[index] }
        return result
    }

    var isEmpty: Bool { first == nil }

    var first: Int? {
        for index in 0..<wordCount where words[index] != 0 {
            return index * 64 + words[index].trailingZeroBitCount
        }
        return nil
    }

    var hash: UInt64 {
        var result: UInt64 = 0
        for index in 0..<wordCount { result = (result ^ words[index]) &* hashFactor }
        return result
    }
}

/// An odd number with well mixed bits.
let hashFactor: UInt64 = 0x9E37_79B9_7F4A_7C15
