import Checking
import History
import Testing

@Suite("A record that does not show what its workload exists for does not pass")
struct CoverageTests {
    /// A legal execution, one command after the other, with whatever is asked for in it.
    struct Script {
        var events: [HistoryEvent] = []
        private var attempts: UInt64 = 0
        private var time: UInt64 = 0
        private(set) var lsn: UInt64 = 0

        private mutating func add(_ content: HistoryEvent.Content) {
            time += 1000
            events.append(
                HistoryEvent(
                    sequence: Sequence(UInt64(events.count) + 1), time: RunInstant(time),
                    process: ProcessID(1), content: content))
        }

        mutating func attempt(
            _ operation: History.Operation, id: UInt128? = nil, slot: UInt64 = 1, _ outcome: Outcome
        ) {
            attempts += 1
            let number = AttemptNumber(attempts)
            add(
                .invoke(
                    Invocation(
                        attempt: number, operationID: id.map { OperationID($0) },
                        operation: operation, slot: Slot(slot), endpoint: ReplicaID(1))))
            add(.complete(number, outcome))
        }

        /// A command that the log answers at its next place.
        mutating func command(
            _ operation: History.Operation, id: UInt128, slot: UInt64 = 1,
            refused code: RefusalCode? = nil, ttl: UInt64? = nil
        ) {
            lsn += 1
            if let code {
                attempt(
                    operation, id: id, slot: slot,
                    .refused(LSN(lsn), code, fromRetryCache: false))
                return
            }
            let result = ttl.map {
                CommitResult(
                    reservationID: ReservationID(UInt128(lsn)), epoch: LeaseEpoch(1),
                    deadline: Slot(slot + $0))
            }
            attempt(
                operation, id: id, slot: slot,
                .committed(LSN(lsn), result ?? .empty, fromRetryCache: false))
        }

        mutating func tick(slot: UInt64, expiring count: UInt32) {
            lsn += UInt64(count)
            attempt(
                .tickExpirations, slot: slot,
                .ticked(applied: count, lastLSN: count > 0 ? LSN(lsn) : nil))
        }

        mutating func fault() {
            for phase in [FaultEvent.Phase.begin, .end] {
                add(.fault(FaultEvent(id: FaultID(1), phase: phase, kind: "crash", targets: [])))
            }
        }

        func judged(as workload: String) -> Judgement {
            let header = RunHeader(
                runID: "r", workload: workload, nemesis: "none", testbed: "t", seed: 1,
                concurrency: 1, startedAt: 0, slotRule: "", toolVersion: "",
                limits: ClusterLimits(maxBundleSize: 4))
            return Judge.judge(RunRecord(header: header, events: events))
        }
    }

    static let resources = (UInt128(1)...3).map { ResourceID($0) }
    static let holder = HolderID(7)
    static let other = HolderID(8)

    static func available(_ resource: ResourceID) -> Outcome {
        .read(
            .resource(
                ResourceView(
                    resourceID: resource, state: .available, currentReservation: nil, version: 0)),
            .unknown)
    }

    /// Three resources and a read: enough for a record without a workload of ours.
    static func plain() -> Script {
        var script = Script()
        for resource in resources {
            script.command(.createResource(resource), id: resource.rawValue)
        }
        script.attempt(.getResource(resources[0], requiredLSN: nil), available(resources[0]))
        return script
    }

