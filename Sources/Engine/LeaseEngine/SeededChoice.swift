/// Reproducible choices for simulations (replica.md 14.1): equal seeds choose equally on every
/// machine.
public struct SeededChoice: Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        self.state = seed
    }

    /// The next 64 bits.
    public mutating func draw() -> UInt64 {
        defer { state &+= Self.step }
        return Self.mix(state)
    }

    /// A number below `count`; 0 without a draw when there is nothing to choose.
    public mutating func choose(_ count: Int) -> Int {
        guard count > 1 else { return 0 }
        return Int(draw() % UInt64(count))
    }

    /// What a draw gives in the given state.
    public static func mix(_ state: UInt64) -> UInt64 {
        var mixed = state &+ step
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15
}
