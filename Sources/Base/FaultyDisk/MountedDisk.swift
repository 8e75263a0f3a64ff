import Synchronization
public import SystemCalls

/// A disk in memory that fails on request, mounted by a process of its own
/// (`allocdb-jepsen-helper disk`). The process ends with whoever started it, and takes the mount away.
public final class MountedDisk: Sendable {
    /// Why there is no such disk, or why it does not do what it was asked.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case start(program: String, SystemError)
        /// It said so itself.
        case notMounted(folder: String, reason: String)
        case silent(folder: String, within: Duration)
        /// The process has ended or closed its output.
        case gone(folder: String, SystemError?)
        case refused(folder: String, request: String, answer: String)

        public var description: String {
            switch self {
            case .start(let program, let error): "the disk program \(program) fails: \(error)"
            case .notMounted(let folder, let reason): "no disk at \(folder): \(reason)"
            case .silent(let folder, let limit):
                "the disk at \(folder) does not answer within \(limit)"
            case .gone(let folder, let error):
                "the disk at \(folder) has gone away" + (error.map { " (\($0))" } ?? "")
            case .refused(let folder, let request, let answer):
                "the disk at \(folder) was asked \"\(request)\" and answered \"\(answer)\""
            }
        }
    }

    /// How long the process may take to mount, or to answer a request.
    public static let answerLimit = Duration.seconds(20)

    /// Where it is mounted.
    public let folder: String
    /// The process that serves it.
    public let processID: Int32
    private let child: ChildProcess
    private let requests: FileDescriptor
    private let replies: Mutex<LineReader>

    /// Mounts an empty disk at an existing folder. `log` gets what the process complains about.
    public init(
        program: String, at folder: String, log: FileDescriptor? = nil
    ) throws(Failure) {
        self.folder = folder
        // A request to a process that has died is an error, and not our own death.
        Signals.ignoreBrokenPipes()
        let reader: LineReader
        do throws(SystemError) {
            let input = try Pipe()
            let output = try Pipe()
            child = try ChildProcess(
                executable: program, arguments: ["disk", folder], input: .descriptor(input.readEnd),
                output: .descriptor(output.writeEnd),
                error: log.map { .descriptor($0) } ?? .nullDevice)
            input.readEnd.close()
            output.writeEnd.close()
            try output.readEnd.setNonBlocking(true)
            requests = input.writeEnd
            reader = LineReader(output.readEnd)
        } catch {
            throw .start(program: program, error)
        }
        processID = child.processID
        replies = Mutex(reader)
        let first = try readLine()
        guard first == DiskServerFacts.readyLine else {
            end()
            let prefix = DiskServerFacts.failedPrefix
            throw .notMounted(
                folder: folder,
                reason: first.hasPrefix(prefix) ? String(first.dropFirst(prefix.count)) : first)
        }
    }

    // MARK: - Faults

    /// Switches a fault on for at most `lease`; `room` is by how many bytes files may still grow
    /// on a full disk.
    public func switchOn(
        _ fault: DiskFault, for lease: Duration, room: UInt64 = 0
    ) throws(Failure) {
        let milliseconds = UInt64(clamping: lease.millisecondsRoundedUp)
        try expectDone(.switchOn(fault, leaseMilliseconds: milliseconds, room: room))
    }

    public func switchOff(_ fault: DiskFault) throws(Failure) {
        try expectDone(.switchOff(fault))
    }

    /// Ends all faults and loses what was not synced. Whoever has files open on the disk must be
    /// dead before: the power went away from it as well.
    public func cutPower(
        keeping retention: Retention, seed: UInt64
    ) throws(Failure) -> PowerCutReport {
        let request = DiskRequest.cutPower(retention, seed: seed)
        let reply = try ask(request)
        guard case .powerCut(let report) = reply else { throw refusal(request, reply) }
        return report
    }

    public func state() throws(Failure) -> DiskState {
        let reply = try ask(.state)
        guard case .state(let state) = reply else { throw refusal(.state, reply) }
        return state
    }

    /// Takes the disk away; whoever uses it sees errors from now on. Later calls do nothing.
    public func end() {
        requests.close()
        if (try? child.wait(until: .after(.seconds(5)))) == nil { _ = try? child.killAndWait() }
        MountTable.detach(folder, type: DiskServerFacts.mountType)
    }

    // MARK: - Exchange

    private func expectDone(_ request: DiskRequest) throws(Failure) {
        let reply = try ask(request)
        guard reply == .done else { throw refusal(request, reply) }
    }

    private func refusal(_ request: DiskRequest, _ reply: DiskReply) -> Failure {
        .refused(folder: folder, request: request.line, answer: reply.line)
    }

    private func ask(_ request: DiskRequest) throws(Failure) -> DiskReply {
        try replies.withLock { reader throws(Failure) in
            do throws(SystemError) {
                try requests.writeAll(Array((request.line + "\n").utf8))
            } catch {
                throw .gone(folder: folder, error)
            }
            let line = try readLine(&reader)
            guard let reply = DiskReply(line: line) else {
                throw .refused(folder: folder, request: request.line, answer: line)
            }
            return reply
        }
    }

    private func readLine() throws(Failure) -> String {
        try replies.withLock { reader throws(Failure) in try readLine(&reader) }
    }

    private func readLine(_ reader: inout LineReader) throws(Failure) -> String {
        let line: String?
        do throws(SystemError) {
            line = try reader.next(until: .after(Self.answerLimit))
        } catch {
            if error.isTimeout { throw .silent(folder: folder, within: Self.answerLimit) }
            throw .gone(folder: folder, error)
        }
        guard let line else { throw .gone(folder: folder, nil) }
        return line
    }
}
