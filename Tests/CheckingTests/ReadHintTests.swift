import Checking
import History
import Testing

/// A tick chooses what is due when it begins; a lease that is released before its turn makes the
/// expiry in the middle of the batch idle. Nobody is told which of the batch's places that was,
/// except by reads.
@Suite struct ReadHintTests {
    struct Record {
        var events: [HistoryEvent] = []
        var attempts: UInt64 = 0
        var time: UInt64 = 0
        var lsn: UInt64 = 0

        mutating func event(_ process: UInt32, _ content: HistoryEvent.Content) {
            time += 1000
            events.append(
                HistoryEvent(
                    sequence: Sequence(UInt64(events.count) + 1), time: RunInstant(time),
                    process: ProcessID(process), content: content))
        }

        mutating func invoke(
            _ operation: Operation, slot: UInt64, process: UInt32 = 1
        ) -> AttemptNumber {
            attempts += 1
            let number = AttemptNumber(attempts)
            let carriesID = operation.isMutating && operation != .tickExpirations
            event(
                process,
                .invoke(
                    Invocation(
                        attempt: number,
                        operationID: carriesID ? OperationID(UInt128(attempts)) : nil,
                        operation: operation, slot: Slot(slot), endpoint: ReplicaID(1))))
            return number
        }

        mutating func commit(_ operation: Operation, slot: UInt64, granting ttl: UInt64? = nil) {
            let attempt = invoke(operation, slot: slot)
            lsn += 1
            let result =
                ttl.map {
                    CommitResult(
                        reservationID: ReservationID(UInt128(lsn)), epoch: LeaseEpoch(1),
                        deadline: Slot(slot + $0))
                } ?? .empty
            event(1, .complete(attempt, .committed(LSN(lsn), result, fromRetryCache: false)))
        }

        /// Three leases fall due; the second is released while the tick is under way; a read
        /// shows that the third expired at the last place of the batch.
        mutating func batch(slot: UInt64, isRead: Bool = true) {
            for resource in UInt128(1)...3 {
                commit(
                    .reserve(ResourceID(resource), HolderID(9), ttl: SlotCount(1)), slot: slot,
                    granting: 1)
            }
            let last = ReservationID(UInt128(lsn))
            let tick = invoke(.tickExpirations, slot: slot + 1, process: 2)
            commit(
                .release(ReservationID(UInt128(lsn - 1)), HolderID(9), LeaseEpoch(1)),
                slot: slot + 1)
            lsn += 3
            event(2, .complete(tick, .ticked(applied: 3, lastLSN: LSN(lsn))))
            guard isRead else { return }
            let read = invoke(.getReservation(last, requiredLSN: nil), slot: slot + 1)
            let view = LeaseView(
                reservationID: last, holder: HolderID(9), state: .expired, epoch: LeaseEpoch(2),
                createdLSN: LSN(UInt64(last.rawValue)), deadline: Slot(slot + 1),
                releasedLSN: LSN(lsn), retireAfter: Slot(slot + 1 + 64), members: [ResourceID(3)])
            event(1, .complete(read, .read(.lease(view), .unknown)))
        }
    }

    @Test("reads lead the replay past batches with an idle expiry, however many there are")
    func manyBatches() {
        var record = Record()
        for resource in UInt128(1)...3 {
            record.commit(.createResource(ResourceID(resource)), slot: 1)
        }
        // Without a hint each batch is a choice between two: too many to try all.
        for batch in UInt64(1)...40 { record.batch(slot: 10 * batch) }
        let header = RunHeader(
            runID: "r", workload: "w", nemesis: "n", testbed: "t", seed: 1, concurrency: 2,
            startedAt: 0, slotRule: "", toolVersion: "", limits: ClusterLimits())
        let judgement = Judge.judge(RunRecord(header: header, events: record.events))
        #expect(judgement.verdict == .passed, "\(judgement.findings.first?.explanation ?? "")")
        #expect(judgement.statistics.inferredExpiries == 120)
    }

    @Test("a read that is stale in every explanation blocks, however many there are")
    func staleInAll() {
        for (version, verdict) in [(UInt64(80), Judgement.Verdict.passed), (3, .blocked)] {
            var record = Record()
            for resource in UInt128(1)...3 {
                record.commit(.createResource(ResourceID(resource)), slot: 1)
            }
            for batch in UInt64(1)...40 { record.batch(slot: 10 * batch, isRead: false) }
            let read = record.invoke(.getResource(ResourceID(2), requiredLSN: nil), slot: 500)
            let view = ResourceView(
                resourceID: ResourceID(2), state: .available, currentReservation: nil,
                version: version)
            record.event(1, .complete(read, .read(.resource(view), .unknown)))
            let header = RunHeader(
                runID: "r", workload: "w", nemesis: "n", testbed: "t", seed: 1, concurrency: 2,
                startedAt: 0, slotRule: "", toolVersion: "", limits: ClusterLimits())
            let judgement = Judge.judge(RunRecord(header: header, events: record.events))
            #expect(judgement.verdict == verdict)
            if verdict == .blocked { #expect(judgement.findings.map(\.code) == [.staleRead]) }
        }
    }
}
