public import ClusterProtocol
import DurableFiles
public import LeaseEngine
public import LeaseKernel
import Synchronization
public import SystemCalls

/// Three daemons on this machine, in a fresh workspace that goes away afterwards: on loopback, or
/// each in a network namespace of its own.
public final class LocalTestbed: Testbed {
    public struct Configuration: Sendable {
        /// The daemon: started as `<binary> replica-daemon --layout-file P --replica-id N`.
        public var binary: String
        public var kernel: KernelConfiguration
        public var engine: EngineConfiguration
        /// How long a daemon may take to answer after its start.
        public var startLimit: Duration
        public var registry: ResidueRegistry
        /// The program of the guard that ends faults when this process is gone.
        public var tool: String?
        public var placement: Placement
        /// The program that serves disks and reads clocks.
        public var helper: String?
        /// What the run needs; disks and clocks are made only for runs that ask for them.
        public var needs: Set<TestbedCapability>

        public init(
            binary: String, kernel: KernelConfiguration = .underTest,
            engine: EngineConfiguration = .clusterDefault,
            startLimit: Duration = .seconds(15), registry: ResidueRegistry = .standard,
            tool: String? = ToolProgram.path, placement: Placement = .loopback,
            helper: String? = HelperProgram.path, needs: Set<TestbedCapability> = []
        ) {
            self.binary = binary
            self.kernel = kernel
            self.engine = engine
            self.startLimit = startLimit
            self.registry = registry
            self.tool = tool
            self.placement = placement
            self.helper = helper
            self.needs = needs
        }
    }

    /// The life of one daemon as this testbed sees it.
    enum Daemon: Sendable {
        case down
        case running(ChildProcess)
    }

    struct State {
        var daemons: [ReplicaID: Daemon] = [:]
        var residue: Residue
        var faults: FaultState
        /// Not taken yet.
        var exits: [UnexpectedExit] = []
        var lastExit: [ReplicaID: UnexpectedExit] = [:]
    }

    public var name: String { configuration.placement.kind.rawValue }
    public let capabilities: Set<TestbedCapability>
    public var packets: PacketNetwork? { configuration.placement.packets }
    public var clientPlace: NetworkPlace { configuration.placement.clients }
    public func controlPlace(of replica: ReplicaID) -> NetworkPlace {
        configuration.placement.place(of: replica)
    }
    public let excused = ExcusedReplicas()
    let localDisks: LocalDisks?
    let localClocks: LocalClocks?
    public let workspace: String
    let configuration: Configuration
    let initialLayout: ClusterLayout
    /// Held until this testbed goes, so that a replica that is down finds its own again.
    private let ports: FreePorts?
    let state: Mutex<State>
    let undoGuard = Mutex<UndoGuard?>(nil)

    public var layout: ClusterLayout { initialLayout }
    private var layoutPath: String { Path.join(workspace, ClusterLayout.fileName) }

    /// Makes the workspace and writes its layout; nothing runs yet. The residue record stands
    /// before anything else does.
    public init(_ configuration: Configuration) throws(TestbedError) {
        self.configuration = configuration
        let kind = configuration.placement.kind
        let extras = configuration.needs.intersection(kind.onRequest)
        capabilities = kind.capabilities.union(extras)
        do throws(SystemError) {
            let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-jepsen")
            workspace = try FileSystem.resolve(folder)
            let owner = Residue.Daemon(
                processID: Processes.ownID,
                startTime: Processes.startTime(of: Processes.ownID) ?? 0)
            let residue = Residue(owner: owner, workspace: workspace)
            try configuration.registry.write(residue)
            try FileSystem.write(
                Array(workspace.utf8), to: Path.join(workspace, ResidueRegistry.markName))
            for name in ["logs", "run"] {
                try FileSystem.createFolders(Path.join(workspace, name))
            }
            let (addresses, ports) = try configuration.placement.addresses()
            self.ports = ports
            initialLayout = Self.layout(workspace, addresses, configuration)
            state = Mutex(
                State(residue: residue, faults: FaultState(workspaceRoot: workspace)))
        } catch {
            throw .system(during: "making the workspace", error)
        }
        let replicas = initialLayout.replicas.map(\.id)
        do throws(TestbedError) {
            // Clocks first: only disks are processes that would have to be ended again.
            localClocks =
                extras.contains(.clock)
                ? try LocalClocks(replicas, in: workspace, helper: configuration.helper) : nil
            localDisks =
                extras.contains(.disk)
                ? try LocalDisks(replicas, in: workspace, helper: configuration.helper) : nil
        } catch {
            _ = try? FileSystem.removeTree(workspace)
            configuration.registry.remove(workspace)
            configuration.placement.end()
            throw error
        }
        try writeLayout()
        try state.withLock { state throws(TestbedError) in try write(state.faults) }
    }

