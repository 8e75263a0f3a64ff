import ClusterProtocol
public import History
import Randomness
public import SystemCalls

/// The helper of a workload that wants replicas to write snapshots all the time: asks one after
/// the other on their control ports, half of the times twice in a row, so that a replica that is
/// down meanwhile finds the log's end cut off when it comes back and needs a snapshot.
///
/// A daemon that does not know the word `checkpoint` is left alone; the record says so.
public struct Checkpointer: Sendable {
    public struct Port: Sendable, Hashable {
        public let replica: ReplicaID
        public let address: SocketAddress
        /// The network from which it is spoken to.
        public let place: NetworkPlace

        public init(replica: ReplicaID, address: SocketAddress, in place: NetworkPlace = .own) {
            self.replica = replica
            self.address = address
            self.place = place
        }
    }

    /// What a replica said to the word.
    enum Answer: Hashable, Sendable {
        case written(snapshotLSN: String)
        /// It will never do it.
        case unknown
        /// Down, halted, or too slow.
        case unavailable
    }

    static let limit = Duration.seconds(2)

    private let ports: [Port]
    private let plan: CheckpointPlan
    private let endpoints: Endpoints
    private let control: WorkloadControl
    private let recorder: Recorder
    private var random: SeededRandom

    /// `ports` must not be empty.
    public init(
        _ plan: CheckpointPlan, ports: [Port], endpoints: Endpoints, seed: UInt64,
        control: WorkloadControl, recorder: Recorder
    ) {
        precondition(!ports.isEmpty)
        self.plan = plan
        self.ports = ports
        self.endpoints = endpoints
        self.control = control
        self.recorder = recorder
        random = SeededRandom(seed: seed, stream: 0x6368_6563_6b)
    }

    /// Works for as long as the clients do. Blocks its thread. Throws when the record cannot be
    /// written any more.
    public mutating func run() throws(HistoryFileError) {
        while true {
            let shortest = UInt64(max(0, plan.shortestPause.millisecondsRoundedUp))
            let longest = max(shortest, UInt64(max(0, plan.longestPause.millisecondsRoundedUp)))
            guard rest(.milliseconds(random.number(in: shortest...longest))) else { return }
            // The primary's log decides what the others can catch up from.
            let port = random.chance(0.5) ? primary : ports[random.index(below: ports.count)]
            let isTwice = random.chance(0.5)
            guard try checkpoint(port) else { return }
            if isTwice {
                guard rest(.milliseconds(60)), try checkpoint(port) else { return }
            }
        }
    }

    private var primary: Port {
        let replica = endpoints.primary.replica
        return ports.first { $0.replica == replica } ?? ports[0]
    }

    /// False when there is no sense in going on.
    private func checkpoint(_ port: Port) throws(HistoryFileError) -> Bool {
        switch Self.ask(port) {
        case .written(let lsn):
            try recorder.note("checkpoint of replica \(port.replica) at LSN \(lsn)")
            return true
        case .unavailable: return true
        case .unknown:
            try recorder.note(
                "replica \(port.replica) knows no checkpoints; going on without them")
            return false
        }
    }

    static func ask(_ port: Port) -> Answer {
        let exchange = OneShotExchange(
            connectLimit: limit, exchangeLimit: limit, in: port.place)
        let reply: [UInt8]
        do throws(OneShotExchange.Failure) {
            reply = try exchange.perform(ControlRequest.checkpoint.bytes, with: port.address)
        } catch {
            return .unavailable
        }
        do throws(ControlReplyError) {
            let fields = try ControlReply.fields(of: reply)
            let lsn = fields.first { $0.key == "snapshot_lsn" }?.value
            return .written(snapshotLSN: lsn ?? "unknown")
        } catch {
            guard case .remote(let message) = error else { return .unavailable }
            return message.hasPrefix("unknown control command") ? .unknown : .unavailable
        }
    }

    /// Waits; false when the work is over.
    private func rest(_ duration: Duration) -> Bool {
        sleepThread(for: duration) { control.order != .work }
        return control.order == .work
    }
}
