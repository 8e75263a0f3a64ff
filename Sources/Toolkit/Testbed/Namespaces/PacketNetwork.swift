import ClusterProtocol
public import LeaseKernel
public import Switch
import Synchronization
import SystemCalls

/// Who hangs on the network of a cluster.
public enum NetworkParty: Hashable, Sendable, CustomStringConvertible {
    case replica(ReplicaID)
    /// All clients of the run together; they share one machine.
    case clients

    public var description: String {
        switch self {
        case .replica(let replica): "replica \(replica)"
        case .clients: "clients"
        }
    }

    private var number: UInt32 {
        switch self {
        case .replica(let replica): UInt32(clamping: replica.rawValue)
        case .clients: 100
        }
    }

    /// In 10.77.0.0/24; of a network that nobody else sees.
    var addressNumber: UInt32 { 0x0a4d_0000 + number }
    /// In the range that everybody may give out.
    var hardwareAddress: HardwareAddress {
        HardwareAddress(rawValue: 0x0200_0000_0000 + UInt64(number))
    }

    func address(port: UInt16) -> SocketAddress {
        SocketAddress(host: .ipv4(addressNumber), port: port)
    }

    func networkAddress(_ port: UInt16) -> NetworkAddress {
        NetworkAddress(host: .ipv4(addressNumber), port: port)
    }
}

/// The network between the machines of a cluster, where single packets can be disturbed,
/// direction by direction.
public final class PacketNetwork: Sendable {
    /// What one party sends to another.
    public struct Direction: Hashable, Sendable, CustomStringConvertible {
        public let from: NetworkParty
        public let to: NetworkParty

        public init(from: NetworkParty, to: NetworkParty) {
            self.from = from
            self.to = to
        }

        public var description: String { "\(from) to \(to)" }
    }

    /// Directions that are disturbed together, each by a rule that counts for itself.
    public struct Disturbance: Hashable, Sendable {
        let rules: [Direction: RuleID]

        public var directions: Set<Direction> { Set(rules.keys) }
    }

    struct Place: Sendable {
        let port: PortID
        let address: SocketAddress
        let probe: DatagramSocket
    }

    private let ethernet: EthernetSwitch
    private let places: [NetworkParty: Place]
    private let standing = Mutex<Set<Disturbance>>([])
    /// The number of the last probe; held while one is under way.
    private let probing = Mutex<UInt64>(0)

    init(ethernet: EthernetSwitch, places: [NetworkParty: Place]) {
        self.ethernet = ethernet
        self.places = places
    }

    /// Every direction between two parties.
    public var directions: Set<Direction> {
        Set(
            places.keys.flatMap { from in
                places.keys.filter { $0 != from }.map { Direction(from: from, to: $0) }
            })
    }

    /// Disturbs all these directions in one step: for every packet sent after the call returned.
    /// It ends by itself after `lease`, and with this process.
    public func disturb(
        _ directions: Set<Direction>, _ effects: [LinkEffect], lease: Duration
    ) -> Disturbance {
        var rules: [SwitchRule] = []
        var disturbed: [Direction] = []
        for direction in directions {
            guard let from = places[direction.from], let to = places[direction.to] else { continue }
            rules.append(
                SwitchRule(
                    [LinkPattern(from: from.port, to: to.port)], effects, lease: lease))
            disturbed.append(direction)
        }
        let ids = ethernet.change(adding: rules)
        let disturbance = Disturbance(
            rules: Dictionary(uniqueKeysWithValues: zip(disturbed, ids)))
        standing.withLock { _ = $0.insert(disturbance) }
        return disturbance
    }

    /// Ends a disturbance in one step. One that has ended already changes nothing.
    public func lift(_ disturbance: Disturbance) {
        ethernet.change(adding: [], removing: Array(disturbance.rules.values))
        standing.withLock { _ = $0.remove(disturbance) }
    }

    /// What a disturbance did in one of its directions; nil in others.
    public func status(of disturbance: Disturbance, _ direction: Direction) -> RuleStatus? {
        disturbance.rules[direction].flatMap { ethernet.status(of: $0) }
    }

    /// Whether something else than that disturbs a direction.
    public func isDisturbed(_ direction: Direction, besides known: Disturbance?) -> Bool {
        standing.withLock { $0 }.contains { other in
            other != known && status(of: other, direction)?.life == .standing
        }
    }

    /// Longest probe, in bytes.
    public static let probeByteLimit = 1400

    /// Sends one datagram in that direction, from one namespace to the other. How long it took to
    /// arrive; nil when it had not within the limit. With no time for it at all it is sent only.
    public func probe(
        _ direction: Direction, byteCount: Int = 8, within limit: Duration
    ) throws(TestbedError) -> Duration? {
        guard let from = places[direction.from], let to = places[direction.to] else { return nil }
        return try probing.withLock { last throws(TestbedError) in
            last += 1
            let number = (0..<8).map { [last] in UInt8(truncatingIfNeeded: last >> ($0 * 8)) }
            let padding = max(0, min(byteCount, Self.probeByteLimit) - number.count)
            let sent = number + [UInt8](repeating: 0, count: padding)
            do throws(SystemError) {
                let start = Instant.now
                let deadline = Deadline(start + limit)
                try from.probe.send(sent, to: to.address)
                if limit == .zero { return nil }
                while try to.probe.descriptor.waitUntilReadable(deadline) {
                    // Probes of earlier calls may come late, or twice.
                    while let received = try to.probe.receive() {
                        if received == sent { return Instant.now - start }
                    }
                }
                return nil
            } catch {
                throw .system(during: "probing from \(direction)", error)
            }
        }
    }
}
