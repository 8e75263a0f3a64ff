import ClusterHarness
import ClusterProtocol
import LeaseEngine
import LeaseKernel
import Replication
import SystemCalls
import Testing

/// Three daemons that can be told where to die, clients that write meanwhile, and the checks
/// that nothing acknowledged is ever lost.
final class CrashBench {
    let cluster: LiveCluster
    let load = CrashLoad()
    private(set) var primary: UInt64 = 1
    /// How many times a daemon was ended by SIGKILL.
    private(set) var kills = 0
    /// Boundaries at which one ended.
    private(set) var reached: Set<String> = []
    private var client: RovingClient
    private var threads: [WorkerThread] = []
    private var serial = 0
    private var checked = 0

    /// Runs `body` on a new cluster and checks everything at its end. Returns the kills.
    @discardableResult
    static func run(_ label: String, _ body: (CrashBench) throws -> Void) -> Int {
        let start = Instant.now
        var kills = 0
        LiveCluster.run(executable: "CrashingReplica", configure: enlarge) { cluster in
            let bench = try CrashBench(cluster)
            defer {
                kills = bench.kills
                bench.endClients()
            }
            try bench.startClients(3)
            try body(bench)
            try bench.settle()
            let seconds = Double((Instant.now - start).wholeNanoseconds) / 1e9
            print(
                "crashes: \(label): \(bench.kills) kills, at \(bench.reached.count) named "
                    + "boundaries, \(bench.load.acknowledgedCount) acknowledged writes, "
                    + "\(Int(seconds * 10) / 10) s")
        }
        return kills
    }

    private init(_ cluster: LiveCluster) throws {
        self.cluster = cluster
        client = try RovingClient(cluster, patience: .milliseconds(1500))
    }

    private static func enlarge(_ layout: inout ClusterLayout) {
        layout.kernel.maxResources = 20_000
        layout.kernel.maxReservations = 20_000
        layout.kernel.maxOperations = 40_000
        layout.kernel.maxExpirationBucketLength = 20_000
    }

    private func startClients(_ count: UInt128) throws {
        for number in 1...count {
            let client = try RovingClient(cluster, patience: .milliseconds(1500))
            threads.append(
                try WorkerThread(name: "client") { [load] in load.run(client, numbered: number) })
        }
    }

    private func endClients() {
        load.end()
        for thread in threads { thread.join() }
        threads = []
    }

    // MARK: Killing

    func kill(_ number: UInt64) throws {
        try cluster.kill(number)
        kills += 1
    }

    /// Kills several at the same moment, as far as one processor can.
    func killTogether(_ numbers: [UInt64]) throws {
        for number in numbers { try cluster.signal(number, Signals.kill) }
        for number in numbers { try kill(number) }
    }

    /// Tells a replica, running or not, to die at the so-manieth passage of a boundary from now.
    func arm(_ number: UInt64, _ boundary: String, passage: Int = 1) throws {
        serial += 1
        let path = orderPath(number)
        try FileSystem.write(Array("\(serial) \(boundary) \(passage)".utf8), to: path + ".tmp")
        try FileSystem.rename(path + ".tmp", to: path)
    }

    private func orderPath(_ number: UInt64) -> String {
        Path.join(cluster.workspace, "crash-\(number)")
    }

    /// Waits until the replica has died where it was told to; `nudge` makes it get there.
    func awaitDeath(
        _ number: UInt64, at boundary: String, nudge: () throws -> Void = {}
    ) throws {
        let deadline = Deadline.after(.seconds(20))
        while true {
            if let status = try cluster.waitForEnd(number, within: .milliseconds(20)) {
                try cluster.require(
                    status == .signaled(number: Signals.kill)
                        && !FileSystem.exists(orderPath(number)),
                    "replica \(number) died at \(boundary): \(status)")
                kills += 1
                reached.insert(boundary)
                return
            }
            if deadline.isPassed {
                throw LiveCluster.Unmet(
                    "replica \(number) never came to \(boundary)\n\(cluster.explanation(number))")
            }
            try nudge()
        }
    }

    /// Sends the word and does not wait for what comes of it.
    func requestCheckpoint(_ number: UInt64) throws {
        let connection = try TCPConnection.connect(
            to: cluster.controlAddress(number), until: .after(.seconds(1)))
        let word = ControlRequest.checkpoint.bytes
        _ = try word.withUnsafeBytes { buffer throws(SystemError) in try connection.send(buffer) }
        try connection.finishSending()
        connection.close()
    }

    // MARK: Coming back

    /// Starts replicas and waits until they answer: none may be faulted.
    func revive(_ numbers: UInt64...) throws { try revive(numbers) }

