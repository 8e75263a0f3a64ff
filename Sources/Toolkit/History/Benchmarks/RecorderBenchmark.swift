import Synchronization
import SystemCalls

/// What recording costs the client whose request is recorded, how much it writes, and how fast
/// that is read back.
public enum RecorderBenchmark {
    /// Records `eventCount` events by 1, 2 and 4 clients at once, in records below `folder`: the
    /// processor time that the clients spend on it, beside that of a bare lock and clock read, and
    /// the time on the wall until everything is on disk, and the time on the wall to read it.
    public static func run(
        eventCount: Int, folder: String
    ) throws(HistoryFileError) -> BenchmarkReport {
        var report = BenchmarkReport("recorder: \(eventCount) events", unit: "event")
        report.add("lock and clock alone", bare(eventCount), count: eventCount)
        var worst = (nanoseconds: 0.0, rate: Double.infinity, bytes: 0.0)
        for clients in [1, 2, 4] {
            let path = "\(folder)/recorder-\(clients).bin"
            let each = eventCount / clients
            let recorder = try Recorder(creating: path, header: header)
            let start = Instant.now
            let spent = try record(clients, rounds: UInt64(each / 2), on: recorder)
            try recorder.finish()
            let durable = Instant.now - start
            let count = Int(recorder.eventCount)
            let bytes = Double(try size(of: path)) / Double(max(count, 1))
            report.add("\(clients) clients, their processor time", spent, count: count)
            report.add(
                "\(clients) clients, on disk (wall)", durable, count: count,
                note: "\(BenchmarkReport.text(bytes, 1)) bytes per event")
            worst.nanoseconds = max(worst.nanoseconds, spent.nanoseconds(each: count))
            worst.rate = min(worst.rate, 1e9 / durable.nanoseconds(each: count))
            worst.bytes = max(worst.bytes, bytes)
        }
        for jobs in [1, 2] {
            let path = "\(folder)/recorder-4.bin"
            let start = Instant.now
            let count = try read(path, jobs: jobs)
            report.add("read by \(jobs) threads (wall)", Instant.now - start, count: count)
        }
        report.addGoal("cost to a client", worst.nanoseconds, atMost: 1000, "ns per event")
        report.addGoal("sustained", worst.rate, atLeast: 500_000, "events/s")
        report.addGoal("on disk", worst.bytes, atMost: 40, "bytes per event")
        return report
    }

    private static func read(_ path: String, jobs: Int) throws(HistoryFileError) -> Int {
        var reader = try NativeRecordReader(path: path, jobs: jobs)
        var count = 0
        while let batch = try reader.nextBatch() { count += batch.count }
        return count
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

extension Duration {
    fileprivate func nanoseconds(each count: Int) -> Double {
        Double(wholeNanoseconds) / Double(max(count, 1))
    }
}
