/// MT19937, used as Python's `random` uses it, whose seeded sequences never change.
struct MersenneTwister {
    private static let size = 624
    private var state = [UInt32](repeating: 0, count: size)
    private var index = size

    init(seed: UInt32) {
        state[0] = 19_650_218
        for place in 1..<Self.size {
            let previous = state[place - 1]
            state[place] =
                1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(place)
        }
        // The key is the seed alone.
        var place = 1
        for _ in 0..<Self.size {
            let previous = state[place - 1]
            state[place] = (state[place] ^ ((previous ^ (previous >> 30)) &* 1_664_525)) &+ seed
            place = Self.wrapped(place + 1, &state)
        }
        for _ in 0..<Self.size - 1 {
            let previous = state[place - 1]
            state[place] =
                (state[place] ^ ((previous ^ (previous >> 30)) &* 1_566_083_941))
                &- UInt32(place)
            place = Self.wrapped(place + 1, &state)
        }
        state[0] = 0x8000_0000
    }

    private static func wrapped(_ place: Int, _ state: inout [UInt32]) -> Int {
        if place < size { return place }
        state[0] = state[size - 1]
        return 1
    }

    private mutating func next() -> UInt32 {
        if index == Self.size { renew() }
        var value = state[index]
        index += 1
        value ^= value >> 11
        value ^= (value << 7) & 0x9d2c_5680
        value ^= (value << 15) & 0xefc6_0000
        return value ^ (value >> 18)
    }

    private mutating func renew() {
        for place in 0..<Self.size {
            let mixed =
                (state[place] & 0x8000_0000)
                | (state[(place + 1) % Self.size] & 0x7fff_ffff)
            state[place] =
                state[(place + 397) % Self.size] ^ (mixed >> 1)
                ^ (mixed & 1 == 0 ? 0 : 0x9908_b0df)
        }
        index = 0
    }

    /// From 0 up to 1, in steps of 2 to the -53rd.
    mutating func unit() -> Double {
        let high = Double(next() >> 5)
        return (high * 67_108_864 + Double(next() >> 6)) / 9_007_199_254_740_992
    }

    /// From 0 up to `bound`, which is positive.
    mutating func below(_ bound: Int) -> Int {
        let shift = UInt32(32 - (Int.bitWidth - bound.leadingZeroBitCount))
        while true {
            let value = Int(next() >> shift)
            if value < bound { return value }
        }
    }
}