    private static func layout(
        _ workspace: String, _ addresses: ReplicaAddresses.OfThree,
        _ configuration: Configuration
    ) -> ClusterLayout {
        var layout = ClusterLayout(workspaceRoot: workspace, addresses: addresses)
        if configuration.needs.contains(.disk) {
            for var replica in layout.replicas {
                LocalDisks.place(&replica, in: workspace)
                layout.replace(replica)
            }
        }
        layout.kernel = configuration.kernel
        layout.engine = configuration.engine
        return layout
    }

    private func writeLayout() throws(TestbedError) {
        let text: String
        do throws(ClusterFileError) {
            text = try initialLayout.encoded()
        } catch {
            throw .layout("\(error)")
        }
        do throws(SystemError) {
            try DurableFiles.replace(layoutPath, with: Array(text.utf8))
        } catch {
            throw .system(during: "writing the layout", error)
        }
    }

    // MARK: - Daemons

    public func start() throws(TestbedError) {
        for replica in initialLayout.replicas { try spawn(replica) }
        for replica in initialLayout.replicas { try awaitAnswer(replica) }
    }

    public func restart(_ replica: ReplicaID) throws(TestbedError) {
        guard let place = initialLayout.replica(replica) else { throw .unknownReplica(replica) }
        if isRunning(replica) { return }
        // A killed daemon leaves its process number behind, which might be another's by now.
        _ = try? FileSystem.removeFile(place.pidPath)
        try spawn(place)
        try awaitAnswer(place)
    }

    public func launch(_ replica: ReplicaID) throws(TestbedError) {
        guard let place = initialLayout.replica(replica) else { throw .unknownReplica(replica) }
        if isRunning(replica) { return }
        _ = try? FileSystem.removeFile(place.pidPath)
        try spawn(place)
    }

    private func spawn(_ replica: ReplicaLayout) throws(TestbedError) {
        let environment = try localClocks?.change(replica.id) { clock throws(SystemError) in
            try clock.begin()
        }
        do throws(SystemError) {
            let log = try FileSystem.open(replica.logPath, .append)
            let child = try configuration.placement.start(
                replica.id, executable: configuration.binary,
                arguments: [
                    "replica-daemon", "--layout-file", layoutPath, "--replica-id", "\(replica.id)",
                ], environment: environment, log: log)
            let started = Processes.startTime(of: child.processID)
            try state.withLock { state throws(SystemError) in
                state.daemons[replica.id] = .running(child)
                state.residue.daemons.append(
                    Residue.Daemon(processID: child.processID, startTime: started ?? 0))
                // Only the last start of each replica can still run.
                if state.residue.daemons.count > 32 { state.residue.daemons.removeFirst(16) }
                try configuration.registry.write(state.residue)
            }
        } catch {
            throw .system(during: "starting replica \(replica.id)", error)
        }
    }

    private func awaitAnswer(_ replica: ReplicaLayout) throws(TestbedError) {
        let deadline = Deadline.after(configuration.startLimit)
        while true {
            let probe = probe(replica.id)
            if probe.status != nil { return }
            noticeExits()
            if !isRunning(replica.id) {
                let exit = state.withLock { $0.lastExit[replica.id] }
                throw .endedWhileStarting(
                    replica.id, exit?.status ?? .exited(code: 0),
                    lastLogLines: exit?.lastLogLines ?? [])
            }
            if deadline.isPassed {
                throw .didNotAnswer(
                    replica.id, within: configuration.startLimit,
                    lastProbe: probe.summary(of: replica.id))
            }
            sleepThread(for: .milliseconds(20))
        }
    }

    public func crash(_ replica: ReplicaID) throws(TestbedError) {
        // One that died by itself before the kill is evidence, and not a kill of ours.
        noticeExits()
        let daemon = state.withLock { state in
            defer { state.daemons[replica] = .down }
            return state.daemons[replica]
        }
        guard case .running(let child) = daemon else { return }
        do throws(SystemError) {
            let status = try child.killAndWait()
            if status != .signaled(number: Signals.kill) { noteExit(replica, status) }
        } catch {
            throw .system(during: "killing replica \(replica)", error)
        }
    }

