import History
import HistorySamples
import Testing

@Suite("A record is exported to text version 1 by the mapping of the specification")
struct TextExportTests {
    /// One request and its outcome by client 1, asked of replica 2.
    private struct Step {
        var operation: Operation
        var outcome: Outcome?
        var id: UInt128?
        var slot: UInt64?

        init(_ operation: Operation, _ outcome: Outcome?, id: UInt128? = nil, slot: UInt64? = nil) {
            (self.operation, self.outcome, self.id, self.slot) = (operation, outcome, id, slot)
        }
    }

    private func export(_ steps: [Step]) -> TextExport {
        var events: [HistoryEvent] = []
        func add(_ content: HistoryEvent.Content) {
            let number = UInt64(events.count) + 1
            events.append(
                HistoryEvent(
                    sequence: Sequence(number), time: RunInstant(number * 1_000_000),
                    process: ProcessID(1), content: content))
        }
        for (index, step) in steps.enumerated() {
            let attempt = AttemptNumber(UInt64(index) + 1)
            add(
                .invoke(
                    Invocation(
                        attempt: attempt, operationID: step.id.map { OperationID($0) },
                        operation: step.operation, slot: step.slot.map { Slot($0) },
                        endpoint: ReplicaID(2))))
            if let outcome = step.outcome { add(.complete(attempt, outcome)) }
        }
        var header = RunHeader.example
        header.startedAt = 1_000_000_000_000
        return TextExport(RunRecord(header: header, events: events))
    }

    /// The line without what all lines have in common.
    private func line(_ export: TextExport, _ index: Int = 0) -> String {
        let lines = String(decoding: export.text, as: UTF8.self).split(separator: "\n")
        guard let place = lines[index + 1].firstRange(of: "operation=")?.lowerBound else {
            return ""
        }
        return String(lines[index + 1][place...])
    }

    private static let reserve = Operation.reserve(ResourceID(5), HolderID(7), ttl: SlotCount(4))
    private static let granted = Outcome.committed(
        LSN(9),
        CommitResult(reservationID: ReservationID(9), epoch: LeaseEpoch(1), deadline: Slot(14)),
        fromRetryCache: false)
    private static let done = Outcome.committed(LSN(20), .empty, fromRetryCache: false)

