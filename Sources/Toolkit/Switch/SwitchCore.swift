public import Randomness
public import SystemCalls

/// The switch without ports and clocks: frames and instants in, frames out. It learns where
/// addresses are, sends to all where it does not know, and lets each frame through the effects of
/// the rules for its link, direction by direction.
public struct SwitchCore: Sendable {
    /// Where a frame goes: called once for each copy that leaves.
    public typealias Deliver = (Link, UnsafeRawBufferPointer) -> Void

    public static let portLimit = 64
    /// Learned addresses; past it all are forgotten and learned anew.
    static let addressLimit = 4096
    /// Rules that do not stand any more and can still be asked for.
    static let endedRuleLimit = 65_536

    private struct StandingRule {
        let rule: SwitchRule
        let expires: Instant
        var counts = RuleCounts()
    }

    private var portCount = 0
    private var addresses: [UInt64: PortID] = [:]
    private var rules: [RuleID: StandingRule] = [:]
    private var ended: [RuleID: RuleStatus] = [:]
    private var nextRule: UInt64 = 1
    private var nextExpiry: Instant?
    /// By link: `from * portLimit + to`.
    private var stages: [[LinkStage]] = []
    private var queue = DelayQueue()
    private var random: SeededRandom
    private var counts: [PortCounts] = []

    public init(random: SeededRandom) {
        self.random = random
    }

    /// Nil when all ports are taken.
    public mutating func attach() -> PortID? {
        guard portCount < Self.portLimit else { return nil }
        let port = PortID(portCount)
        portCount += 1
        counts.append(PortCounts())
        stages += [[LinkStage]](repeating: [], count: Self.portLimit)
        for id in rules.keys.sorted() {
            guard let standing = rules[id] else { continue }
            for link in links where link.from == port || link.to == port {
                addStages(of: id, standing.rule, to: link)
            }
        }
        return port
    }

    private var links: [Link] {
        (0..<portCount).flatMap { from in
            (0..<portCount).compactMap { to in
                from == to ? nil : Link(from: PortID(from), to: PortID(to))
            }
        }
    }

    private func index(_ link: Link) -> Int {
        link.from.rawValue * Self.portLimit + link.to.rawValue
    }

    private func isPort(_ port: PortID) -> Bool { (0..<portCount).contains(port.rawValue) }

    /// When `advance` has something to do next.
    public var nextEvent: Instant? {
        guard let nextExpiry else { return queue.earliest }
        return queue.earliest.map { min($0, nextExpiry) } ?? nextExpiry
    }

    /// Frames that are held back now.
    public var heldFrames: Int { queue.count }

    // MARK: - Rules

    /// Takes rules away and adds others, in one step: no frame passes between.
    @discardableResult
    public mutating func change(
        adding added: [SwitchRule], removing removed: [RuleID], at now: Instant
    ) -> [RuleID] {
        expire(at: now)
        for id in removed { end(id, .removed) }
        let ids = added.map { rule in
            let id = RuleID(rawValue: nextRule)
            nextRule += 1
            rules[id] = StandingRule(rule: rule, expires: now + rule.lease)
            for link in links { addStages(of: id, rule, to: link) }
            return id
        }
        nextExpiry = rules.values.map(\.expires).min()
        return ids
    }

    private mutating func addStages(of id: RuleID, _ rule: SwitchRule, to link: Link) {
        guard rule.matches(link) else { return }
        stages[index(link)] += rule.effects.map { LinkStage(rule: id, effect: $0) }
    }

    private mutating func end(_ id: RuleID, _ life: RuleStatus.Life) {
        guard let standing = rules.removeValue(forKey: id) else { return }
        for index in stages.indices { stages[index].removeAll { $0.rule == id } }
        if ended.count >= Self.endedRuleLimit { ended.removeAll() }
        ended[id] = RuleStatus(life: life, counts: standing.counts)
    }

    private mutating func expire(at now: Instant) {
        guard let next = nextExpiry, next <= now else { return }
        for (id, standing) in rules where standing.expires <= now { end(id, .expired) }
        nextExpiry = rules.values.map(\.expires).min()
    }