    func processID(of replica: ReplicaID) -> Int32? {
        state.withLock { state in
            guard case .running(let child) = state.daemons[replica] else { return nil }
            return child.processID
        }
    }

    public func isRunning(_ replica: ReplicaID) -> Bool {
        state.withLock { state in
            guard case .running = state.daemons[replica] else { return false }
            return true
        }
    }

    public func probe(_ replica: ReplicaID) -> Probe {
        guard let place = initialLayout.replica(replica),
            let port = ControlPort(
                place.addresses.control, in: configuration.placement.place(of: replica))
        else { return .down("no such replica") }
        return port.status()
    }

    // MARK: - Unexpected ends

    public func takeUnexpectedExits() -> [UnexpectedExit] {
        noticeExits()
        return state.withLock { state in
            defer { state.exits = [] }
            return state.exits
        }
    }

    func noticeExits() {
        let ended = state.withLock { state in
            var ended: [(ReplicaID, ExitStatus)] = []
            for (replica, daemon) in state.daemons {
                guard case .running(let child) = daemon, let status = try? child.poll() else {
                    continue
                }
                state.daemons[replica] = .down
                ended.append((replica, status))
            }
            return ended
        }
        for (replica, status) in ended { noteExit(replica, status) }
    }

    func noteExit(_ replica: ReplicaID, _ status: ExitStatus) {
        let exit = UnexpectedExit(
            replica: replica, status: status, lastLogLines: lastLogLines(of: replica),
            noticedAt: .now)
        let isEvidence = !excused.contains(replica)
        state.withLock { state in
            if isEvidence { state.exits.append(exit) }
            state.lastExit[replica] = exit
        }
    }

    static let keptLogLines = 12

    private func lastLogLines(of replica: ReplicaID) -> [String] {
        guard let path = initialLayout.replica(replica)?.logPath,
            let file = try? FileSystem.open(path, .readOnly), let size = try? file.size()
        else { return [] }
        let length = min(size, 16 << 10)
        guard let bytes = try? file.read(at: size - length, count: length) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .suffix(Self.keptLogLines).map(String.init)
    }

    // MARK: - The end

    /// How long a daemon may take to end when asked.
    static let stopLimit = Duration.seconds(5)

    public func stop() {
        noticeExits()
        let running = state.withLock { state in
            defer { state.daemons = [:] }
            return state.daemons.compactMap { replica, daemon -> (ReplicaID, ChildProcess)? in
                guard case .running(let child) = daemon else { return nil }
                return (replica, child)
            }
        }
        for (replica, child) in running {
            // One that was paused would not listen.
            try? child.signal(Signals.proceed)
            guard let address = initialLayout.replica(replica)?.addresses.control else { continue }
            ControlPort(address, in: configuration.placement.place(of: replica))?.requestStop()
        }
        let deadline = Deadline.after(Self.stopLimit)
        for (_, child) in running {
            if (try? child.wait(until: deadline)) == nil { _ = try? child.killAndWait() }
        }
    }

    public func evidence() -> [EvidenceFile] {
        var files = initialLayout.replicas.map {
            EvidenceFile(path: $0.logPath, name: "replica-\($0.id).log")
        }
        for path in [layoutPath, initialLayout.faultsPath, initialLayout.timelinePath]
        where FileSystem.exists(path) {
            files.append(EvidenceFile(path: path, name: Path.lastComponent(of: path)))
        }
        return files
    }

    public func discard() {
        stop()
        endGuard()
        localDisks?.end()
        FakedClock.removeRecords(of: workspace)
        _ = try? FileSystem.removeTree(workspace)
        configuration.registry.remove(workspace)
        configuration.placement.end()
    }
}

extension KernelConfiguration {
    /// The bounds of the clusters that this tool starts: room for load and bundles, and a window
    /// short enough that commands are forgotten, and retirement is exercised, within a minute.
    public static let underTest = KernelConfiguration(
        shardID: 0, maxResources: 4096, maxReservations: 16_384, maxBundleSize: 8,
        maxOperations: 65_536, maxTTLSlots: 64, maxClientRetryWindowSlots: 64,
        reservationHistoryWindowSlots: 32, maxExpirationBucketLength: 4096)
}
