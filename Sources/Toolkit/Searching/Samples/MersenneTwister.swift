import Glibc

/// MT19937 as Python's `random.Random` seeds and uses it (Matsumoto and Nishimura, 1998).
struct MersenneTwister {
    private static let length = 624
    private static let middle = 397
    private var words: [UInt32]
    private var place = length

    init(seed: UInt32) {
        words = [UInt32](repeating: 0, count: Self.length)
        words[0] = 19_650_218
        for index in 1..<Self.length { words[index] = mixed(index, 1_812_433_253) &+ UInt32(index) }
        var index = 1
        for _ in 0..<Self.length {
            words[index] = (words[index] ^ mixed(index, 1_664_525)) &+ seed
            advance(&index)
        }
        for _ in 1..<Self.length {
            words[index] = (words[index] ^ mixed(index, 1_566_083_941)) &- UInt32(index)
            advance(&index)
        }
        words[0] = 0x8000_0000
    }

    private func mixed(_ index: Int, _ factor: UInt32) -> UInt32 {
        let before = words[index - 1]
        return (before ^ before >> 30) &* factor
    }

    private mutating func advance(_ index: inout Int) {
        index += 1
        guard index == Self.length else { return }
        words[0] = words[Self.length - 1]
        index = 1
    }

    private mutating func next() -> UInt32 {
        if place == Self.length { twist() }
        var word = words[place]
        place += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9D2C_5680
        word ^= word << 15 & 0xEFC6_0000
        return word ^ word >> 18
    }

    private mutating func twist() {
        for index in 0..<Self.length {
            let following = words[(index + 1) % Self.length]
            let joined = words[index] & 0x8000_0000 | following & 0x7FFF_FFFF
            words[index] =
                words[(index + Self.middle) % Self.length] ^ joined >> 1
                ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
        }
        place = 0
    }

    /// From 0 to below 1, with 53 bits.
    mutating func fraction() -> Double {
        let high = Double(next() >> 5)
        let low = Double(next() >> 6)
        return (high * 67_108_864 + low) / 9_007_199_254_740_992
    }

    mutating func exponential(rate: Double) -> Double { -log(1 - fraction()) / rate }

    /// `end - start` must be from 1 to below 2^32; the callers' numbers are nanoseconds of one
    /// operation, numbers of keys and of values.
    mutating func number(from start: Int, below end: Int) -> Int {
        let width = UInt32(clamping: end - start)
        let shift = UInt32(width.leadingZeroBitCount)
        while true {
            let number = next() >> shift
            if number < width { return start + Int(number) }
        }
    }
}
