import ClusterHarness
import ClusterProtocol
import LeaseKernel
import Nemesis
import Replication
import SystemCalls
import Testbed
import Testing

@testable import Campaign

/// The process that rewrites folders is killed at every one of its boundaries, on the folders of
/// real daemons.
@Suite(.serialized) struct InterruptedSurgeryTests {
    /// Folders of a cluster whose daemons were killed: writes were answered up to some position,
    /// and the primary alone holds further ones, which it had prepared while its backups were cut
    /// off.
    struct DeadCluster {
        let layout: ClusterLayout
        let answered: LSN
        let kept: String

        init(_ cluster: LiveCluster) throws {
            var answered = LSN(0)
            for number in 1...3 as ClosedRange<UInt128> {
                answered = try cluster.commit(
                    .createResource(ResourceID(number)), slot: 1
                ).appliedLSN
            }
            for backup in [2, 3] as [UInt64] { try cluster.setIsolated(backup, true) }
            for number in 4...5 as ClosedRange<UInt128> {
                _ = try? cluster.submit(.createResource(ResourceID(number)), slot: 1)
            }
            for replica in 1...3 as ClosedRange<UInt64> { try cluster.kill(replica) }
            layout = cluster.layout
            self.answered = answered
            kept = Path.join(cluster.workspace, "kept")
            try FileSystem.createFolders(kept)
            for replica in layout.replicas { try copy(replica.workspaceDirectory, into: kept) }
        }

        /// Puts all folders back as the killed daemons left them.
        func restore() throws {
            for replica in layout.replicas {
                let folder = replica.workspaceDirectory
                for suffix in ["", ".next", ".previous"] {
                    try FileSystem.removeTree(folder + suffix)
                }
                try copy(
                    Path.join(kept, Path.lastComponent(of: folder)),
                    into: Path.parent(of: folder) ?? "/")
            }
        }

        private func copy(_ folder: String, into parent: String) throws {
            let run = try CapturedRun("cp", ["-a", folder, parent], until: .after(.seconds(30)))
            try #require(run.status.isSuccess)
        }

        func survey(_ replica: ReplicaID) throws -> ReplicaSurvey {
            let place = try #require(layout.replica(replica))
            return try Surgery.survey(
                WorkspaceFolder(place.workspaceDirectory), configuration: layout.kernel)
        }
    }

    /// Kills an operation at each of its boundaries, does what `afterwards` says, and counts.
    static func killEverywhere(
        _ operation: SurgicalOperation, _ cluster: DeadCluster,
        afterwards: (ReplicaSurgeon, _ killedAfter: String) throws -> Void
    ) throws -> [String] {
        let surgeon = ReplicaSurgeon(layout: cluster.layout)
        var steps: [String] = []
        while true {
            try cluster.restore()
            let words = try surgeon.carryOut(operation, killedAtStep: UInt64(steps.count) + 1)
            guard let words else { return steps }
            steps.append(words)
            try afterwards(surgeon, words)
        }
    }

    @Test("a takeover killed at any step keeps every answered write, whoever leads in the end")
    func takeOver() {
        LiveCluster.run { live in
            let cluster = try DeadCluster(live)
            let (one, two, three) = (ReplicaID(1), ReplicaID(2), ReplicaID(3))
            for (leader, supports) in [(two, [one]), (one, [two, three]), (three, [two])] {
                let steps = try Self.killEverywhere(
                    .takeOver(target: two, supports: [one]), cluster
                ) { surgeon, words in
                    try surgeon.takeOver(target: leader, supports: supports)
                    let surveys = try ([leader] + supports).map { try cluster.survey($0) }
                    for survey in surveys {
                        #expect(survey.committed.map { $0 >= cluster.answered } == true, "\(words)")
                        #expect(survey.committed == surveys[0].committed, "\(words)")
                    }
                    #expect(surveys[0].contents.metadata.role == .primary, "\(words)")
                    let backups = surveys.dropFirst().map(\.contents.metadata.role)
                    #expect(backups.allSatisfy { $0 == .backup }, "\(words)")
                }
                print("a takeover was killed at \(steps.count) steps: \(steps)")
                #expect(steps.count == 12)
            }
        }
    }

    @Test("a rejoin killed at any step leaves a folder that a start accepts, and can be done again")
    func rejoin() {
        LiveCluster.run { live in
            let cluster = try DeadCluster(live)
            let (primary, replica) = (ReplicaID(1), ReplicaID(3))
            let operations: [SurgicalOperation] = [
                .rejoin(replica, primary: primary), .rebuild(replica, primary: primary),
            ]
            for operation in operations {
                let steps = try Self.killEverywhere(operation, cluster) { surgeon, words in
                    let half = try cluster.survey(replica)
                    #expect(half.contents.metadata.role == .backup, "\(words)")
                    try surgeon.carryOut(operation)
                    let whole = try cluster.survey(replica)
                    #expect(whole.committed.map { $0 >= cluster.answered } == true, "\(words)")
                    #expect(whole.highest == (try cluster.survey(primary)).highest, "\(words)")
                }
                print("a rejoin was killed at \(steps.count) steps: \(steps)")
                #expect(steps.count >= 3)
            }
        }
    }

    @Test("what cannot be operated on is refused, and the reason comes across")
    func refused() throws {
        let layout = ClusterLayout(
            workspaceRoot: "/nowhere", addresses: (Self.addresses, Self.addresses, Self.addresses))
        let error = #expect(throws: SurgeonRefusal.self) {
            try ReplicaSurgeon(layout: layout).carryOut(
                .rejoin(ReplicaID(1), primary: ReplicaID(2)), killedAtStep: 1)
        }
        #expect(error?.description.contains("/nowhere/cluster-layout.txt") == true)
    }

    private static let addresses = ReplicaAddresses(
        control: .loopback(port: 1), client: .loopback(port: 2), protocol: .loopback(port: 3))
}
