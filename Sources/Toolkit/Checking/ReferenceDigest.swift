import History

/// Stands for a fingerprint: 128 bits mixed under a seed of this analysis, so that nobody can write
/// two results that are taken for one.
struct ReferenceDigest: Equatable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    struct Seed {
        fileprivate let keys: InlineArray<4, UInt64> = [
            .random(in: 1 ... .max), .random(in: 1 ... .max), .random(in: 1 ... .max),
            .random(in: 1 ... .max),
        ]

        /// Of what the reference compares of a committed result (`ReferenceFingerprint`).
        func digest(
            of event: borrowing PlainTextEvent, _ chunk: borrowing PlainTextChunk
        ) -> ReferenceDigest {
            var digest = ReferenceDigest()
            digest.low = keys[0]
            digest.high = keys[1]
            let shape = ReferenceFingerprint.Shape(event)
            digest.mix(
                event.lsn.rawValue,
                UInt64(shape.rawValue) << 32 | UInt64(event.membersCount), self)
            if event.membersCount > 0 {
                for member in chunk.members(of: event) { digest.mix(member.rawValue, self) }
            }
            digest.mix(event.committedReservation.rawValue, self)
            if shape.contains(.resource) {
                digest.mix(event.resource.rawValue, self)
                digest.mix(event.committedHolder.rawValue, self)
            }
            if shape.contains(.epoch) {
                digest.mix(event.committedEpoch.rawValue, event.deadline.rawValue, self)
            }
            if shape.contains(.released) { digest.mix(event.released.rawValue, 0, self) }
            return digest
        }
    }

    /// Multiplies and folds, twice with different keys.
    @inline(__always)
    private mutating func mix(_ first: UInt64, _ second: UInt64, _ seed: borrowing Seed) {
        let one = (first ^ low).multipliedFullWidth(by: second ^ seed.keys[2])
        let two = (second ^ high).multipliedFullWidth(by: first ^ seed.keys[3])
        low = one.high ^ one.low &+ two.high
        high = two.high ^ two.low &+ first
    }

    @inline(__always)
    private mutating func mix(_ value: UInt128, _ seed: borrowing Seed) {
        mix(UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64), seed)
    }
}
