/// What a command asks for, folded into 128 bits: equal commands have equal fingerprints, however
/// they were encoded. Stored in operation records and therefore in snapshots, so it must match
/// bit for bit (lease-kernel.md 18).
public struct CommandFingerprint: Identifier {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }

    /// Neither the operation, the client nor the request slot takes part.
    public init(of command: Command) {
        var mixer = Mixer()
        switch command {
        case .createResource(let resource):
            mixer.mix(1, resource.rawValue)
        case .reserve(let resource, let holder, let ttlSlots):
            mixer.mix(2, resource.rawValue, holder.rawValue, UInt128(ttlSlots))
        case .reserveBundle(let resources, let holder, let ttlSlots):
            mixer.mix(3, UInt128(resources.count))
            for resource in resources { mixer.mix(resource.rawValue) }
            mixer.mix(holder.rawValue, UInt128(ttlSlots))
        case .confirm(let reservation, let holder, let epoch):
            mixer.mix(4, reservation.rawValue, holder.rawValue, UInt128(epoch.rawValue))
        case .release(let reservation, let holder, let epoch):
            mixer.mix(5, reservation.rawValue, holder.rawValue, UInt128(epoch.rawValue))
        case .revoke(let reservation):
            // From here on the first value differs from the encoding tag (lease-kernel.md 18).
            mixer.mix(6, reservation.rawValue)
        case .reclaim(let reservation):
            mixer.mix(7, reservation.rawValue)
        case .expire(let reservation, let deadline):
            mixer.mix(8, reservation.rawValue, UInt128(deadline.rawValue))
        }
        self.init(mixer.state)
    }

    private struct Mixer {
        private(set) var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d

        mutating func mix(_ values: UInt128...) {
            for value in values {
                let mixed = state ^ (value &+ 0x9e37_79b9_7f4a_7c15_6eed_0e9d_a4d9_4a4f)
                state = (mixed << 29 | mixed >> 99) &* 0x94d0_49bb_1331_11eb
            }
        }
    }
}
