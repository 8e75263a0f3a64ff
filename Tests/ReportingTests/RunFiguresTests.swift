import History
import Reporting
import Testing

@Suite("figures of a run")
struct RunFiguresTests {
    /// Builds a record whose events stand at milliseconds.
    private struct Builder {
        var events: [HistoryEvent] = []
        var attempts: UInt64 = 0

        mutating func add(_ at: UInt64, _ content: HistoryEvent.Content, by process: UInt32 = 1) {
            events.append(
                HistoryEvent(
                    sequence: Sequence(UInt64(events.count + 1)),
                    time: RunInstant(at * 1_000_000), process: ProcessID(process),
                    content: content))
        }

        mutating func note(_ at: UInt64, _ text: String) { add(at, .note(text), by: 0) }

        mutating func fault(_ at: UInt64, _ phase: FaultEvent.Phase) {
            add(
                at,
                .fault(
                    FaultEvent(id: FaultID(1), phase: phase, kind: "crash", targets: [])), by: 0)
        }

        /// A write from `begin` to `end`; without an outcome it is never answered.
        mutating func write(
            _ begin: UInt64, _ end: UInt64, _ outcome: Outcome?, id: UInt128, by process: UInt32 = 1
        ) {
            attempts += 1
            add(
                begin,
                .invoke(
                    Invocation(
                        attempt: AttemptNumber(attempts), operationID: OperationID(id),
                        operation: .createResource(ResourceID(1)), slot: Slot(1),
                        endpoint: ReplicaID(1))), by: process)
            if let outcome { add(end, .complete(AttemptNumber(attempts), outcome), by: process) }
        }

        var figures: RunFigures {
            let header = RunHeader(
                runID: "x", workload: "", nemesis: "", testbed: "local", seed: 1, concurrency: 1,
                slotRule: "", toolVersion: "", limits: ClusterLimits())
            let sorted = events.sorted { $0.time < $1.time }
            return RunFigures(RunRecord(header: header, events: sorted))
        }
    }

    private static func committed(_ lsn: UInt64, cached: Bool = false) -> Outcome {
        .committed(LSN(lsn), .empty, fromRetryCache: cached)
    }

    @Test("availability counts the tenths with a write in flight, and those in which one succeeded")
    func availability() {
        var builder = Builder()
        builder.note(1000, RunFigures.windowBegins)
        builder.write(1010, 1020, Self.committed(1), id: 1)  // tenth 0: good
        builder.write(1110, 1350, .ambiguous(.timeout), id: 2)  // tenths 1, 2, 3: bad
        builder.write(1360, 1390, Self.committed(2), id: 3)  // tenth 3: good after all
        builder.write(1510, 1520, .failed(.notPrimary(role: nil)), id: 4)  // tenth 5: bad
        builder.write(1610, 1710, .refused(LSN(3), .resourceBusy, fromRetryCache: false), id: 5)
        builder.write(1810, 1820, Self.committed(4), id: 6, by: 0)  // the tool's own: no client
        builder.write(990, 995, Self.committed(5), id: 7)  // before the window
        builder.note(2050, RunFigures.windowEnds)
        builder.write(2060, 2070, Self.committed(6), id: 8)  // after it
        let figures = builder.figures
        #expect(figures.busyTenths == 7)
        #expect(figures.availableTenths == 3)
        #expect(Builder().figures.availability == nil)
    }

    @Test("a recovery is from the end of a fault to the next success, and never made up")
    func recoveries() {
        var builder = Builder()
        builder.fault(100, .begin)
        builder.write(150, 160, Self.committed(1), id: 1)
        builder.fault(200, .end)
        builder.write(210, 220, .failed(.connectionRefused), id: 2)
        builder.write(190, 450, Self.committed(2), id: 3)
        builder.fault(500, .begin)
        builder.fault(600, .end)
        #expect(builder.figures.recoveries == [.milliseconds(250)])
    }

    @Test("every ambiguous command is counted once, by what a later answer showed")
    func ambiguities() {
        var builder = Builder()
        let ambiguous = Outcome.ambiguous(.timeout)
        builder.write(0, 1, ambiguous, id: 1)
        builder.write(2, 3, ambiguous, id: 1)
        builder.write(4, 5, Self.committed(1, cached: true), id: 1)
        builder.write(6, 7, ambiguous, id: 2)
        builder.write(8, 9, Self.committed(2), id: 2)
        builder.write(10, 11, ambiguous, id: 3)
        builder.write(12, 13, .refused(LSN(3), .resourceBusy, fromRetryCache: true), id: 3)
        builder.write(14, 15, .failed(.notPrimary(role: nil)), id: 4)
        builder.write(16, 17, nil, id: 5)
        // Known before anything was in doubt: nothing to resolve.
        builder.write(18, 19, Self.committed(4), id: 6)
        builder.write(20, 21, ambiguous, id: 6)
        let counts = builder.figures.ambiguities
        #expect(counts.tookEffect == 1 && counts.byRetry == 1 && counts.refused == 1)
        #expect(counts.unresolved == 1)
    }
}