    /// Everything that any workload wants to see, in one legal execution.
    static func rich(without missing: CoverageSight? = nil) -> Script {
        var script = plain()
        func keeps(_ sight: CoverageSight) -> Bool { sight != missing }
        let reserve = History.Operation.reserve(resources[2], holder, ttl: SlotCount(4))
        if keeps(.plainRead) == false {
            script = Script()
            for resource in resources {
                script.command(.createResource(resource), id: resource.rawValue)
            }
        }
        if keeps(.fencedRead) {
            script.attempt(
                .getResource(resources[0], requiredLSN: LSN(1)), available(resources[0]))
        }
        if keeps(.refusedRead) {
            script.attempt(
                .getResource(resources[0], requiredLSN: nil), .failed(.notPrimary(role: nil)))
        }
        // LSN 4: a lease that expires, and is granted again.
        script.command(reserve, id: 10, ttl: 4)
        if keeps(.rememberedAnswer) {
            script.attempt(
                reserve, id: 10,
                .committed(
                    LSN(4),
                    CommitResult(
                        reservationID: ReservationID(4), epoch: LeaseEpoch(1), deadline: Slot(5)),
                    fromRetryCache: true))
        }
        if keeps(.conflictRefusal) {
            script.attempt(
                .reserve(resources[0], other, ttl: SlotCount(9)), id: 10,
                .refused(LSN(4), .operationConflict, fromRetryCache: true))
        }
        if keeps(.busyRefusal), keeps(.wideRefusal) {
            script.command(
                .reserveBundle([resources[0], resources[2]], other, ttl: SlotCount(4)), id: 11,
                refused: .resourceBusy)
        } else if keeps(.busyRefusal) {
            script.command(
                .reserve(resources[2], other, ttl: SlotCount(4)), id: 11, refused: .resourceBusy)
        }
        if keeps(.expiry) {
            script.tick(slot: 5, expiring: 1)
            if keeps(.lateConfirm), keeps(.staleHolderRefusal) {
                script.command(
                    .confirm(ReservationID(4), holder, LeaseEpoch(1)), id: 12, slot: 5,
                    refused: .staleEpoch)
            }
            if keeps(.grantAfterDeadline) {
                script.command(
                    .reserve(resources[2], other, ttl: SlotCount(9)), id: 13, slot: 5, ttl: 9)
            }
        }
        let bundle = UInt128(script.lsn + 1)
        if keeps(.wideGrant) {
            script.command(
                .reserveBundle([resources[1], resources[0]], holder, ttl: SlotCount(9)), id: 20,
                slot: 5, ttl: 9)
        } else {
            script.command(
                .reserve(resources[1], holder, ttl: SlotCount(9)), id: 20, slot: 5, ttl: 9)
        }
        script.command(
            .confirm(ReservationID(bundle), holder, LeaseEpoch(1)), id: 21, slot: 5)
        if keeps(.revoke) {
            script.command(.revoke(ReservationID(bundle)), id: 22, slot: 5)
            if keeps(.reclaim) {
                script.command(.reclaim(ReservationID(bundle)), id: 23, slot: 5)
            }
        }
        if keeps(.resolvedAmbiguity) {
            let revoke = History.Operation.revoke(ReservationID(999))
            script.attempt(revoke, id: 30, slot: 5, .ambiguous(.timeout))
            script.command(revoke, id: 30, slot: 5, refused: .reservationNotFound)
        }
        return script
    }

    static let workloads = [
        "reservation_contention", "ambiguous_write_retry", "failover_read_fences",
        "expiration_and_recovery", "lease_safety",
    ]

    @Test("a write and a read are enough for a record of no workload, and for no workload")
    func thin() {
        #expect(Self.plain().judged(as: "by hand").verdict == .passed)
        for workload in Self.workloads {
            guard case .unknown(let reason) = Self.plain().judged(as: workload).verdict else {
                Issue.record("\(workload) passed")
                continue
            }
            #expect(reason.hasPrefix("coverage too thin for \(workload); "))
        }
    }

    @Test("a record that shows everything passes as any workload", arguments: workloads)
    func whole(workload: String) {
        let judgement = Self.rich().judged(as: workload)
        #expect(judgement.verdict == .passed, "\(judgement.findings)")
        #expect(judgement.statistics.sights.values.allSatisfy { $0 > 0 })
    }

    @Test("each demand alone keeps a record from passing", arguments: workloads)
    func each(workload: String) throws {
        let demands = try #require(CoverageDemands.of(workload: workload))
        for sight in demands.always {
            let verdict = Self.rich(without: sight).judged(as: workload).verdict
            guard case .unknown(let reason) = verdict else {
                Issue.record("\(workload) without \(sight): \(verdict)")
                continue
            }
            #expect(reason.contains(sight.words), "\(reason)")
        }
    }

    @Test("what is owed under faults is owed only there")
    func underFaults() {
        var script = Self.rich()
        for workload in ["ambiguous_write_retry", "failover_read_fences"] {
            #expect(script.judged(as: workload).verdict == .passed)
        }
        script.fault()
        for workload in ["ambiguous_write_retry", "failover_read_fences"] {
            guard case .unknown = script.judged(as: workload).verdict else {
                Issue.record("\(workload) passed without anything during or after the fault")
                continue
            }
        }
        // Reads are places in time: this one shows the third resource as it is by now.
        script.attempt(
            .getResource(ResourceID(99), requiredLSN: LSN(1)), .read(.notFound, .unknown))
        #expect(script.judged(as: "failover_read_fences").verdict == .passed)
    }
}
