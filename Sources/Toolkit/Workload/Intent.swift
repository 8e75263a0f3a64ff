import Randomness

/// What a client means to do next, before it is known what it holds. The sequence of intents of a
/// client follows from the seed alone; what an intent becomes (`Holder`) depends on the answers.
public struct Intent: Hashable, Sendable {
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case reserve
        case reserveBundle
        case confirm
        case release
        /// Takes a confirmed lease away, its own or one seen in a read.
        case revoke
        /// Ends a revocation.
        case reclaim
        case readResource
        case readLease
        /// A read with a required LSN that the client knows to be committed.
        case readResourceFenced
        case readLeaseFenced
        /// A read that demands an LSN that does not exist yet.
        case readAhead
        case tick
        /// The identical bytes of a command that was answered.
        case duplicate
        /// Another command under the operation id of one that was answered.
        case conflictingReuse
        /// A release with an epoch that is not the lease's.
        case staleRelease
        /// A confirm by somebody who is not the holder.
        case foreignConfirm
        /// Forgets a lease that is only reserved: it is left to expire.
        case abandon
    }

    public var kind: Kind
    /// Decides among what the intent can be about.
    public var pick: UInt64
    public var second: UInt64
    public var ttl: UInt64
    /// Ask a replica that is not believed to be the primary.
    public var asksAnother: Bool
    /// Give up so early that the answer often comes too late: real ambiguity without a fault.
    public var isImpatient: Bool
}

/// The endless sequence of intents of one client of `reservation_contention`.
public struct IntentStream: Sendable {
    private var random: SeededRandom
    private let longestTTL: UInt64
    private let impatientShare: Double

    /// `longestTTL` must not be 0.
    public init(seed: UInt64, client: UInt64, longestTTL: UInt64, impatientShare: Double) {
        random = SeededRandom(seed: seed, stream: client)
        self.longestTTL = longestTTL
        self.impatientShare = impatientShare
    }

    /// Of a thousand intents, how many are of each kind.
    static let weights: [(kind: Intent.Kind, weight: UInt64)] = [
        (.reserve, 270), (.reserveBundle, 40), (.confirm, 110), (.release, 140), (.revoke, 25),
        (.reclaim, 25), (.readResource, 90), (.readLease, 60), (.readResourceFenced, 50),
        (.readLeaseFenced, 40), (.readAhead, 5), (.tick, 40), (.duplicate, 35),
        (.conflictingReuse, 25), (.staleRelease, 10), (.foreignConfirm, 10), (.abandon, 25),
    ]

    public mutating func next() -> Intent {
        var left = random.below(1000)
        var kind = Intent.Kind.reserve
        for entry in Self.weights {
            if left < entry.weight {
                kind = entry.kind
                break
            }
            left -= entry.weight
        }
        // Every field is drawn for every kind, so that a change of one weight moves few others.
        return Intent(
            kind: kind, pick: random.next(), second: random.next(),
            ttl: random.number(in: 1...longestTTL), asksAnother: random.chance(0.06),
            isImpatient: random.chance(impatientShare))
    }
}
