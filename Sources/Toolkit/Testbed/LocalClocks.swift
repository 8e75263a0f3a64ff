import FaultyDisk
public import LeaseKernel
import Synchronization
import SystemCalls

/// The clocks of a local cluster's daemons.
final class LocalClocks: Sendable {
    private let clocks: Mutex<[ReplicaID: FakedClock]>
    let helper: String

    init(
        _ replicas: [ReplicaID], in workspace: String, helper: String?
    ) throws(TestbedError) {
        guard let helper else {
            throw .noClock("there is no program \(DiskServerFacts.programName) beside this one")
        }
        guard let library = FakedClock.libraries.first(where: { FileSystem.exists($0) }) else {
            throw .noClock("libfaketime is missing: install the package faketime")
        }
        self.helper = helper
        var clocks: [ReplicaID: FakedClock] = [:]
        do throws(SystemError) {
            for replica in replicas {
                clocks[replica] = try FakedClock(of: replica, in: workspace, library: library)
            }
        } catch {
            throw .system(during: "making the clocks", error)
        }
        self.clocks = Mutex(clocks)
    }

    func change<Value: Sendable>(
        _ replica: ReplicaID, _ body: (inout FakedClock) throws(SystemError) -> Value
    ) throws(TestbedError) -> Value {
        try clocks.withLock { clocks throws(TestbedError) in
            guard var clock = clocks[replica] else { throw .unknownReplica(replica) }
            defer { clocks[replica] = clock }
            do throws(SystemError) {
                return try body(&clock)
            } catch {
                throw .system(during: "setting the clock of replica \(replica)", error)
            }
        }
    }
}

extension LocalTestbed: ReplicaClocks {
    public var clocks: (any ReplicaClocks)? { localClocks == nil ? nil : self }

    private func given() throws(TestbedError) -> LocalClocks {
        guard let localClocks else { throw .noClock("the run did not ask for clocks") }
        return localClocks
    }

    private static func clockKey(_ replica: ReplicaID) -> String { "clock-\(replica)" }

    public func setWallClock(
        of replica: ReplicaID, ahead: Duration, rate: Double, lease: Duration
    ) throws(TestbedError) {
        let clocks = try given()
        let path = try clocks.change(replica) { $0.path }
        try arm(
            Self.clockKey(replica), lease: lease,
            .replaceFile(path: path, content: Array(FakedClock.trueTime.utf8)))
        try clocks.change(replica) { clock throws(SystemError) in
            try clock.set(ahead: ahead, rate: rate)
        }
    }

    public func correctWallClock(of replica: ReplicaID) throws(TestbedError) {
        try given().change(replica) { clock throws(SystemError) in try clock.correct() }
        disarm(Self.clockKey(replica))
    }

    public func setClocksAtStart(of replica: ReplicaID, rate: Double?) throws(TestbedError) {
        try given().change(replica) { clock throws(SystemError) in
            clock.rateAtStart = rate
            if rate == nil { try clock.correct() }
        }
    }

    public func readClocks(of replica: ReplicaID) throws(TestbedError) -> ClockReading {
        let clocks = try given()
        let clock = try clocks.change(replica) { $0 }
        guard let process = processID(of: replica) else {
            throw .noClock("replica \(replica) does not run")
        }
        do throws(SystemError) {
            try requireUse(of: clock, by: process)
            let probe = try ClockProbe(helper: clocks.helper, environment: clock.environment)
            defer { probe.end() }
            return try probe.compare()
        } catch {
            throw .system(during: "reading the clock of replica \(replica)", error)
        }
    }

    /// The process has the library in it and was told of this very file.
    private func requireUse(of clock: FakedClock, by process: Int32) throws(SystemError) {
        let maps = try FileSystem.read("/proc/\(process)/maps", limit: 16 << 20)
        let environment = try FileSystem.read("/proc/\(process)/environ", limit: 4 << 20)
        let variables = environment.split(separator: 0).map { Array($0) }
        let wanted = Array("FAKETIME_TIMESTAMP_FILE=\(clock.path)".utf8)
        guard maps.contains(Array(clock.library.utf8)), variables.contains(wanted) else {
            throw .notPreloaded(clock.library, process)
        }
    }
}

/// A process that says what time it is; in the environment of a daemon it sees its clocks.
private struct ClockProbe {
    /// What the clocks show, and the true ones in the middle of the question, in nanoseconds.
    struct Times {
        let wall: Int64
        let monotonic: Int64
        let trueWall: Int64
        let trueMonotonic: Int64
        /// How long the question took: so much is unknown about the moment of the answer.
        let doubt: Int64

        func reading(until later: Times) -> ClockReading {
            let passed = Double(max(1, later.trueMonotonic - trueMonotonic))
            return ClockReading(
                ahead: .nanoseconds(later.wall - later.trueWall),
                wallRate: Double(later.wall - wall) / passed,
                monotonicRate: Double(later.monotonic - monotonic) / passed)
        }
    }

    private let child: ChildProcess
    private let input: FileDescriptor
    private let output: FileDescriptor

    init(helper: String, environment: [String: String]) throws(SystemError) {
        let input = try Pipe()
        let output = try Pipe()
        child = try ChildProcess(
            executable: helper, arguments: ["clock"], environment: environment,
            input: .descriptor(input.readEnd), output: .descriptor(output.writeEnd))
        input.readEnd.close()
        output.writeEnd.close()
        self.input = input.writeEnd
        self.output = output.readEnd
        try self.output.setNonBlocking(true)
    }

    /// Asks until the pace is known to a few hundredths; on a busy machine that takes longer, and
    /// after five seconds what is known has to do.
    func compare() throws(SystemError) -> ClockReading {
        var first = try read()
        for _ in 0..<5 {
            let next = try read()
            if next.doubt < first.doubt { first = next }
        }
        let end = Deadline.after(.seconds(5))
        while true {
            sleepThread(for: .milliseconds(100))
            let next = try read()
            let passed = next.trueMonotonic - first.trueMonotonic
            if (first.doubt + next.doubt) * 50 < passed || end.isPassed {
                return first.reading(until: next)
            }
        }
    }

    private func read() throws(SystemError) -> Times {
        Signals.ignoreBrokenPipes()
        let (wallBefore, before) = (WallClock.nanoseconds, Instant.now.nanoseconds)
        try input.writeAll([UInt8(ascii: "\n")])
        var lines = LineReader(output)
        let line = try lines.next(until: .after(.seconds(10))) ?? ""
        let words = line.split(separator: " ").compactMap { Int64($0) }
        guard words.count == 2 else { throw .notAnswered(output.subject, line) }
        let doubt = Int64(Instant.now.nanoseconds - before)
        return Times(
            wall: words[0], monotonic: words[1], trueWall: Int64(wallBefore) + doubt / 2,
            trueMonotonic: Int64(before) + doubt / 2, doubt: doubt)
    }

    func end() {
        input.close()
        if (try? child.wait(until: .after(.seconds(5)))) == nil { _ = try? child.killAndWait() }
    }
}

extension SystemError {
    /// A program that is linked statically, or one that drops what it was given.
    fileprivate static func notPreloaded(_ library: String, _ process: Int32) -> SystemError {
        SystemError(
            call: "preload", code: 0,
            subject: "\(library): process \(process) does not use it")
    }

    fileprivate static func notAnswered(_ subject: String, _ line: String) -> SystemError {
        SystemError(call: "read", code: 0, subject: "\(subject): \"\(line)\" is no time")
    }
}
