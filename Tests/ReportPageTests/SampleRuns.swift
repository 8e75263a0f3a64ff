import Checking
import History
import Reporting

/// Runs as records, made one event after the other.
struct SampleRun {
    private(set) var events: [HistoryEvent] = []
    private var time: UInt64 = 0
    private var attempts: UInt64 = 0
    var header: RunHeader

    init(_ runID: String = "reservation_contention-crash-restart") {
        header = RunHeader(
            runID: runID, workload: "sample", nemesis: "crash_restart", testbed: "local", seed: 7,
            concurrency: 5, startedAt: 1_764_000_000_000_000_000, slotRule: "constant",
            toolVersion: "test", limits: ClusterLimits())
    }

    var record: RunRecord { RunRecord(header: header, events: events) }

    mutating func pass(_ duration: Duration) {
        time +=
            UInt64(max(0, duration.components.attoseconds / 1_000_000_000))
            + UInt64(max(0, duration.components.seconds)) * 1_000_000_000
    }

    mutating func add(_ content: HistoryEvent.Content, by process: UInt32 = 0) {
        time += 1
        events.append(
            HistoryEvent(
                sequence: Sequence(UInt64(events.count + 1)), time: RunInstant(time),
                process: ProcessID(process), content: content))
    }

    /// One attempt that is answered after a while.
    mutating func attempt(
        _ operation: Operation, id: UInt128? = nil, _ outcome: Outcome, by process: UInt32 = 1,
        after latency: Duration = .milliseconds(1)
    ) {
        attempts += 1
        let number = AttemptNumber(attempts)
        add(
            .invoke(
                Invocation(
                    attempt: number, operationID: id.map { OperationID($0) }, operation: operation,
                    slot: operation.isMutating ? Slot(1) : nil, endpoint: ReplicaID(1))),
            by: process)
        pass(latency)
        add(.complete(number, outcome), by: process)
    }

    mutating func fault(_ kind: String, detail: String, lasting duration: Duration) {
        let id = FaultID(UInt64(events.count))
        let targets = [ReplicaID(1)]
        add(.fault(FaultEvent(id: id, phase: .begin, kind: kind, targets: targets, detail: detail)))
        pass(duration)
        add(.fault(FaultEvent(id: id, phase: .end, kind: kind, targets: targets)))
    }

    static func granted(_ lsn: UInt64) -> Outcome {
        let result = CommitResult(
            reservationID: ReservationID(UInt128(lsn)), epoch: LeaseEpoch(1), deadline: Slot(101))
        return .committed(LSN(lsn), result, fromRetryCache: false)
    }

    /// A resource is created and reserved; read, and after a fault reserved again for somebody
    /// else when `isBroken`.
    static func small(isBroken: Bool) -> SampleRun {
        let resource = ResourceID(1)
        var run = SampleRun()
        run.attempt(
            .createResource(resource), id: 1, .committed(LSN(1), .empty, fromRetryCache: false))
        run.pass(.milliseconds(20))
        run.attempt(.reserve(resource, HolderID(5), ttl: SlotCount(100)), id: 2, granted(2))
        let view = ResourceView(
            resourceID: resource, state: .reserved, currentReservation: ReservationID(2), version: 1
        )
        run.attempt(.getResource(resource, requiredLSN: nil), .read(.resource(view), .unknown))
        run.pass(.seconds(3))
        run.fault("crash-primary", detail: "crash primary (replica 1)", lasting: .seconds(2))
        run.pass(.milliseconds(700))
        let second = Operation.reserve(resource, HolderID(6), ttl: SlotCount(100))
        run.attempt(second, id: 3, .ambiguous(.timeout), by: 2, after: .milliseconds(250))
        run.attempt(
            second, id: 3,
            isBroken ? granted(3) : .refused(LSN(3), .resourceBusy, fromRetryCache: false), by: 2)
        return run
    }

    /// A long run in which latencies rise in faults. Every attempt in a thousand is ambiguous.
    static func long(attempts: Int) -> SampleRun {
        var run = SampleRun("reservation_contention-mixed-failover")
        var random = UInt64(1)
        var lsn: UInt64 = 0
        for number in 0..<attempts {
            // A linear congruence is random enough for a picture.
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let noise = random >> 40
            if number % 20_000 == 10_000 {
                run.fault("crash-primary", detail: "crash primary", lasting: .milliseconds(900))
            }
            let latency = Duration.microseconds(
                Int64(150 + noise % 700 * (noise % 97 == 0 ? 30 : 1)))
            let resource = ResourceID(UInt128(1 + noise % 12))
            let outcome: Outcome
            lsn += 1
            switch noise % 1000 {
            case 0: outcome = .ambiguous(.timeout)
            case 1..<30: outcome = .failed(.notPrimary(role: .backup))
            case 30..<500: outcome = .refused(LSN(lsn), .resourceBusy, fromRetryCache: false)
            case _: outcome = granted(lsn)
            }
            run.attempt(
                .reserve(resource, HolderID(UInt128(noise % 5)), ttl: SlotCount(10)),
                id: UInt128(number + 1), outcome, by: UInt32(1 + number % 5), after: latency)
        }
        return run
    }
}
