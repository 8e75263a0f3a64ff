public import GuestAgent
import Synchronization
public import SystemCalls

/// The line to the agent in a guest: a port of a virtual console, which no fault of the network
/// touches. Requests of several threads take turns.
public final class GuestChannel: Sendable {
    private struct State: Sendable {
        var reader: LineReader
        var lastNumber: UInt64
    }

    /// How long a short request may take. A guest beside a busy build is slow.
    public static let answerLimit = Duration.seconds(60)

    private let guest: String
    private let connection: FileDescriptor
    private let state: Mutex<State>

    init(
        guest: String, connectingTo path: String, until deadline: Deadline
    ) throws(GuestError) {
        self.guest = guest
        do throws(SystemError) {
            connection = try UnixSocket.connect(to: path, until: deadline)
        } catch {
            throw .system(guest: guest, during: "reaching its agent", error)
        }
        // What a former connection was still told carries another number.
        state = Mutex(
            State(reader: LineReader(connection), lastNumber: WallClock.nanoseconds >> 10))
    }

    /// All lines of the answer.
    public func ask(
        _ request: AgentRequest, until deadline: Deadline = .after(answerLimit)
    ) throws(GuestError) -> [AgentReply] {
        let shown = Self.shown(request)
        return try state.withLock { state throws(GuestError) in
            state.lastNumber += 1
            // The guest may have been put back to a time when half a line had arrived.
            let line = "\n\(state.lastNumber) \(request.text)\n"
            return try translated(shown) { () throws(SystemError) in
                try connection.sendAll(Array(line.utf8), until: deadline)
                return try answer(&state, until: deadline)
            }
        }
    }

    /// The lines of an answer up to the one that ends it; that one may be missing.
    private func answer(
        _ state: inout State, until deadline: Deadline
    ) throws(SystemError) -> [AgentReply] {
        var replies: [AgentReply] = []
        while let line = try state.reader.next(until: deadline) {
            guard let reply = AgentLine<AgentReply>(line), reply.number == state.lastNumber else {
                continue
            }
            replies.append(reply.content)
            if !reply.content.isPiece { break }
        }
        return replies
    }

    private func translated(
        _ shown: String, _ body: () throws(SystemError) -> [AgentReply]
    ) throws(GuestError) -> [AgentReply] {
        let replies: [AgentReply]
        do throws(SystemError) {
            replies = try body()
        } catch {
            if error.isTimeout { throw .silent(guest: guest, request: shown) }
            throw .system(guest: guest, during: "asking it `\(shown)`", error)
        }
        guard let last = replies.last, !last.isPiece else {
            throw .silent(guest: guest, request: shown)
        }
        if case .failed(let reason) = last {
            throw .refused(guest: guest, request: shown, reason: reason)
        }
        return replies
    }

    private static func shown(_ request: AgentRequest) -> String {
        switch request {
        case .execute(let line, _): line
        case .clock: "clock"
        case .setClock: "set the clock"
        case .random: "random bytes"
        case .reseed: "reseed"
        case .write(let path, _, _, _): "write \(path)"
        }
    }

    func close() { connection.close() }
}

/// What a program in a guest did.
public struct GuestRun: Hashable, Sendable {
    public var status: ExitStatus
    public var output: [UInt8] = []
    public var error: [UInt8] = []

    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: error, as: UTF8.self) }
}

extension GuestChannel {
    /// Runs a line of the shell. After `limit` it is killed, and its status says so.
    public func run(_ line: String, limit: Duration = answerLimit) throws(GuestError) -> GuestRun {
        let milliseconds = UInt64(clamping: limit.millisecondsRoundedUp)
        let replies = try ask(
            .execute(line: line, limitMilliseconds: milliseconds),
            until: .after(limit + Self.answerLimit))
        var run = GuestRun(status: .exited(code: 0))
        for reply in replies {
            switch reply {
            case .output(let bytes): run.output += bytes
            case .error(let bytes): run.error += bytes
            case .ended(let status):
                run.status = status < 0 ? .signaled(number: -status) : .exited(code: status)
                return run
            case .clock, .random, .done, .failed: throw garbled(line, reply)
            }
        }
        throw .garbled(guest: guest, request: line, answer: "")
    }

    /// Makes a file of these bytes.
    public func write(
        _ bytes: [UInt8], to path: String, permissions: UInt32 = 0o644
    ) throws(GuestError) {
        var start = 0
        repeat {
            let end = min(bytes.count, start + AgentRequest.writeLimit)
            _ = try ask(
                .write(
                    path: path, permissions: permissions, bytes: Array(bytes[start..<end]),
                    isContinued: start > 0))
            start = end
        } while start < bytes.count
    }

    // MARK: - Clock and randomness

    /// How far the guest's clock is ahead of ours, and by how much that may be wrong.
    public func clockOffset() throws(GuestError) -> (offset: Duration, uncertainty: Duration) {
        let before = WallClock.nanoseconds
        let replies = try ask(.clock)
        let after = WallClock.nanoseconds
        guard case .clock(let wall, _)? = replies.last else {
            throw garbled("clock", replies.last)
        }
        let half = (Int64(clamping: after) - Int64(clamping: before)) / 2
        let middle = Int64(clamping: before) + half
        return (.nanoseconds(Int64(clamping: wall) - middle), .nanoseconds(half))
    }

    /// How far a clock may be off after it was set, and how surely that must be known.
    public static let clockTolerance = Duration.milliseconds(20)
    /// How long a busy guest may take to come within it.
    static let clockLimit = Duration.seconds(20)

    /// Sets the guest's clock to ours, and reads it again, until it is right.
    public func setClock() throws(GuestError) {
        let deadline = Deadline.after(Self.clockLimit)
        while true {
            _ = try ask(.setClock(nanoseconds: WallClock.nanoseconds))
            let (offset, uncertainty) = try clockOffset()
            if abs(offset) <= Self.clockTolerance, uncertainty <= Self.clockTolerance { return }
            if deadline.isPassed { throw .clockIsOff(guest: guest, by: offset) }
        }
    }

    private func abs(_ duration: Duration) -> Duration {
        duration < .zero ? .zero - duration : duration
    }

    /// Gives the guest's kernel another seed, and returns what it says next.
    public func reseed() throws(GuestError) -> [UInt8] {
        let seed: [UInt8]
        do throws(SystemError) {
            seed = try KernelRandomness.bytes(64)
        } catch {
            throw .system(guest: guest, during: "finding a seed", error)
        }
        _ = try ask(.reseed(seed))
        return try random()
    }

    /// Random bytes of the guest's kernel.
    public func random() throws(GuestError) -> [UInt8] {
        let replies = try ask(.random(count: 32))
        guard case .random(let bytes)? = replies.last, bytes.count == 32 else {
            throw garbled("random", replies.last)
        }
        return bytes
    }

    private func garbled(_ request: String, _ reply: AgentReply?) -> GuestError {
        .garbled(guest: guest, request: request, answer: reply?.text ?? "")
    }
}
