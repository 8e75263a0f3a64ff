import ClusterProtocol
import LeaseEngine
import LeaseKernel
import Replication
import Testing

@Suite("Takeover")
struct TakeoverTests {
    @Test("an entry both backups prepared survives though neither heard its commit")
    func preparedEverywhereCommittedNowhere() throws {
        var cluster = try MemoryCluster()
        try cluster.write(.createResource(ResourceID(11)), at: 1)
        let lsn = try cluster.prepareEverywhere(
            .reserve(ResourceID(11), holder: HolderID(5), ttlSlots: 4), at: 2)
        // The primary commits and answers; its commit messages are lost, and so is the primary.
        let answer = try cluster.commit(lsn, on: 1)
        #expect(answer.outcome.code == .ok)
        #expect(answer.outcome.reservationID == ReservationID(2))

        let plan = try cluster.takeOver([2, 3], primary: 2)
        #expect(plan.target == lsn)
        #expect(plan.recommitted.map(\.lsn) == [lsn])
        for id in [2, 3] as [UInt64] {
            let node = try cluster.start(id)
            #expect(node.status == .active)
            #expect(node.metadata.currentView == View(2))
            #expect(node.metadata.commitLSN == lsn)
            #expect(node.metadata.role == (id == 2 ? .primary : .backup))
            #expect(node.engine?.kernel.resource(ResourceID(11))?.state == .reserved)
        }
        // The client repeats its operation and gets the answer it was given.
        let retry = try #require(
            try cluster.start(2).engine?.kernel.answerFromRetryTable(
                to: ClientCommand(
                    operationID: OperationID(2), clientID: ClientID(7),
                    command: .reserve(ResourceID(11), holder: HolderID(5), ttlSlots: 4)),
                at: Slot(3)))
        #expect(retry.lsn == lsn && retry.outcome == answer.outcome)
    }

    @Test("the last normal view counts more than the length of the log")
    func viewBeforeLength() throws {
        var cluster = try MemoryCluster()
        try cluster.write(.createResource(ResourceID(1)), at: 1)
        // Replica 1 prepares three more alone; the others begin view 2 without them.
        for number in 0..<3 as Range<UInt128> {
            _ = try cluster.prepare(.createResource(ResourceID(2 + number)), at: 1, on: [1])
        }
        try cluster.takeOver([2, 3], primary: 2)
        let lsn = try cluster.write(.createResource(ResourceID(9)), at: 1, primary: 2, backups: [3])
        let plan = try cluster.takeOver([1, 3])
        #expect(plan.source == ReplicaID(3))
        #expect(plan.target == lsn)
        #expect(plan.newView == View(3))
    }

    @Test("what a primary lost in a crash never wins over what it wrote afterwards")
    func generationBeforeLength() throws {
        // Replica 3 holds two entries of a first life of the primary that it never answered;
        // in its second life it committed one other entry together with replica 2.
        func contents(
            _ id: UInt64, _ payloads: [UInt64], generation: UInt64
        ) -> WorkspaceContents {
            var prepared = PreparedEntries()
            var generations: [LSN: Generation] = [:]
            for (index, resource) in payloads.enumerated() {
                let lsn = LSN(UInt64(index) + 1)
                prepared.insert(
                    MemoryCluster.entry(.createResource(ResourceID(UInt128(resource))), lsn, at: 1))
                generations[lsn] = Generation(generation)
            }
            return WorkspaceContents(
                format: .native,
                metadata: ReplicaMetadata(
                    replicaID: ReplicaID(id), shardID: ShardID(0), currentView: View(1),
                    role: .backup, lastNormalView: View(1)),
                snapshot: nil, frames: [], prepared: prepared, generations: generations,
                highestTerm: Term(view: View(1), generation: Generation(generation)),
                highestGeneration: Generation(generation))
        }
        let surveys = try [
            contents(2, [20], generation: 2), contents(3, [30, 31], generation: 1),
        ].map { try ReplicaSurvey($0, configuration: .scenarios) }
        let plan = try TakeoverPlan(surveys, clusterSize: 3)
        #expect(plan.source == ReplicaID(2))
        #expect(plan.target == LSN(1))
        // And the next life of a primary begins above every generation seen.
        #expect(
            plan.contents(for: ReplicaID(3), after: .commit)?.highestGeneration
                == Generation(2))
    }

    @Test("an entry that no replica can apply is left out, with what follows it")
    func poison() throws {
        var cluster = try MemoryCluster()
        try cluster.write(.createResource(ResourceID(1)), at: 9)
        _ = try cluster.prepareEverywhere(.createResource(ResourceID(2)), at: 10)
        let poison = try cluster.prepareEverywhere(.createResource(ResourceID(3)), at: 2)
        _ = try cluster.prepareEverywhere(.createResource(ResourceID(4)), at: 11)
        let plan = try cluster.takeOver([2, 3])
        #expect(plan.target == LSN(2))
        #expect(plan.candidates.map(\.inapplicable) == [poison, poison])
        #expect(try cluster.start(2).status == .active)
    }

    @Test("a replica whose log is one frame ahead of its metadata counts with that frame")
    func logAheadOfMetadata() throws {
        var cluster = try MemoryCluster()
        try cluster.write(.createResource(ResourceID(1)), at: 1)
        let before = cluster.storages[2]?.metadata
        let lsn = try cluster.write(.createResource(ResourceID(2)), at: 1)
        cluster.storages[2]?.metadata = before
        // The reference never starts this one again.
        #expect(try cluster.start(2).status != .active)
        let plan = try cluster.takeOver([2, 3])
        #expect(plan.target == lsn)
        #expect(try cluster.start(2).status == .active)
    }

    @Test("whoever could have lost a promise does not count for a majority")
    func refusals() throws {
        var cluster = try MemoryCluster()
        try cluster.write(.createResource(ResourceID(1)), at: 1)
        try cluster.write(.createResource(ResourceID(2)), at: 1)
        expect(.noMajority(present: 1, needed: 2)) { try cluster.plan([2]) }
        expect(.repeatedReplica(ReplicaID(2))) { try cluster.plan([2, 2]) }
        expect(.unknownReplica(ReplicaID(1))) { try cluster.plan([2, 3], primary: 1) }

        var shortened = cluster
        try shortened.edit(2) { $0.engine.tearWAL(5) }
        expect(.lostCommittedEntries(ReplicaID(2), committed: LSN(2), held: LSN(1))) {
            try shortened.plan([2, 3])
        }
        var forgotten = cluster
        try forgotten.edit(2) { $0.metadata = nil }
        expect(.noMetadata(folder: "replica-2")) { try forgotten.plan([2, 3]) }
        var damaged = cluster
        try damaged.edit(2) { $0.engine.corruptLastByteOfWAL() }
        expect(.damagedLog(file: "replica-2/state.wal", offset: 80)) {
            try damaged.plan([2, 3])
        }
        var diverged = try MemoryCluster()
        try diverged.write(.createResource(ResourceID(1)), at: 1)
        try diverged.write(.createResource(ResourceID(7)), at: 1)
        diverged.storages[3] = cluster.storages[3]
        expect(.divergedLogs(ReplicaID(2), ReplicaID(3), LSN(2))) { try diverged.plan([2, 3]) }
    }

    private func expect(
        _ expected: SurgeryError, _ body: () throws -> TakeoverPlan,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try body()
            Issue.record("not refused: \(expected)", sourceLocation: sourceLocation)
        } catch {
            #expect("\(error)" == "\(expected)", sourceLocation: sourceLocation)
        }
    }
}
