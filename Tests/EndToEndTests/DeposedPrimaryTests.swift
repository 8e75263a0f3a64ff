import ClusterHarness
import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls
import Testing

extension EndToEndTests {
    @Suite("Who is no longer primary does not serve")
    struct DeposedPrimary {
        @Test("a deposed primary that comes back does not serve, and follows the new one")
        func comesBack() {
            LiveCluster.run { cluster in
                try fill(cluster)
                try cluster.kill(1)
                try replaceThePrimary(cluster)
                try cluster.start(1)
                try staysSilent(cluster)
                try becomesBackup(cluster, upTo: LSN(6))
                try cluster.kill(3)
                try cluster.eventuallyCommit(.createResource(ResourceID(7)), slot: 1, at: 2)
                try cluster.awaitCommit(LSN(7), at: 1)
            }
        }

        @Test("what only the deposed primary had prepared is gone, also for itself")
        func discards() {
            LiveCluster.run { cluster in
                try fill(cluster)
                for number: UInt64 in 2...3 { _ = try cluster.terminate(number) }
                let reply = try cluster.submit(.createResource(ResourceID(66)), slot: 1)
                try cluster.require(
                    reply == .response(.submitRejected(Rejection(.storageFailure))),
                    "nobody but the primary took it: \(reply)")
                try cluster.kill(1)
                for number: UInt64 in 2...3 { try cluster.start(number) }
                try replaceThePrimary(cluster)
                try cluster.start(1)
                try becomesBackup(cluster, upTo: LSN(6))
                try cluster.kill(3)
                try cluster.eventuallyCommit(.createResource(ResourceID(7)), slot: 1, at: 2)
                let lost = try cluster.read(ResourceID(66), at: 2)
                try cluster.require(
                    lost == .response(.resourceNotFound), "it never happened: \(lost)")
            }
        }

        @Test("a primary that slept through its deposition answers nobody")
        func wakesUp() {
            LiveCluster.run { cluster in
                try fill(cluster)
                try cluster.signal(1, Signals.stop)
                try replaceThePrimary(cluster)
                // This request is in the old primary's hands before it wakes.
                let request = try ClientRequest.getResource(ResourceID(6), requiredLSN: nil)
                    .encoded()
                let early = try HostilePeer.connect(cluster.clientAddress(1))
                HostilePeer.send(request, on: early)
                try early.finishSending()
                try cluster.signal(1, Signals.proceed)
                try cluster.require(
                    try early.descriptor.waitUntilReadable(.after(.seconds(10))),
                    "the early request ends")
                if case .bytes(let bytes) = try early.receive(atMost: 4096),
                    case .response(let response) = ClientReply(bytes: bytes)
                {
                    throw LiveCluster.Unmet("the sleeper served \(response)")
                }
                early.close()
                try staysSilent(cluster)
                try becomesBackup(cluster, upTo: LSN(6))
            }
        }

        @Test("a takeover keeps everything that was acknowledged, heard as committed or not")
        func keepsAcknowledged() {
            LiveCluster.run { cluster in
                for resource in 1...20 as ClosedRange<UInt128> {
                    try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
                }
                // At once, before anybody can hear of the last commits.
                for number: UInt64 in 1...3 { try cluster.kill(number) }
                try Surgery.takeOver(
                    folders(cluster), primary: ReplicaID(3), configuration: cluster.layout.kernel)
                for number: UInt64 in 2...3 { try cluster.start(number) }
                try cluster.eventuallyCommit(.createResource(ResourceID(21)), slot: 1, at: 3)
                for resource in 1...21 as ClosedRange<UInt128> {
                    let reply = try cluster.read(ResourceID(resource), at: 3)
                    guard case .response(.resource) = reply else {
                        throw LiveCluster.Unmet("resource \(resource) is lost: \(reply)")
                    }
                }
            }
        }

        /// The two that take part in a takeover.
        private func folders(_ cluster: LiveCluster) -> [WorkspaceFolder] {
            (2...3).map { WorkspaceFolder(cluster.replica($0).workspaceDirectory) }
        }

        /// Five resources, applied everywhere.
        private func fill(_ cluster: LiveCluster) throws {
            for resource in 1...5 as ClosedRange<UInt128> {
                try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
            }
            for number: UInt64 in 1...3 { try cluster.awaitCommit(LSN(5), at: number) }
        }

        /// Stops the two backups, makes the first of them primary of the next view, and writes
        /// one entry there.
        private func replaceThePrimary(_ cluster: LiveCluster) throws {
            for number: UInt64 in 2...3 { _ = try cluster.terminate(number) }
            let plan = try Surgery.takeOver(
                folders(cluster), primary: ReplicaID(2), configuration: cluster.layout.kernel)
            try cluster.require(plan.newView == View(2), "the next view: \(plan.newView)")
            for number: UInt64 in 2...3 { try cluster.start(number) }
            let committed = try cluster.eventuallyCommit(
                .createResource(ResourceID(6)), slot: 1, at: 2)
            try cluster.require(committed.appliedLSN == LSN(6), "the next position: \(committed)")
        }

        /// Asks the old primary again and again: not one answer may come out of its state.
        private func staysSilent(_ cluster: LiveCluster) throws {
            for round in 1...20 as ClosedRange<UInt128> {
                for reply in [
                    try? cluster.read(ResourceID(1), at: 1),
                    try? cluster.submit(.createResource(ResourceID(100 + round)), slot: 1, at: 1),
                ] {
                    switch reply {
                    case .response(let response)?:
                        throw LiveCluster.Unmet("the deposed primary served \(response)")
                    case .text, .empty, .undecodable, nil: break
                    }
                }
                sleepThread(for: .milliseconds(20))
            }
        }

        private func becomesBackup(_ cluster: LiveCluster, upTo lsn: LSN) throws {
            try cluster.waitUntil("replica 1 is a backup of view 2 that has caught up") {
                guard let status = try? cluster.status(1) else { return false }
                return status.replica.role == .backup && status.currentView == View(2)
                    && status.commitLSN.map { $0 >= lsn } ?? false
            }
        }
    }
}
