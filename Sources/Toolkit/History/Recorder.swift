import Synchronization
import SystemCalls

/// Writes a native record while a run goes on. Any number of threads may record at once.
///
/// What is recorded is on disk within 100 ms: a thread of the recorder's own writes and syncs
/// every `cadence`. It survives a SIGKILL of the tool as well as a power cut. When the disk
/// fails, every further call throws: what cannot be recorded must not be asked of the cluster.
public final class Recorder: Sendable {
    /// Time between two syncs; the rest of the 100 ms is for the disk.
    public static let cadence = Duration.milliseconds(40)

    /// Longer remarks and details are cut, in bytes of UTF-8.
    public static let textLimit = 64 << 10

    private let file: RecorderFile
    private let worker: WorkerThread

    /// Creates the record, which must not exist yet; its header is on disk when this returns.
    /// Time and the header's `startedAt` count from now.
    public init(creating path: String, header: RunHeader) throws(HistoryFileError) {
        let file = try RecorderFile(creating: path, header: header)
        self.file = file
        do throws(SystemError) {
            worker = try WorkerThread(name: "recorder") { file.writeUntilEnd(every: Self.cadence) }
        } catch {
            throw .writing(path, error)
        }
    }

    deinit {
        file.end()
        worker.join()
    }

    public var path: String { file.path }

    /// Nanoseconds since the recording began, on the clock of the record.
    public var now: RunInstant { file.now }

    /// Events recorded so far.
    public var eventCount: UInt64 { file.eventCount }

    /// Records that a request is about to be sent and gives it its number. Call it before the
    /// first byte can leave.
    public func invoke(
        _ operation: Operation, id: OperationID?, slot: Slot?, endpoint: ReplicaID,
        by process: ProcessID
    ) throws(HistoryFileError) -> AttemptNumber {
        let invocation = Invocation(
            attempt: file.nextAttempt(), operationID: id, operation: operation, slot: slot,
            endpoint: endpoint)
        try file.record(.invoke(invocation), by: process)
        return invocation.attempt
    }

    /// Records what became of an attempt. Call it after the last byte has come.
    public func complete(
        _ attempt: AttemptNumber, _ outcome: Outcome, by process: ProcessID
    ) throws(HistoryFileError) {
        try file.record(.complete(attempt, outcome), by: process)
    }

    /// Records that a fault begins and gives it its number, by which its end is recorded.
    public func beginFault(
        _ kind: String, targets: [ReplicaID], detail: String = ""
    ) throws(HistoryFileError) -> FaultID {
        let fault = FaultEvent(
            id: file.nextFault(), phase: .begin, kind: Self.clipped(kind), targets: targets,
            detail: Self.clipped(detail))
        try file.record(.fault(fault), by: .tool)
        return fault.id
    }

    public func endFault(
        _ id: FaultID, _ kind: String, targets: [ReplicaID], detail: String = ""
    ) throws(HistoryFileError) {
        let fault = FaultEvent(
            id: id, phase: .end, kind: Self.clipped(kind), targets: targets,
            detail: Self.clipped(detail))
        try file.record(.fault(fault), by: .tool)
    }

    /// Records a remark for people.
    public func note(_ text: String, by process: ProcessID = .tool) throws(HistoryFileError) {
        try file.record(.note(Self.clipped(text)), by: process)
    }

    /// Everything recorded before this call is on disk when it returns.
    public func flush() throws(HistoryFileError) {
        try file.write(closing: false)
    }

    /// Ends the record with the mark that says it is whole. Nothing can be recorded afterwards.
    public func finish() throws(HistoryFileError) {
        file.end()
        worker.join()
        try file.write(closing: true)
    }

    private static func clipped(_ text: String) -> String {
        guard text.utf8.count > textLimit else { return text }
        return String(decoding: text.utf8.prefix(textLimit), as: UTF8.self)
    }
}
