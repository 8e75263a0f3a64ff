import Synchronization
import SystemCalls

/// What recording costs the client whose request is recorded, and how much it writes.
public enum RecorderBenchmark {
    /// Records `eventCount` events by 1, 2 and 4 clients at once, in records below `folder`: the
    /// processor time that the clients spend on it, beside that of a bare lock and clock read, and
    /// the time on the wall until everything is on disk.
    public static func run(
        eventCount: Int, folder: String
    ) throws(HistoryFileError) -> BenchmarkReport {
        var report = BenchmarkReport("recorder: \(eventCount) events", unit: "event")
        report.add("lock and clock alone", bare(eventCount), count: eventCount)
        for clients in [1, 2, 4] {
            let path = "\(folder)/recorder-\(clients).bin"
            let each = eventCount / clients
            let recorder = try Recorder(creating: path, header: header)
            let start = Instant.now
            let spent = try record(clients, rounds: UInt64(each / 2), on: recorder)
            try recorder.finish()
            let durable = Instant.now - start
            let count = Int(recorder.eventCount)
            let bytes = try size(of: path)
            report.add("\(clients) clients, their processor time", spent, count: count)
            report.add(
                "\(clients) clients, on disk (wall)", durable, count: count,
                note: "\(BenchmarkReport.text(Double(bytes) / Double(max(count, 1)), 1)) bytes"
                    + " per event")
        }
        return report
    }

    private static func bare(_ count: Int) -> Duration {
        let lock = Mutex(UInt64(0))
        return BenchmarkReport.best(of: 3) {
            for _ in 0..<count { lock.withLock { $0 &+= Instant.now.nanoseconds } }
        }
    }

    /// The processor time of all clients together.
    private static func record(
        _ clients: Int, rounds: UInt64, on recorder: Recorder
    ) throws(HistoryFileError) -> Duration {
        let failure = Mutex<HistoryFileError?>(nil)
        let spent = Mutex(Duration.zero)
        var threads: [WorkerThread] = []
        do throws(SystemError) {
            for client in 1...clients {
                threads.append(
                    try WorkerThread(name: "client-\(client)") {
                        do throws(HistoryFileError) {
                            let start = BenchmarkReport.threadTime()
                            try work(ProcessID(UInt32(client)), rounds, on: recorder)
                            spent.withLock { $0 += BenchmarkReport.threadTime() - start }
                        } catch {
                            failure.withLock { $0 = error }
                        }
                    })
            }
        } catch {
            for thread in threads { thread.join() }
            throw .writing(recorder.path, error)
        }
        for thread in threads { thread.join() }
        if let error = failure.withLock({ $0 }) { throw error }
        return spent.withLock { $0 }
    }

    /// Reserves and reads in turn, with ids as large as real ones.
    private static func work(
        _ process: ProcessID, _ rounds: UInt64, on recorder: Recorder
    ) throws(HistoryFileError) {
        let base: UInt128 = 7_710_485_024_857_093_308_429
        for round in 0..<rounds {
            let resource = ResourceID(UInt128(round % 16))
            let isWrite = round.isMultiple(of: 2)
            let attempt = try recorder.invoke(
                isWrite
                    ? .reserve(resource, HolderID(UInt128(process.rawValue)), ttl: SlotCount(64))
                    : .getResource(resource, requiredLSN: nil),
                id: isWrite ? OperationID(base + UInt128(round)) : nil,
                slot: isWrite ? Slot(1_838_322_883_505_432) : nil, endpoint: ReplicaID(1),
                by: process)
            let outcome: Outcome =
                isWrite
                ? .committed(
                    LSN(round),
                    CommitResult(
                        reservationID: ReservationID(UInt128(round)), epoch: LeaseEpoch(1),
                        deadline: Slot(1_838_322_883_505_496)), fromRetryCache: false)
                : .read(
                    .resource(
                        ResourceView(
                            resourceID: resource, state: .available, currentReservation: nil,
                            version: round)), .unknown)
            try recorder.complete(attempt, outcome, by: process)
        }
    }

    private static func size(of path: String) throws(HistoryFileError) -> Int64 {
        do throws(SystemError) {
            return try FileSystem.facts(path)?.size ?? 0
        } catch {
            throw .reading(path, error)
        }
    }

    private static var header: RunHeader {
        RunHeader(
            runID: "benchmark", workload: "none", nemesis: "none", testbed: "none", seed: 0,
            concurrency: 4, slotRule: "constant", toolVersion: "", limits: ClusterLimits())
    }
}
