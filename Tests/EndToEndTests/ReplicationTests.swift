import ClusterHarness
import ClusterProtocol
import LeaseKernel
import SystemCalls
import Testing

extension EndToEndTests {
    @Suite("A cluster that lost somebody finds together again")
    struct Healing {
        @Test("quorum loss followed by its return heals without the original client")
        func quorumLoss() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
                for number: UInt64 in 2...3 { try cluster.kill(number) }
                let orphan = cluster.newOperation()
                let reply = try cluster.submit(
                    .createResource(ResourceID(2)), slot: 1, operation: orphan)
                try cluster.require(
                    reply == .response(.submitRejected(Rejection(.storageFailure))),
                    "without a majority the outcome is open: \(reply)")
                let read = try cluster.read(ResourceID(1))
                try cluster.require(
                    read == .text(.notPrimary(.viewUncertain)),
                    "without a majority no read is served: \(read)")
                for number: UInt64 in 2...3 { try cluster.start(number) }

                // Nobody repeats the orphaned request; somebody else's write goes through.
                try cluster.eventuallyCommit(.createResource(ResourceID(3)), slot: 1)
                let again = try cluster.commit(
                    .createResource(ResourceID(2)), slot: 1, operation: orphan)
                try cluster.require(
                    again.fromRetryCache && again.outcome.code == .ok,
                    "the orphaned write was carried out once: \(again)")
            }
        }

        @Test("one backup is enough, whichever is missing", arguments: [2, 3] as [UInt64])
        func oneBackup(missing: UInt64) {
            LiveCluster.run { cluster in
                try cluster.kill(missing)
                for resource in 1...5 as ClosedRange<UInt128> {
                    try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
                }
            }
        }

        @Test("a backup that missed entries catches up by suffix and carries the majority again")
        func suffix() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
                try cluster.kill(3)
                for resource in 2...30 as ClosedRange<UInt128> {
                    try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
                }
                try cluster.start(3)
                try cluster.awaitCommit(LSN(30), at: 3)
                try cluster.kill(2)
                try cluster.commit(.createResource(ResourceID(31)), slot: 1)
                try cluster.awaitCommit(LSN(31), at: 3)
            }
        }

        @Test("a backup that slept through entries catches up when it wakes")
        func paused() {
            LiveCluster.run { cluster in
                try cluster.signal(3, Signals.stop)
                for resource in 1...10 as ClosedRange<UInt128> {
                    try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
                }
                try cluster.signal(3, Signals.proceed)
                try cluster.awaitCommit(LSN(10), at: 3)
            }
        }

        @Test("a backup below the primary's log catches up by snapshot")
        func snapshot() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
                try cluster.kill(3)
                for resource in 2...20 as ClosedRange<UInt128> {
                    try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
                }
                // A checkpoint keeps what is above the one before: the second cuts the log.
                for last in [25, 30] as [UInt128] {
                    for number: UInt64 in 1...2 { try checkpoint(cluster, number) }
                    for resource in last - 4...last {
                        try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
                    }
                }
                // Nor may the primary remember what the log file no longer holds.
                _ = try cluster.terminate(1)
                try cluster.start(1)
                try cluster.start(3)
                try cluster.awaitCommit(LSN(30), at: 3)
                let snapshot = try cluster.status(3).activeSnapshotLSN
                try cluster.require(
                    snapshot != nil, "replica 3 has a snapshot:\n\(cluster.explanation(3))")
                try cluster.kill(2)
                try cluster.eventuallyCommit(.createResource(ResourceID(31)), slot: 1)
                try cluster.awaitCommit(LSN(31), at: 3)
                // What it caught up by is on its own disk.
                try cluster.kill(3)
                try cluster.start(3)
                try cluster.awaitCommit(LSN(31), at: 3)
            }
        }

        @Test("every replica killed at once, and everything acknowledged is still there")
        func everybodyKilled() {
            LiveCluster.run { cluster in
                for resource in 1...20 as ClosedRange<UInt128> {
                    try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
                }
                for number: UInt64 in 1...3 { try cluster.kill(number) }
                for number: UInt64 in 1...3 { try cluster.start(number) }
                try cluster.eventuallyCommit(.createResource(ResourceID(21)), slot: 1)
                for resource in 1...21 as ClosedRange<UInt128> {
                    let reply = try cluster.read(ResourceID(resource))
                    guard case .response(.resource) = reply else {
                        throw LiveCluster.Unmet("resource \(resource) is lost: \(reply)")
                    }
                }
            }
        }

        private func checkpoint(_ cluster: LiveCluster, _ number: UInt64) throws {
            _ = try ControlReply.fields(of: try cluster.control(.checkpoint, at: number))
        }
    }
}
