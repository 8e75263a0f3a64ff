/// How a client behaves: what it means to do how often, whom it asks, how patient it is.
public struct ClientRole: Sendable, Hashable {
    public var name: String
    /// How many of a round of clients play this part.
    public var share: Int
    public var mix: IntentMix
    /// Slots that a lease is asked for.
    public var ttls: ClosedRange<UInt64>
    /// Members that a bundle is asked for, as far as the cluster allows.
    public var bundleSizes: ClosedRange<Int>
    public var mostLeases: Int
    /// Share of reads and repetitions that go to a replica that is not believed to be primary: a
    /// backup, or the primary of yesterday.
    public var strayReads: Double
    /// The same for new commands.
    public var strayCommands: Double
    public var hangUp: HangUp
    public var retries: RetryPlan

    public init(
        name: String, share: Int = 1, mix: IntentMix, ttls: ClosedRange<UInt64> = 1...12,
        bundleSizes: ClosedRange<Int> = 1...3, mostLeases: Int = 4, strayReads: Double = 0.06,
        strayCommands: Double = 0, hangUp: HangUp = .seldom, retries: RetryPlan = .atPrimary
    ) {
        precondition(ttls.lowerBound >= 1, "a lease lasts at least one slot")
        precondition(bundleSizes.lowerBound >= 1, "a bundle has at least one member")
        self.name = name
        self.share = share
        self.mix = mix
        self.ttls = ttls
        self.bundleSizes = bundleSizes
        self.mostLeases = mostLeases
        self.strayReads = strayReads
        self.strayCommands = strayCommands
        self.hangUp = hangUp
        self.retries = retries
    }
}

/// Clients that give up so early that the answer often comes too late: ambiguity without a fault.
public struct HangUp: Sendable, Hashable {
    /// Share of commands.
    public var share: Double
    /// How long they wait once the request is on its way, in microseconds.
    public var microseconds: ClosedRange<UInt64>

    public init(share: Double, microseconds: ClosedRange<UInt64>) {
        self.share = share
        self.microseconds = microseconds
    }

    public static let seldom = HangUp(share: 0.01, microseconds: 2000...2000)
}

/// Where and when a command is repeated whose first attempt ended ambiguously.
public struct RetryPlan: Sendable, Hashable {
    /// Share of repetitions that go to another replica than the one believed primary.
    public var strayShare: Double
    /// Share of commands that are first repeated only after `latePause`: likely after the fault,
    /// and then at another primary.
    public var lateShare: Double
    public var latePause: Duration

    public init(strayShare: Double, lateShare: Double, latePause: Duration) {
        self.strayShare = strayShare
        self.lateShare = lateShare
        self.latePause = latePause
    }

    public static let atPrimary = RetryPlan(strayShare: 0, lateShare: 0, latePause: .zero)
}

/// Of a thousand intents, how many are of each kind. Kinds that are not named do not occur.
public struct IntentMix: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    public struct Entry: Sendable, Hashable {
        public var kind: Intent.Kind
        public var perMille: UInt64
    }

    public let entries: [Entry]

    /// The numbers must add up to a thousand and name each kind at most once.
    public init(dictionaryLiteral entries: (Intent.Kind, UInt64)...) {
        self.entries = entries.map { Entry(kind: $0.0, perMille: $0.1) }
        precondition(self.entries.reduce(0) { $0 + $1.perMille } == 1000, "not a thousand")
        precondition(Set(self.entries.map(\.kind)).count == self.entries.count, "a kind twice")
    }

    /// The kind at `place`, from 0 to 999.
    func kind(at place: UInt64) -> Intent.Kind {
        var left = place
        for entry in entries {
            if left < entry.perMille { return entry.kind }
            left -= entry.perMille
        }
        // Not reached: `place` is below the sum of the entries.
        return entries[0].kind
    }
}