    @Test("process, sequence and time")
    func common() {
        let export = export([Step(Self.reserve, Self.granted, id: 1, slot: 10)])
        #expect(
            String(decoding: export.text, as: UTF8.self).hasPrefix(
                "version=1\nsequence=1 process=client-1 time_millis=1000002 operation=reserve "))
    }

    @Test("a lease from its grant to its end")
    func writes() {
        let export = export([
            Step(Self.reserve, Self.granted, id: 1, slot: 10),
            Step(
                .confirm(ReservationID(9), HolderID(7), LeaseEpoch(1)), Self.done, id: 2, slot: 11),
            Step(
                .release(ReservationID(9), HolderID(7), LeaseEpoch(1)), Self.done, id: 3, slot: 12),
            Step(.revoke(ReservationID(9)), Self.done, id: 4, slot: 12),
            Step(.reclaim(ReservationID(9)), Self.done, id: 5, slot: 12),
        ])
        #expect(
            (0..<5).map { line(export, $0) } == [
                "operation=reserve operation_id=1 resource_id=5 holder_id=7 request_slot=10"
                    + " ttl_slots=4 outcome=committed_write applied_lsn=9 write_result=reserved"
                    + " committed_reservation_id=9 committed_holder_id=7 committed_lease_epoch=1"
                    + " expires_at_slot=14",
                "operation=confirm operation_id=2 resource_id=5 reservation_id=9 holder_id=7"
                    + " lease_epoch=1 request_slot=11 outcome=committed_write applied_lsn=20"
                    + " write_result=confirmed committed_reservation_id=9 committed_holder_id=7"
                    + " committed_lease_epoch=1",
                "operation=release operation_id=3 resource_id=5 reservation_id=9 holder_id=7"
                    + " lease_epoch=1 request_slot=12 outcome=committed_write applied_lsn=20"
                    + " write_result=released committed_reservation_id=9 committed_holder_id=7"
                    + " released_lsn=20",
                "operation=revoke operation_id=4 reservation_id=9 request_slot=12"
                    + " outcome=committed_write applied_lsn=20 write_result=revoked"
                    + " committed_reservation_id=9",
                "operation=reclaim operation_id=5 reservation_id=9 request_slot=12"
                    + " outcome=committed_write applied_lsn=20 write_result=reclaimed"
                    + " committed_reservation_id=9",
            ])
    }

    @Test("a bundle is written with its members, and so is what is done with it")
    func bundles() {
        let bundle = Operation.reserveBundle(
            [ResourceID(5), ResourceID(6)], HolderID(7), ttl: SlotCount(4))
        let export = export([
            Step(bundle, Self.granted, id: 1, slot: 10),
            Step(
                .confirm(ReservationID(9), HolderID(7), LeaseEpoch(1)),
                .refused(LSN(10), .invalidState, fromRetryCache: false), id: 2, slot: 10),
        ])
        #expect(line(export).hasPrefix("operation=reserve_bundle operation_id=1 resource_id=5"))
        #expect(line(export).contains(" resource_ids=5,6 "))
        #expect(
            line(export, 1) == "operation=confirm operation_id=2 resource_id=5 resource_ids=5,6"
                + " reservation_id=9 holder_id=7 lease_epoch=1 request_slot=10"
                + " outcome=definite_failure reason=conflict")
    }

    @Test("a tick lists what was due, the earliest deadline first and no more than it said")
    func ticks() {
        func grant(_ lsn: UInt64, deadline: UInt64) -> Outcome {
            .committed(
                LSN(lsn),
                CommitResult(
                    reservationID: ReservationID(UInt128(lsn)), epoch: LeaseEpoch(1),
                    deadline: Slot(deadline)), fromRetryCache: false)
        }
        func reserve(_ resource: UInt128) -> Operation {
            .reserve(ResourceID(resource), HolderID(7), ttl: SlotCount(1))
        }
        let export = export([
            Step(reserve(1), grant(1, deadline: 30), id: 1, slot: 10),
            Step(reserve(2), grant(2, deadline: 20), id: 2, slot: 10),
            Step(reserve(3), grant(3, deadline: 20), id: 3, slot: 10),
            Step(reserve(4), grant(4, deadline: 20), id: 4, slot: 10),
            Step(
                .confirm(ReservationID(2), HolderID(7), LeaseEpoch(1)),
                .committed(LSN(5), .empty, fromRetryCache: false), id: 5, slot: 10),
            Step(.tickExpirations, .ticked(applied: 0, lastLSN: nil), slot: 19),
            Step(.tickExpirations, .ticked(applied: 1, lastLSN: LSN(6)), slot: 20),
            Step(.tickExpirations, .ticked(applied: 2, lastLSN: LSN(8)), slot: 30),
        ])
        #expect(export.events.count == 7)
        #expect(export.omitted == [.tickWithoutEffect: 1])
        #expect(line(export, 5).hasSuffix("write_result=tick_expired expired=3:7:3:6"))
        #expect(line(export, 6).hasSuffix("expired=4:7:4:8,1:7:1:8"))
        #expect(line(export, 5).contains("operation_id=170141183460469231731687303715884105735 "))
    }

    @Test("reads: what is known is written, what the format demands is filled in")
    func reads() {
        let view = LeaseView(
            reservationID: ReservationID(9), holder: HolderID(7), state: .revoking,
            epoch: LeaseEpoch(2), createdLSN: LSN(9), deadline: Slot(14), releasedLSN: nil,
            retireAfter: nil, members: [ResourceID(5), ResourceID(6)])
        let held = ResourceView(
            resourceID: ResourceID(5), state: .reserved, currentReservation: ReservationID(9),
            version: 3)
        let unknown = ResourceView(
            resourceID: ResourceID(5), state: .reserved, currentReservation: ReservationID(99),
            version: 3)
        let known = ServingFacts(role: .backup, observedLSN: LSN(3))
        let export = export([
            Step(
                .getReservation(ReservationID(9), requiredLSN: LSN(9)),
                .read(.lease(view), .unknown), slot: 12),
            Step(.getResource(ResourceID(5), requiredLSN: nil), .read(.resource(held), .unknown)),
            Step(
                .getResource(ResourceID(5), requiredLSN: nil), .read(.resource(unknown), .unknown)),
            Step(.getReservation(ReservationID(1), requiredLSN: nil), .read(.retired, known)),
            Step(
                .getResource(ResourceID(5), requiredLSN: LSN(8)),
                .read(
                    .resource(
                        ResourceView(
                            resourceID: ResourceID(5), state: .available, currentReservation: nil,
                            version: 0)), known)),
        ])
        #expect(
            line(export) == "operation=get_reservation reservation_id=9 required_lsn=9"
                + " request_slot=12 outcome=read_ok read_target=reservation served_by=2"
                + " served_role=primary observed_lsn=9 reservation_state=active:5:7:14:true")
        #expect(
            line(export, 1) == "operation=get_resource resource_id=5 outcome=read_ok"
                + " read_target=resource served_by=2 served_role=primary observed_lsn=none"
                + " resource_state=reserved:7:9:14")
        #expect(line(export, 2).hasSuffix("outcome=definite_failure reason=retired"))
        #expect(
            line(export, 3).hasSuffix(
                "served_role=backup observed_lsn=3 resource_state=available"))
        #expect(export.omitted == [.unknownLease: 1])
    }

    @Test(
        "every refusal of the state machine has its reason",
        arguments: zip(
            RefusalCode.allCases,
            [
                "conflict", "conflict", "conflict", "not_found", "busy", "conflict", "conflict",
                "conflict", "conflict", "not_found", "retired", "conflict", "conflict", "conflict",
                "conflict", "conflict", "stale_epoch", "conflict",
            ]))
    func refusals(_ code: RefusalCode, _ reason: String) {
        let export = export([
            Step(Self.reserve, .refused(LSN(3), code, fromRetryCache: true), id: 1, slot: 10)
        ])
        #expect(line(export).hasSuffix(" outcome=definite_failure reason=\(reason)"))
    }

    @Test("failures and ambiguities keep their kind; what was never sent is left out")
    func failures() {
        let outcomes: [(Outcome?, String?)] = [
            (.failed(.notPrimary(role: .backup)), "definite_failure reason=not_primary"),
            (
                .failed(.fenceNotApplied(lastApplied: nil)),
                "definite_failure reason=fence_not_applied"
            ),
            (.failed(.engineHalted), "definite_failure reason=engine_halted"),
            (.failed(.lsnExhausted), "definite_failure reason=engine_halted"),
            (.failed(.replicaFaulted), "definite_failure reason=engine_halted"),
            (.failed(.invalidRequest), "definite_failure reason=invalid_request"),
            (.failed(.slotOverflow), "definite_failure reason=invalid_request"),
            (.failed(.commandTooLarge), "definite_failure reason=invalid_request"),
            (.failed(.overloaded), "definite_failure reason=busy"),
            (.failed(.isolated), nil), (.failed(.connectionRefused), nil),
            (.ambiguous(.timeout), "ambiguous reason=timeout"),
            (.ambiguous(.interrupted), "ambiguous reason=timeout"),
            (.ambiguous(.transportLoss), "ambiguous reason=transport_loss"),
            (.ambiguous(.unintelligibleAnswer), "ambiguous reason=transport_loss"),
            (.ambiguous(.indefiniteWrite), "ambiguous reason=indefinite_write"),
            (nil, "ambiguous reason=timeout"),
        ]
        for (outcome, expected) in outcomes {
            let export = export([Step(Self.reserve, outcome, id: 1, slot: 10)])
            #expect(export.events.count == (expected == nil ? 0 : 1))
            if let expected { #expect(line(export).hasSuffix(" outcome=\(expected)")) }
        }
    }

    @Test("what cannot be said is counted")
    func omissions() {
        let export = export([
            Step(.createResource(ResourceID(1)), Self.done, id: 1, slot: 1),
            Step(Self.reserve, Self.done, id: 2, slot: 1),
            Step(.confirm(ReservationID(8), HolderID(1), LeaseEpoch(1)), Self.done, id: 3, slot: 1),
            Step(.release(ReservationID(8), HolderID(1), LeaseEpoch(1)), Self.done, id: 4, slot: 1),
        ])
        #expect(export.events.isEmpty)
        #expect(
            export.omitted == [.creationOfResource: 1, .incompleteAnswer: 1, .unknownLease: 2])
    }
}
