/// A port of a switch, by its number; numbers are given in the order of attaching.
public struct PortID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: Int

    public init(_ rawValue: Int) { self.rawValue = rawValue }

    public static func < (left: PortID, right: PortID) -> Bool { left.rawValue < right.rawValue }
    public var description: String { "port \(rawValue)" }
}

/// One direction from one port to another.
public struct Link: Hashable, Sendable, CustomStringConvertible {
    public let from: PortID
    public let to: PortID

    public init(from: PortID, to: PortID) {
        self.from = from
        self.to = to
    }

    public var description: String { "\(from.rawValue)>\(to.rawValue)" }
}

/// The links a rule is about; a missing end means every port, also one attached later.
public struct LinkPattern: Hashable, Sendable {
    public var from: PortID?
    public var to: PortID?

    public init(from: PortID? = nil, to: PortID? = nil) {
        self.from = from
        self.to = to
    }

    public func matches(_ link: Link) -> Bool {
        (from == nil || from == link.from) && (to == nil || to == link.to)
    }

    /// Both directions of one port's cable.
    public static func cable(of port: PortID) -> [LinkPattern] {
        [LinkPattern(from: port), LinkPattern(to: port)]
    }
}

/// What happens to the frames of one link.
public enum LinkEffect: Hashable, Sendable {
    /// Nothing passes, also nothing that was already held back on its way.
    case cut
    /// This share of the frames is lost.
    case lose(share: Double)
    /// In this share of the IP packets one bit is flipped, which the receiver's checksums notice.
    /// ARP is spared: a wrong neighbour would outlive the rule.
    case corrupt(share: Double)
    /// This share of the frames arrives twice.
    case duplicate(share: Double)
    /// So many bytes per second pass, in their order; what would wait longer than `patience` is
    /// lost.
    case limit(bytesPerSecond: UInt64, patience: Duration)
    /// Each frame arrives later by `by` and up to `jitter` more, in the order of sending.
    case delay(by: Duration, jitter: Duration)
    /// This share of the frames is held back by `by`; those behind them overtake.
    case reorder(share: Double, by: Duration)
}

/// Effects on the links that match any of the patterns. Effects apply in the order of the list;
/// where several rules match one link, older rules apply first. Each link has a queue and a clock
/// of its own: two links limited by one rule do not share the rate.
public struct SwitchRule: Hashable, Sendable {
    public var patterns: [LinkPattern]
    public var effects: [LinkEffect]
    /// How long the rule stands when nobody removes it.
    public var lease: Duration

    public init(_ patterns: [LinkPattern], _ effects: [LinkEffect], lease: Duration) {
        self.patterns = patterns
        self.effects = effects
        self.lease = lease
    }

    func matches(_ link: Link) -> Bool { patterns.contains { $0.matches(link) } }
}

/// A rule that was added to a switch; never given twice by one switch.
public struct RuleID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public static func < (left: RuleID, right: RuleID) -> Bool { left.rawValue < right.rawValue }
    public var description: String { "rule \(rawValue)" }
}

/// How many frames a rule saw and what it did to them.
public struct RuleCounts: Hashable, Sendable {
    /// Frames that came to a link of the rule.
    public var seen: UInt64 = 0
    /// Frames to which at least one effect did something; at most `seen`.
    public var touched: UInt64 = 0
    /// Copies lost by `cut`, `lose` and `limit`, also after they were held back.
    public var dropped: UInt64 = 0
    public var corrupted: UInt64 = 0
    /// Copies added.
    public var duplicated: UInt64 = 0
    /// Copies that `delay` or `limit` let arrive later.
    public var delayed: UInt64 = 0
    /// Copies held back by `reorder`.
    public var reordered: UInt64 = 0

    public init() {}
}

/// Whether a rule still stands, and what it did.
public struct RuleStatus: Hashable, Sendable {
    public enum Life: Hashable, Sendable {
        case standing
        case removed
        /// Its lease ran out before anybody removed it.
        case expired
    }

    public var life: Life
    public var counts: RuleCounts
}

/// Frames of one port.
public struct PortCounts: Hashable, Sendable {
    public var received: UInt64 = 0
    public var sent: UInt64 = 0
    /// Frames for this port that found no room, in its queue or among the held back ones.
    public var overflowed: UInt64 = 0

    public init() {}
}