    /// Nil for a rule that was never added, or ended so long ago that it is forgotten.
    public func status(of id: RuleID) -> RuleStatus? {
        if let standing = rules[id] {
            return RuleStatus(life: .standing, counts: standing.counts)
        }
        return ended[id]
    }

    public func counts(of port: PortID) -> PortCounts? {
        isPort(port) ? counts[port.rawValue] : nil
    }

    /// A frame for this port found its queue full.
    public mutating func overflowed(at port: PortID) {
        if isPort(port) { counts[port.rawValue].overflowed += 1 }
    }

    // MARK: - Frames

    /// A frame that came in at a port. What is no frame is ignored.
    public mutating func receive(
        _ frame: UnsafeRawBufferPointer, from port: PortID, at now: Instant, deliver: Deliver
    ) {
        guard isPort(port), frame.count <= FrameHeader.frameLimit,
            let header = FrameHeader(frame)
        else { return }
        expire(at: now)
        counts[port.rawValue].received += 1
        learn(header.source, at: port)
        if !FrameHeader.isGroup(header.destination), let known = addresses[header.destination] {
            if known != port { pass(frame, on: Link(from: port, to: known), at: now, deliver) }
            return
        }
        for other in 0..<portCount where other != port.rawValue {
            pass(frame, on: Link(from: port, to: PortID(other)), at: now, deliver)
        }
    }

    private mutating func learn(_ address: UInt64, at port: PortID) {
        if FrameHeader.isGroup(address) || addresses[address] == port { return }
        if addresses.count >= Self.addressLimit { addresses.removeAll(keepingCapacity: true) }
        addresses[address] = port
    }

    private mutating func pass(
        _ frame: UnsafeRawBufferPointer, on link: Link, at now: Instant, _ deliver: Deliver
    ) {
        let index = index(link)
        if stages[index].isEmpty {
            counts[link.to.rawValue].sent += 1
            deliver(link, frame)
            return
        }
        var copies = [FrameCopy(changed: nil, release: now)]
        var seen = RuleID(rawValue: 0)
        var touched = RuleID(rawValue: 0)
        for stage in stages[index].indices {
            // The stages of one rule stand together, so each rule counts a frame once.
            let rule = stages[index][stage].rule
            var counts = rules[rule]?.counts ?? RuleCounts()
            if seen != rule { counts.seen += 1 }
            seen = rule
            let isTouched = stages[index][stage].apply(
                to: &copies, of: frame, counts: &counts, random: &random)
            if isTouched, touched != rule {
                counts.touched += 1
                touched = rule
            }
            rules[rule]?.counts = counts
        }
        for copy in copies { send(copy, of: frame, on: link, at: now, deliver) }
    }

    private mutating func send(
        _ copy: FrameCopy, of frame: UnsafeRawBufferPointer, on link: Link, at now: Instant,
        _ deliver: Deliver
    ) {
        if copy.release > now {
            if !queue.push(copy.changed ?? Array(frame), on: link, until: copy.release) {
                counts[link.to.rawValue].overflowed += 1
            }
            return
        }
        counts[link.to.rawValue].sent += 1
        if let changed = copy.changed {
            changed.withUnsafeBytes { deliver(link, $0) }
        } else {
            deliver(link, frame)
        }
    }

    /// Lets go what was held back until now, and ends rules whose lease ran out.
    public mutating func advance(to now: Instant, deliver: Deliver) {
        expire(at: now)
        while let entry = queue.pop(until: now) {
            if let rule = cut(entry.link) {
                rules[rule]?.counts.dropped += 1
                continue
            }
            counts[entry.link.to.rawValue].sent += 1
            entry.bytes.withUnsafeBytes { deliver(entry.link, $0) }
        }
    }

    /// The rule that cuts a link now.
    public func cut(_ link: Link) -> RuleID? {
        stages[index(link)].first { $0.isCut }?.rule
    }

    /// A frame that had left already, and waited for its port, was lost to a cut.
    public mutating func dropped(by rule: RuleID) {
        rules[rule]?.counts.dropped += 1
    }
}
