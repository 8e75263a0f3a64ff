import JSONText
import SystemCalls

/// A process of this tool that carries out one run. It is a process so that nothing that happens
/// in one run, not even a trap, touches another, and so that all of it is gone afterwards.
///
/// The worker holds the other end of a pipe as its standard input. When this process dies, however
/// it dies, the worker sees the end of that stream, ends its run, bundles what there is, and goes.
final class Worker: Sendable {
    let order: WorkOrder
    let child: ChildProcess
    let output: FileDescriptor
    private let lease: FileDescriptor

    /// Starts `executable` (this tool) on an order.
    init(_ order: WorkOrder, executable: String) throws(SystemError) {
        self.order = order
        try order.write()
        let input = try Pipe()
        let output = try Pipe()
        let log = try FileSystem.open(
            Path.join(order.attempt, CampaignFolder.logName), .append)
        child = try ChildProcess(
            executable: executable, arguments: [Self.command, order.path],
            input: .descriptor(input.readEnd), output: .descriptor(output.writeEnd),
            error: .descriptor(log))
        input.readEnd.close()
        output.writeEnd.close()
        lease = input.writeEnd
        self.output = output.readEnd
        try self.output.setNonBlocking(true)
    }

    /// The hidden command that takes an order.
    static let command = "carry-out"

    /// Asks for the run's end: it heals, stops and bundles.
    func interrupt() {
        // The worker may be gone already, which is what was asked for.
        _ = try? child.signal(Signals.interrupt)
    }

    /// What is there to read now; nil at the end of the stream.
    func read() throws(SystemError) -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            do throws(SystemError) {
                let piece = try output.read(atMost: 64 << 10)
                if piece.isEmpty { return bytes.isEmpty ? nil : bytes }
                bytes += piece
            } catch {
                if error.wouldBlock { return bytes }
                throw error
            }
        }
    }

    /// The worker's outcome once it has ended. A worker that ended without leaving one is an
    /// error of the tool and never a verdict about the cluster; `isKilled` if it was killed
    /// because it hung.
    func outcome(_ status: ExitStatus, isKilled: Bool) -> RunOutcome {
        if let outcome = CampaignFolder.outcome(in: order.attempt) { return outcome }
        let end =
            isKilled
            ? "took far longer than its window, did not end when asked, and was killed"
            : "ended with \(status) and left no result"
        var outcome = RunOutcome(
            .unknown(
                reason: "the process of the run \(end); "
                    + "\(CampaignFolder.logName) beside it may say why"))
        do throws(SystemError) {
            try CampaignFolder.write(outcome, in: order.attempt)
        } catch {
            outcome.remarks.append("the result could not be written: \(error)")
        }
        return outcome
    }

    func close() {
        lease.close()
        output.close()
    }
}

/// Cuts a stream of bytes into lines.
struct LineBuffer: Sendable {
    private var rest: [UInt8] = []
    /// A longer line is none of ours.
    static let longest = 1 << 20

    mutating func add(_ bytes: [UInt8]) -> [String] {
        rest += bytes
        var lines: [String] = []
        while let end = rest.firstIndex(of: 0x0A) {
            lines.append(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeSubrange(...end)
        }
        if rest.count > Self.longest { rest = [] }
        return lines
    }
}
