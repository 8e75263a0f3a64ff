import Glibc
import History
import HistorySamples
import Synchronization
import SystemCalls
import TestSupport
import Testing

@Suite("What is recorded is on disk, in order, whatever happens to the tool")
struct RecorderTests {
    private static func withPath<Value>(_ body: (String) throws -> Value) throws -> Value {
        try withTemporaryFolder { try body($0 + "/history.bin") }
    }

    @Test("clients that record at once get one order, each its own in it")
    func concurrentClients() throws {
        let record = try Self.withPath { path in
            let recorder = try Recorder(creating: path, header: .example)
            let clients = try (1...4).map { number in
                try WorkerThread(name: "client") {
                    Self.work(as: ProcessID(UInt32(number)), on: recorder, rounds: 500)
                }
            }
            let fault = try recorder.beginFault("crash", targets: [ReplicaID(1)], detail: "x")
            for client in clients { client.join() }
            try recorder.endFault(fault, "crash", targets: [ReplicaID(1)])
            try recorder.finish()
            #expect(recorder.eventCount == 4002)
            return try RunRecord(contentsOf: path)
        }
        #expect(record.isComplete)
        #expect(record.header.startedAt > 0)
        #expect(record.events.map(\.sequence.rawValue) == Array(1...4002))
        #expect(zip(record.events, record.events.dropFirst()).allSatisfy { $0.time <= $1.time })
        for number in 1...4 as ClosedRange<UInt32> {
            let mine = record.events.filter { $0.process == ProcessID(number) }
            #expect(mine.count == 1000)
            for pair in stride(from: 0, to: mine.count, by: 2) {
                guard case .invoke(let invocation) = mine[pair].content,
                    case .complete(let attempt, _) = mine[pair + 1].content
                else {
                    Issue.record("client \(number): events \(pair) and after are no pair")
                    return
                }
                #expect(invocation.attempt == attempt)
                #expect(invocation.slot == Slot(UInt64(pair / 2)))
            }
        }
    }

    private static func work(as process: ProcessID, on recorder: Recorder, rounds: UInt64) {
        for round in 0..<rounds {
            do {
                let attempt = try recorder.invoke(
                    .revoke(ReservationID(UInt128(round))), id: OperationID(1), slot: Slot(round),
                    endpoint: ReplicaID(1), by: process)
                try recorder.complete(attempt, .ambiguous(.timeout), by: process)
            } catch {
                Issue.record("\(error)")
            }
        }
    }

    @Test("a record is on disk without anybody asking")
    func writesByItself() throws {
        try Self.withPath { path in
            let recorder = try Recorder(creating: path, header: .example)
            try recorder.note("hello")
            let asked = Instant.now
            while try RunRecord(contentsOf: path).events.isEmpty {
                #expect(Instant.now - asked < .seconds(10))
                sleepThread(for: .milliseconds(2))
            }
            print("recorder: readable after \((Instant.now - asked).wholeNanoseconds / 1000) us")
            #expect(try RunRecord(contentsOf: path).isComplete == false)
        }
    }

    @Test("flush puts everything on disk before it returns")
    func flush() throws {
        try Self.withPath { path in
            let recorder = try Recorder(creating: path, header: .example)
            for round in 1...20 {
                try recorder.note("\(round)")
                try recorder.flush()
                #expect(try RunRecord(contentsOf: path).events.count == round)
            }
        }
    }

    @Test("a finished record takes no more events, and an existing file is never continued")
    func finished() throws {
        try Self.withPath { path in
            let recorder = try Recorder(creating: path, header: .example)
            try recorder.finish()
            #expect(throws: HistoryFileError.finished(path: path)) { try recorder.note("late") }
            let record = try RunRecord(contentsOf: path)
            #expect(record.isComplete && record.events.isEmpty)
            #expect(throws: HistoryFileError.self) {
                try Recorder(creating: path, header: .example)
            }
        }
    }

    @Test("a recorder whose disk fails says so at the next event")
    func fullDisk() throws {
        // A record on /dev/full cannot be created; its error names the file and the call.
        let error = #expect(throws: HistoryFileError.self) {
            try Recorder(creating: "/dev/full", header: .example)
        }
        #expect(error?.description.hasPrefix("cannot write the record /dev/full") == true)
    }

    @Test("a recorder whose disk fills up refuses the events that come after")
    func diskFillsUp() async throws {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let path = folder + "/history.bin"
                let recorder = try Recorder(creating: path, header: .example)
                // From here on files of this process end at 64 KiB: a write beyond fails.
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 64 << 10, rlim_max: 64 << 10)
                #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
                // Text that cannot be compressed much.
                var random = SystemRandomNumberGenerator()
                let text = {
                    String(
                        (0..<60).map { _ in UInt64.random(in: 1 << 60 ... .max, using: &random) }
                            .map(
                                String.init
                            ).joined())
                }
                let error = #expect(throws: HistoryFileError.self) {
                    // The writing thread may meet the limit before the flush does.
                    for _ in 0..<200 { try recorder.note(text()) }
                    try recorder.flush()
                }
                #expect(error?.description.hasSuffix("write: File too large") == true)
                #expect(throws: HistoryFileError.self) { try recorder.note("late") }
                #expect(throws: HistoryFileError.self) { try recorder.finish() }
                // What was on disk before stays readable.
                let record = try RunRecord(contentsOf: path)
                #expect(!record.isComplete)
            }
        }
    }

    @Test("the benchmark records what it says")
    func benchmark() throws {
        try withTemporaryFolder { folder in
            let report = try RecorderBenchmark.run(eventCount: 4000, folder: folder)
            #expect(report.rows.map(\.count) == [Int](repeating: 4000, count: 9))
            #expect(report.goals.map(\.unit) == ["ns per event", "events/s", "bytes per event"])
            // The others depend on what else the machine does.
            #expect(report.goals[2].isMet)
            for clients in [1, 2, 4] {
                let record = try RunRecord(contentsOf: "\(folder)/recorder-\(clients).bin")
                #expect(record.isComplete && record.events.count == 4000)
                #expect(record.attempts.count == 2000)
            }
        }
    }

    @Test("a tool killed in mid-run leaves a record of all but the last tenth of a second")
    func killed() async throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "recorder")
        defer { try? FileSystem.removeTree(folder) }
        let path = folder + "/history.bin"
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let recorder = try Recorder(creating: path, header: .example)
            for round in 0..<2000 as Range<UInt64> {
                let attempt = try recorder.invoke(
                    .tickExpirations, id: nil, slot: Slot(round), endpoint: ReplicaID(1),
                    by: ProcessID(1))
                if round % 2 == 0 {
                    try recorder.complete(attempt, .failed(.overloaded), by: ProcessID(1))
                }
            }
            try recorder.note("the last thing before a pause")
            // A tenth of a second on an idle machine.
            sleepThread(for: .seconds(2))
            for _ in 0..<1000 { try recorder.note("after the pause") }
            kill(getpid(), SIGKILL)
        }
        let record = try RunRecord(contentsOf: path)
        #expect(!record.isComplete)
        let paused = record.events.firstIndex {
            $0.content == .note("the last thing before a pause")
        }
        #expect(paused == 3000)
        let open = record.attempts.filter { $0.outcome == .ambiguous(.interrupted) }
        #expect(open.count == 1000)
        #expect(record.attempts.count == 2000)
    }
}
