import Randomness
import Switch
import SystemCalls

/// Frames and instants for a switch without ports or clocks.
struct Bench {
    var core: SwitchCore
    let ports: [PortID]
    /// What left, in order.
    var delivered: [(link: Link, bytes: [UInt8], at: Instant)] = []
    var now = Instant(nanoseconds: 1_000_000_000)

    init(ports count: Int, seed: UInt64 = 7) {
        core = SwitchCore(random: SeededRandom(seed: seed))
        var ports: [PortID] = []
        for _ in 0..<count { if let port = core.attach() { ports.append(port) } }
        self.ports = ports
        // Everybody has spoken once, so that the switch knows where everybody is.
        for port in ports { send(frame(from: port, to: nil, number: 0), from: port) }
        delivered = []
    }

    mutating func send(_ frame: [UInt8], from port: PortID) {
        var left: [(Link, [UInt8], Instant)] = []
        frame.withUnsafeBytes { bytes in
            core.receive(bytes, from: port, at: now) { left.append(($0, Array($1), now)) }
        }
        delivered += left.map { (link: $0.0, bytes: $0.1, at: $0.2) }
    }

    /// Sends numbered frames over one link, `gap` apart.
    mutating func send(_ count: Int, over link: Link, every gap: Duration = .milliseconds(1)) {
        for number in 0..<count {
            wait(gap)
            send(frame(from: link.from, to: link.to, number: number), from: link.from)
        }
    }

    /// Lets time pass event by event.
    mutating func wait(_ time: Duration) {
        let end = now + time
        while let next = core.nextEvent, next <= end {
            now = max(now, next)
            var left: [(Link, [UInt8], Instant)] = []
            core.advance(to: now) { left.append(($0, Array($1), now)) }
            delivered += left.map { (link: $0.0, bytes: $0.1, at: $0.2) }
        }
        now = end
    }

    func numbers(over link: Link) -> [Int] {
        delivered.filter { $0.link == link }.map { number(of: $0.bytes) }
    }

    mutating func add(_ rules: SwitchRule...) -> [RuleID] {
        core.change(adding: rules, removing: [], at: now)
    }

    func counts(_ id: RuleID) -> RuleCounts { core.status(of: id)?.counts ?? RuleCounts() }
}

func address(of port: PortID) -> [UInt8] { [2, 0, 0, 0, 0, UInt8(port.rawValue + 1)] }

/// An IP frame of 60 bytes; without a receiver it goes to all.
func frame(from: PortID, to: PortID?, number: Int, byteCount: Int = 60) -> [UInt8] {
    let target = to.map(address(of:)) ?? [UInt8](repeating: 255, count: 6)
    var bytes = target + address(of: from) + [0x08, 0x00]
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    bytes += [UInt8](repeating: 0x55, count: max(0, byteCount - bytes.count))
    return bytes
}

func number(of frame: [UInt8]) -> Int {
    (0..<4).reduce(0) { $0 | Int(frame[14 + $1]) << ($1 * 8) }
}
