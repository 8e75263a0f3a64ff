public import ClusterProtocol
import LeaseKernel
public import SystemCalls
import TestSupport
public import Testing

/// Three real daemons of the built `allocdb-local-cluster`, children of the test, in a workspace
/// of their own. Everything waits on conditions; `LiveCluster.run` shows the daemons' logs when a
/// test fails and ends the daemons in any case.
public final class LiveCluster {
    public let workspace: String
    public private(set) var layout: ClusterLayout
    private let executable: String
    /// Held as long as the cluster is, so that a daemon that is down finds its own again.
    private let ports: FreePorts
    private var daemons: [ReplicaID: Daemon] = [:]
    private var lastOperation: UInt128 = 0
    private var faults: FaultState

    /// Starts a cluster, waits until its primary serves, and runs `body`. `executable` is a
    /// product of this package that takes the daemon's command line.
    public static func run(
        executable: String = "allocdb-local-cluster", starting: Bool = true,
        configure: (inout ClusterLayout) -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (LiveCluster) throws -> Void
    ) {
        var cluster: LiveCluster?
        do {
            let made = try LiveCluster(executable: executable, configure: configure)
            cluster = made
            if starting { try made.startAll() }
            try body(made)
        } catch {
            let logs = cluster?.logExcerpts() ?? ""
            Issue.record("\(error)\n\(logs)", sourceLocation: sourceLocation)
        }
        cluster?.tearDown()
    }

    private init(
        executable name: String, configure: (inout ClusterLayout) -> Void
    ) throws {
        executable = try builtExecutable(name)
        workspace = try FileSystem.resolve(FileSystem.makeTemporaryFolder(prefix: "cluster"))
        ports = try FreePorts(9)
        layout = ClusterLayout(
            workspaceRoot: workspace, addresses: ReplicaAddresses.loopback(ports: ports.numbers))
        configure(&layout)
        faults = FaultState(workspaceRoot: layout.workspaceRoot)
        try FileSystem.createFolders(Path.join(workspace, "logs"))
        try FileSystem.createFolders(Path.join(workspace, "run"))
        try FileSystem.write(Array(try layout.encoded().utf8), to: layoutPath)
    }

    public var layoutPath: String { Path.join(workspace, ClusterLayout.fileName) }

    public func replica(_ number: UInt64) -> ReplicaLayout {
        layout.replicas[Int(number) - 1]
    }

    // MARK: Daemons

    /// Starts all three and waits until the first one, primary in a new workspace, serves.
    public func startAll() throws {
        for number: UInt64 in 1...3 { try launch(number) }
        for number: UInt64 in 1...3 { try awaitReady(number) }
        try waitUntil("replica 1 answers a read") {
            switch try? read(ResourceProbe.absent, at: 1) {
            case .response: true
            case .text, .empty, .undecodable, nil: false
            }
        }
    }

    /// Starts one replica and waits until it answers a status request.
    public func start(_ number: UInt64) throws {
        try launch(number)
        try awaitReady(number)
    }

    public func launch(_ number: UInt64) throws {
        daemons[ReplicaID(number)] = try Daemon(
            executable: executable, arguments: daemonArguments(number),
            logPath: replica(number).logPath)
    }

    /// A further daemon for the same replica, run to its end, with what it printed.
    public func runSecondDaemon(_ number: UInt64, within limit: Duration) throws -> CapturedRun {
        try CapturedRun(executable, daemonArguments(number), until: .after(limit))
    }

    private func daemonArguments(_ number: UInt64) -> [String] {
        ["replica-daemon", "--layout-file", layoutPath, "--replica-id", "\(number)"]
    }

    public func awaitReady(_ number: UInt64) throws {
        try waitUntil("replica \(number) answers a status request") {
            guard isRunning(number) else {
                throw Unmet("replica \(number) ended while it should start")
            }
            return (try? status(number)) != nil
        }
    }

    public func isRunning(_ number: UInt64) -> Bool {
        daemons[ReplicaID(number)]?.isRunning ?? false
    }

    /// Ends a daemon as a power cut would, without a chance to tidy up.
    public func kill(_ number: UInt64) throws {
        try daemons.removeValue(forKey: ReplicaID(number))?.kill()
    }

    public func signal(_ number: UInt64, _ signal: Int32) throws {
        try daemons[ReplicaID(number)]?.process.signal(signal)
    }

    /// How a daemon ended by itself; nil when it still runs after `limit`.
    public func waitForEnd(_ number: UInt64, within limit: Duration) throws
        -> SystemCalls.ExitStatus?
    {
        guard let status = try daemons[ReplicaID(number)]?.waitForEnd(within: limit) else {
            return nil
        }
        daemons[ReplicaID(number)] = nil
        return status
    }

    /// Asks a daemon to end, and gives its exit status.
    public func terminate(_ number: UInt64, within limit: Duration = .seconds(10)) throws
        -> SystemCalls.ExitStatus
    {
        guard let daemon = daemons[ReplicaID(number)] else {
            throw Unmet("replica \(number) is not running")
        }
        try daemon.process.signal(Signals.terminate)
        guard let status = try daemon.waitForEnd(within: limit) else {
            throw Unmet("replica \(number) still runs \(limit) after SIGTERM")
        }
        daemons[ReplicaID(number)] = nil
        return status
    }

    public func processID(_ number: UInt64) -> Int32? {
        daemons[ReplicaID(number)]?.process.processID
    }

    /// Marks a replica isolated, or joins it again, as the operator's commands do.
    public func setIsolated(_ number: UInt64, _ isolated: Bool) throws {
        if isolated {
            try faults.isolate(ReplicaID(number))
        } else {
            try faults.heal(ReplicaID(number))
        }
        let temporary = layout.faultsPath + ".tmp"
        try FileSystem.write(Array(faults.text.utf8), to: temporary)
        try FileSystem.rename(temporary, to: layout.faultsPath)
    }

    // MARK: Waiting

    /// A promise of the test that was not kept.
    public struct Unmet: Error, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    /// Fails unless `condition` holds now.
    public func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        guard condition else { throw Unmet("not so: \(what())") }
    }

    /// Asks again and again until `condition` holds. The limit only bounds a failing test.
    public func waitUntil(
        _ what: String, within limit: Duration = .seconds(30), _ condition: () throws -> Bool
    ) throws {
        let deadline = Deadline.after(limit)
        while !(try condition()) {
            if deadline.isPassed { throw Unmet("not within \(limit): \(what)") }
            sleepThread(for: .milliseconds(5))
        }
    }

    // MARK: Bookkeeping for tests

    /// A fresh operation id.
    public func newOperation() -> UInt128 {
        lastOperation += 1
        return lastOperation
    }

    // MARK: The end

    private func tearDown() {
        for daemon in daemons.values {
            do { try daemon.kill() } catch { Issue.record("could not kill a daemon: \(error)") }
        }
        daemons = [:]
        do { try FileSystem.removeTree(workspace) } catch { Issue.record("\(error)") }
    }

    /// The end of every daemon's log.
    public func logExcerpts(lines: Int = 40) -> String {
        layout.replicas.map { replica in
            let bytes = (try? FileSystem.read(replica.logPath, limit: 64 << 20)) ?? []
            let text = String(decoding: bytes, as: UTF8.self)
            let end = text.split(separator: "\n").suffix(lines).joined(separator: "\n")
            return "--- log of replica \(replica.id)\n\(end)\n"
        }.joined()
    }

    public func log(_ number: UInt64) throws -> String {
        String(
            decoding: try FileSystem.read(replica(number).logPath, limit: 64 << 20), as: UTF8.self)
    }
}