    func revive(_ numbers: [UInt64]) throws {
        for number in numbers { try cluster.launch(number) }
        for number in numbers {
            var status: StatusReply?
            try cluster.waitUntil("replica \(number) answers a status request") {
                guard cluster.isRunning(number) else {
                    throw LiveCluster.Unmet("replica \(number) ended while it should start")
                }
                status = try? cluster.status(number)
                return status != nil
            }
            try cluster.require(
                status?.state == .active,
                "replica \(number) is active after a crash: \(status?.faultReason ?? "?")")
        }
    }

    /// Everybody is stopped, the primary last, so that it has entries that nobody else has; the
    /// two others begin a new view. Returns the deposed primary, which does not run yet.
    func depose() throws -> UInt64 {
        let old = primary
        let others = (1...3).filter { $0 != old }
        try killTogether(others)
        load.allow(3)
        sleepThread(for: .milliseconds(30))
        try kill(old)
        primary = others[serial % 2]
        try Surgery.takeOver(
            others.map { WorkspaceFolder(cluster.replica($0).workspaceDirectory) },
            primary: ReplicaID(primary), configuration: cluster.layout.kernel)
        try revive(others)
        return old
    }

    // MARK: Checking

    /// Makes `count` writes and waits until they are acknowledged.
    func write(_ count: Int) throws {
        let goal = load.acknowledgedCount + count
        load.allow(count)
        try cluster.waitUntil("\(count) writes are acknowledged") {
            load.acknowledgedCount >= goal || !load.violations.isEmpty
        }
    }

    /// Everything acknowledged since the last call is there.
    func verifyNew() throws {
        let writes = load.acknowledged
        for write in writes[checked...] { try verify(write) }
        checked = writes.count
        try cluster.require(load.violations.isEmpty, "\(load.violations.prefix(3))")
    }

    /// Everything is there, everybody is active, and all three hold the same state.
    func settle() throws {
        try cluster.waitUntil("all allowed writes are acknowledged") {
            load.isDrained || !load.violations.isEmpty
        }
        checked = 0
        try verifyNew()
        let last = try cluster.metrics(primary).lastAppliedLSN ?? LSN(0)
        var snapshots: [[UInt8]] = []
        for number: UInt64 in 1...3 {
            try cluster.awaitCommit(last, at: number)
            _ = try ControlReply.fields(of: try cluster.control(.checkpoint, at: number))
            let status = try cluster.status(number)
            try cluster.require(
                status.state == .active && status.commitLSN == last
                    && status.activeSnapshotLSN == last,
                "replica \(number) stands at \(last): \(status)")
            snapshots.append(
                try FileSystem.read(cluster.replica(number).snapshotPath, limit: 64 << 20))
        }
        try cluster.require(
            snapshots[0] == snapshots[1] && snapshots[1] == snapshots[2],
            "all three replicas hold the same state at \(last)")
        try checkPassed()
    }

    /// The list of boundaries is complete.
    private func checkPassed() throws {
        let known = CrashBoundaries.all
        for number in 1...3 {
            let path = Path.join(cluster.workspace, "passed-\(number)")
            let text = String(decoding: try FileSystem.read(path, limit: 1 << 20), as: UTF8.self)
            for name in text.split(separator: "\n") where !known.contains(String(name)) {
                throw LiveCluster.Unmet("replica \(number) passed the unlisted boundary \(name)")
            }
        }
    }

    /// Asks again: the same answer, from the retry table; and the resource shows the effect.
    private func verify(_ write: CrashLoad.Acknowledged) throws {
        let again = try answer(write.request)
        var expected = write.committed
        expected.fromRetryCache = true
        try cluster.require(
            again == .committed(expected), "\(write.committed) was acknowledged, now \(again)")
        // Before the read: the clients go on meanwhile.
        let newest = load.newest(write.resource)
        let read = try answer(
            ClientRequest.getResource(write.resource, requiredLSN: nil).encoded())
        guard case .resource(let view) = read else {
            throw LiveCluster.Unmet("\(write.resource) was acknowledged and is gone: \(read)")
        }
        if let lease = newest?.reservationID {
            try cluster.require(
                view.state == .reserved && view.currentLeaseID == lease,
                "\(write.resource) is reserved by \(lease): \(view)")
        }
    }

    /// The first answer that is one.
    private func answer(_ request: [UInt8]) throws -> ClientResponse {
        var found: ClientResponse?
        try cluster.waitUntil("somebody answers") {
            switch client.ask(request) {
            case nil: break
            case .submitRejected(let rejection) where rejection.category == .indefinite:
                sleepThread(for: .milliseconds(5))
            case let response?: found = response
            }
            return found != nil
        }
        guard let found else { throw LiveCluster.Unmet("nobody answered") }
        return found
    }
}
