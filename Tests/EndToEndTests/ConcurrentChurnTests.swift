import ClusterHarness
import ClusterProtocol
import LeaseKernel
import Randomness
import Replication
import SystemCalls
import TestSupport
import Testing

extension EndToEndTests {
    @Suite("Concurrent clients lose nothing and read nothing stale")
    struct ConcurrentChurn {
        @Test("four writers and two readers through kills, pauses, isolation and takeovers")
        func churn() throws {
            let seed = Environment["CHURN_SEED"].flatMap { UInt64($0) } ?? WallClock.nanoseconds
            print("concurrent churn: seed \(seed) (CHURN_SEED repeats the disturbances)")
            var random = SeededRandom(seed: seed)
            LiveCluster.run(configure: Self.enlarge) { cluster in
                let ledger = Ledger()
                var threads: [WorkerThread] = []
                defer {
                    ledger.end()
                    for thread in threads { thread.join() }
                }
                for writer in 1...4 as ClosedRange<UInt128> {
                    let client = try RovingClient(cluster, patience: .milliseconds(1500))
                    threads.append(
                        try WorkerThread(name: "writer") {
                            var client = client
                            client.write(numbered: writer, into: ledger)
                        })
                }
                for _ in 1...2 {
                    let client = try RovingClient(cluster, patience: .milliseconds(300))
                    threads.append(
                        try WorkerThread(name: "reader") {
                            var client = client
                            client.read(from: ledger)
                        })
                }
                var nemesis = Nemesis(cluster: cluster, ledger: ledger)
                for _ in 1...25 {
                    try nemesis.disturb(using: &random)
                    let before = ledger.acknowledged.count
                    try cluster.waitUntil("somebody is acknowledged again") {
                        ledger.acknowledged.count > before
                    }
                }
                ledger.end()
                for thread in threads { thread.join() }
                threads = []
                try verify(cluster, ledger, primary: nemesis.primary)
            }
        }

        /// Room for everything that is created.
        private static func enlarge(_ layout: inout ClusterLayout) {
            layout.kernel.maxResources = 100_000
            layout.kernel.maxOperations = 100_000
        }

        private func verify(
            _ cluster: LiveCluster, _ ledger: Ledger, primary: UInt64
        ) throws {
            let violations = ledger.violations()
            try cluster.require(violations.isEmpty, "no violations: \(violations.prefix(5))")
            let acknowledged = ledger.acknowledged
            print(
                "concurrent churn: \(acknowledged.count) acknowledged writes, "
                    + "\(ledger.readCount) reads of them")
            try cluster.waitUntil("replica \(primary) serves reads") {
                if case .response? = try? cluster.read(ResourceProbe.absent, at: primary) {
                    return true
                }
                return false
            }
            for resource in acknowledged {
                let reply = try cluster.read(resource, at: primary)
                guard case .response(.resource) = reply else {
                    throw LiveCluster.Unmet("resource \(resource) is lost: \(reply)")
                }
            }
            let last = try cluster.metrics(primary).lastAppliedLSN ?? LSN(0)
            for number: UInt64 in 1...3 { try cluster.awaitCommit(last, at: number) }
        }
    }
}

/// Disturbs a cluster and leaves all of it running.
private struct Nemesis {
    let cluster: LiveCluster
    let ledger: Ledger
    private(set) var primary: UInt64 = 1

    init(cluster: LiveCluster, ledger: Ledger) {
        self.cluster = cluster
        self.ledger = ledger
    }

    mutating func disturb(using random: inout SeededRandom) throws {
        let number = UInt64.random(in: 1...3, using: &random)
        let length = Duration.milliseconds(Int.random(in: 0...150, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            try cluster.kill(number)
            sleepThread(for: length)
            try cluster.start(number)
        case 1:
            _ = try cluster.terminate(number)
            sleepThread(for: length)
            try cluster.start(number)
        case 2:
            try cluster.signal(number, Signals.stop)
            sleepThread(for: length * 6)
            try cluster.signal(number, Signals.proceed)
        case 3:
            try cluster.setIsolated(number, true)
            sleepThread(for: length * 4)
            try cluster.setIsolated(number, false)
        case 4:
            for number: UInt64 in 1...3 { try cluster.kill(number) }
            for number: UInt64 in 1...3 { try cluster.start(number) }
        default:
            try takeOver(using: &random)
        }
    }

    /// The primary dies or falls asleep; the two others are stopped in the middle of their work
    /// and begin a new view; the old primary comes back to it.
    private mutating func takeOver(using random: inout SeededRandom) throws {
        let old = primary
        let others = (1...3).filter { $0 != old }
        let sleeps = Bool.random(using: &random)
        if sleeps { try cluster.signal(old, Signals.stop) } else { try cluster.kill(old) }
        for number in others { try cluster.kill(number) }
        let new = others.randomElement(using: &random) ?? others[0]
        let plan = try Surgery.takeOver(
            others.map { WorkspaceFolder(cluster.replica($0).workspaceDirectory) },
            primary: ReplicaID(new), configuration: cluster.layout.kernel)
        primary = new
        for number in others { try cluster.start(number) }
        if sleeps {
            // The world goes on without it: what it still knows is stale when it wakes.
            let before = ledger.acknowledged.count
            try cluster.waitUntil("the new primary acknowledges") {
                ledger.acknowledged.count > before + 10
            }
            try cluster.signal(old, Signals.proceed)
        } else {
            try cluster.start(old)
        }
        try cluster.waitUntil("replica \(old) follows in view \(plan.newView)") {
            guard let status = try? cluster.status(old) else { return false }
            return status.currentView == plan.newView && status.replica.role == .backup
        }
    }
}
