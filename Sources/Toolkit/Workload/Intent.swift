import Randomness

/// What a client means to do next, before it is known what it holds. The sequence of intents of a
/// client follows from its role, the seed and its number alone; what an intent becomes (`Holder`)
/// depends on the answers.
public struct Intent: Hashable, Sendable {
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case reserve
        case reserveBundle
        /// A bundle that must be refused: a member twice, too many members, an unknown member.
        case oddBundle
        /// A reserve of a resource whose lease is due now.
        case reserveDue
        case confirm
        /// A confirm of the lease that is due first: it races the expiry.
        case confirmDue
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
        /// A read of what another client has just been told, with that LSN as its fence.
        case readPublished
        /// A read that demands an LSN that does not exist yet.
        case readAhead
        case tick
        /// The identical bytes of a command that was answered.
        case duplicate
        /// Another command under the operation id of one that was answered.
        case conflictingReuse
        /// A release with an epoch that is not the lease's.
        case staleRelease
        /// A confirm or release of a lease that was lost, under the epoch it had: the holder that
        /// does not give up.
        case staleHolder
        /// A confirm by somebody who is not the holder.
        case foreignConfirm
        /// Forgets a lease that is only reserved: it is left to expire.
        case abandon

        /// Whether it is a new command, unlike reads and repetitions.
        var isCommand: Bool {
            switch self {
            case .reserve, .reserveBundle, .oddBundle, .reserveDue, .confirm, .confirmDue,
                .release, .revoke, .reclaim, .tick, .conflictingReuse, .staleRelease,
                .staleHolder, .foreignConfirm, .abandon:
                true
            case .readResource, .readLease, .readResourceFenced, .readLeaseFenced,
                .readPublished, .readAhead, .duplicate:
                false
            }
        }
    }

    public var kind: Kind
    /// Decides among what the intent can be about.
    public var pick: UInt64
    public var second: UInt64
    public var ttl: UInt64
    /// Ask a replica that is not believed to be the primary.
    public var asksAnother: Bool
    /// Give up after so long, which is often before the answer; nil for patience.
    public var hangUp: Duration?
}

/// The endless sequence of intents of one client.
public struct IntentStream: Sendable {
    private var random: SeededRandom
    private let role: ClientRole

    public init(seed: UInt64, client: UInt64, role: ClientRole) {
        random = SeededRandom(seed: seed, stream: client)
        self.role = role
    }

    public mutating func next() -> Intent {
        // Every field is drawn for every kind, so that a change of one weight moves few others.
        let kind = role.mix.kind(at: random.below(1000))
        let pick = random.next()
        let second = random.next()
        let ttl = random.number(in: role.ttls)
        let asksAnother = random.chance(kind.isCommand ? role.strayCommands : role.strayReads)
        let hangsUp = random.chance(role.hangUp.share)
        let wait = Duration.microseconds(random.number(in: role.hangUp.microseconds))
        return Intent(
            kind: kind, pick: pick, second: second, ttl: ttl, asksAnother: asksAnother,
            hangUp: hangsUp ? wait : nil)
    }
}
