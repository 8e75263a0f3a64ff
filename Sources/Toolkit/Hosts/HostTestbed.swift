public import ClusterProtocol
public import LeaseEngine
public import LeaseKernel
import Remote
import Synchronization
public import SystemCalls
public import Testbed

/// Three daemons on machines that exist already, one on each, reached through `Remote` and by
/// nothing else. Clients speak to a replica through the machine it runs on.
///
/// What the tool would otherwise be needed for, to undo a fault or to end a daemon, the machines do
/// by themselves when its lease is over or the tool is silent for `grace` (`LaneScript`).
public final class HostTestbed: Testbed {
    public struct Configuration: Sendable {
        public var machines: [HostMachine]
        /// Of replicas 1, 2 and 3, as every machine sees them.
        public var addresses: ReplicaAddresses.OfThree
        /// A file of this machine: the daemon, which must run on all of the machines.
        public var binary: String
        public var kernel: KernelConfiguration
        public var engine: EngineConfiguration
        /// How long a daemon may take to answer after its start.
        public var startLimit: Duration
        /// Without a sign of life for so long, a machine undoes everything.
        public var grace: Duration

        public init(
            machines: [HostMachine], addresses: ReplicaAddresses.OfThree, binary: String,
            kernel: KernelConfiguration = .underTest,
            engine: EngineConfiguration = .clusterDefault,
            startLimit: Duration = .seconds(30), grace: Duration = .seconds(30)
        ) {
            self.machines = machines
            self.addresses = addresses
            self.binary = binary
            self.kernel = kernel
            self.engine = engine
            self.startLimit = startLimit
            self.grace = grace
        }
    }

    /// The life of one daemon as this testbed knows it.
    enum Daemon: Hashable, Sendable {
        case down
        /// Which start it was: what a machine says of one that is over concerns nobody.
        case running(start: Int)
    }

    struct State {
        var daemons: [ReplicaID: Daemon] = [:]
        var starts = 0
        /// Replicas whose daemons ended by what this testbed does not answer for, and how.
        var lost: [ReplicaID: String] = [:]
        var isolated: Set<ReplicaID> = []
        /// Not taken yet.
        var exits: [UnexpectedExit] = []
        var lastExit: [ReplicaID: UnexpectedExit] = [:]
        /// When the machines were asked last whether their daemons run.
        var askedAt: Instant?
    }

    public let name = TestbedKind.ssh.rawValue
    public var capabilities: Set<TestbedCapability> { TestbedKind.ssh.capabilities }
    public let layout: ClusterLayout
    public let clientPlace: NetworkPlace
    public func controlPlace(of replica: ReplicaID) -> NetworkPlace { clientPlace }
    public let excused = ExcusedReplicas()
    let configuration: Configuration
    let token: String
    /// What is kept here of what lies there.
    let folder: String
    let state = Mutex(State())
    private let heartbeat: Heartbeat

    /// Claims the machines' folders, empties them, and puts there what a replica needs; nothing
    /// runs yet.
    public init(_ configuration: Configuration) throws(TestbedError) {
        precondition(configuration.machines.count == ClusterLayout.replicaCount)
        self.configuration = configuration
        layout = Self.layout(configuration)
        var carriers: [SocketAddress: any Remote] = [:]
        for replica in layout.replicas {
            let machine = configuration.machines[Int(replica.id.rawValue) - 1]
            for address in [replica.addresses.client, replica.addresses.control] {
                guard let socket = SocketAddress("\(address)") else {
                    throw .layout("\(address) is no address of a port")
                }
                carriers[socket] = machine.remote
            }
        }
        clientPlace = .elsewhere(StreamNetwork(HostNetwork(carriers)))
        token = HostOwner.own.token
        do throws(SystemError) {
            folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-jepsen-hosts")
        } catch {
            throw .system(during: "making a folder for what machines send", error)
        }
        var prepared: [HostMachine] = []
        do throws(TestbedError) {
            for machine in configuration.machines {
                try machine.takeOver(as: token, grace: configuration.grace)
                prepared.append(machine)
                if let place = layout.replica(machine.replica) { try machine.check(place) }
                try machine.install(configuration.binary, layout)
            }
            heartbeat = try Heartbeat(configuration.machines, token: token)
        } catch {
            for machine in prepared { try? machine.remove(token) }
            _ = try? FileSystem.removeTree(folder)
            throw error
        }
    }

    /// Each replica has its paths below its own machine's folder; the root that all share in a
    /// layout is that of the first.
    private static func layout(_ configuration: Configuration) -> ClusterLayout {
        var layout = ClusterLayout(
            workspaceRoot: configuration.machines[0].folder, addresses: configuration.addresses)
        for replica in layout.replicas {
            let machine = configuration.machines[Int(replica.id.rawValue) - 1]
            layout.replace(
                ReplicaLayout(
                    id: replica.id, role: replica.role, workspaceRoot: machine.folder,
                    addresses: replica.addresses))
        }
        layout.kernel = configuration.kernel
        layout.engine = configuration.engine
        return layout
    }

