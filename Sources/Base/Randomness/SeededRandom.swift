/// Numbers that look random and are the same for the same seed on every machine and with every
/// compiler (splitmix64). The standard library's `random(in:using:)` promises less: its way from
/// bits to a range may change between releases, and with it every schedule in our bundles.
public struct SeededRandom: Hashable, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// An independent sequence for one of several users of one seed.
    public init(seed: UInt64, stream: UInt64) {
        var mixer = SeededRandom(seed: seed)
        let first = mixer.next()
        var other = SeededRandom(seed: stream &+ 0x2545_f491_4f6c_dd1d)
        state = first ^ other.next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without `bound`, which must not be 0.
    public mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// A number of a range that is not empty.
    public mutating func number(in range: ClosedRange<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound
        if width == .max { return next() }
        return range.lowerBound + below(width + 1)
    }

    /// An index into a collection of `count` elements, `count` above 0.
    public mutating func index(below count: Int) -> Int {
        Int(below(UInt64(count)))
    }

    /// True in `share` of all cases.
    public mutating func chance(_ share: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < share
    }
}