    func machine(_ replica: ReplicaID) throws(TestbedError) -> HostMachine {
        guard let machine = configuration.machines.first(where: { $0.replica == replica }) else {
            throw .unknownReplica(replica)
        }
        return machine
    }

    func place(_ replica: ReplicaID) throws(TestbedError) -> ReplicaLayout {
        guard let place = layout.replica(replica) else { throw .unknownReplica(replica) }
        return place
    }

    // MARK: - Daemons

    public func start() throws(TestbedError) {
        for replica in layout.replicas { try launch(replica.id) }
        for replica in layout.replicas { try awaitAnswer(replica.id) }
    }

    public func restart(_ replica: ReplicaID) throws(TestbedError) {
        if isRunning(replica) { return }
        try launch(replica)
        try awaitAnswer(replica)
    }

    public func launch(_ replica: ReplicaID) throws(TestbedError) {
        if isRunning(replica) { return }
        if let reason = state.withLock({ $0.lost[replica] }) {
            throw .machine(replica, during: "starting its daemon", reason)
        }
        let place = try place(replica)
        try machine(replica).startDaemon(place)
        state.withLock { state in
            state.starts += 1
            state.daemons[replica] = .running(start: state.starts)
        }
    }

    private func awaitAnswer(_ replica: ReplicaID) throws(TestbedError) {
        let deadline = Deadline.after(configuration.startLimit)
        while true {
            let probe = probe(replica)
            if probe.status != nil { return }
            try lookForExits(now: true)
            if !isRunning(replica) {
                let exit = state.withLock { $0.lastExit[replica] }
                throw .endedWhileStarting(
                    replica, exit?.status ?? .exited(code: 0),
                    lastLogLines: exit?.lastLogLines ?? [])
            }
            if deadline.isPassed {
                throw .didNotAnswer(
                    replica, within: configuration.startLimit, lastProbe: probe.summary(of: replica)
                )
            }
            sleepThread(for: .milliseconds(50))
        }
    }

    public func crash(_ replica: ReplicaID) throws(TestbedError) {
        try end(
            replica, "KILL", patience: .zero, expected: [.signaled(number: Signals.kill)])
    }

    public func terminate(_ replica: ReplicaID) throws(TestbedError) {
        // A clean end, the signal's own work, or ours in the end; all else tells something.
        try end(
            replica, "TERM", patience: Self.stopLimit,
            expected: [
                .exited(code: 0), .signaled(number: Signals.terminate),
                .signaled(number: Signals.kill),
            ])
    }

    /// How long a daemon may take to end when asked.
    static let stopLimit = Duration.seconds(5)

    private func end(
        _ replica: ReplicaID, _ signal: String, patience: Duration, expected: [ExitStatus]
    ) throws(TestbedError) {
        // From here on its end is ours, whoever looks meanwhile.
        let before = state.withLock { state in
            defer { state.daemons[replica] = .down }
            return state.daemons[replica]
        }
        guard case .running = before else { return }
        let (wasRunning, daemon) = try machine(replica).end(signal, patience: patience)
        guard case .ended(let ending) = daemon else { return }
        switch ending {
        case .by(let status):
            // One that had died by itself before is evidence, whatever it died of.
            if !wasRunning || !expected.contains(status) { noteExit(replica, status) }
        case .abandoned: throw .machine(replica, during: "ending", Self.abandoned)
        case .unknown: throw .machine(replica, during: "ending", Self.unseen)
        }
    }

    static let abandoned = "the machine heard nothing of this tool for too long and gave up"
    static let unseen = "the daemon ended and nobody saw how; did the machine go down?"

    public func isRunning(_ replica: ReplicaID) -> Bool {
        state.withLock { state in
            guard case .running = state.daemons[replica] else { return false }
            return true
        }
    }

    public func probe(_ replica: ReplicaID) -> Probe {
        guard let place = layout.replica(replica),
            let port = ControlPort(place.addresses.control, in: clientPlace)
        else { return .down("no such replica") }
        return port.status()
    }

    // MARK: - The end

    public func stop() {
        let running = state.withLock { state in
            defer { state.daemons = [:] }
            return Array(state.daemons.keys)
        }
        for replica in running {
            guard let machine = try? machine(replica) else { continue }
            // One that was paused would not listen.
            try? machine.proceed()
            _ = try? machine.end("TERM", patience: Self.stopLimit)
        }
    }

    public func discard() {
        stop()
        heartbeat.end()
        for machine in configuration.machines { try? machine.remove(token) }
        _ = try? FileSystem.removeTree(folder)
    }
}
