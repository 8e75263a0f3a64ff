public import SystemCalls

/// Does what it is asked, one request after the other, until its input ends.
///
/// It is the hand of the testbed inside a guest. It is reached by a line that no fault of the
/// network touches, and needs nothing of the guest but its kernel.
public struct AgentServer {
    /// How long it waits between two looks for a host that has gone.
    static let patience = Duration.milliseconds(100)
    /// Most bytes that a program's output may have; what is more is dropped.
    static let outputLimit = 8 << 20

    private let connection: FileDescriptor

    /// `connection` is non-blocking and goes both ways, as a port of a virtual console does.
    public init(_ connection: FileDescriptor) {
        self.connection = connection
    }

    /// Serves for ever: when nobody is at the other end, it waits for the next.
    public func serveForever() -> Never {
        var reader = LineReader(connection)
        while true {
            if let isOpen = try? serveNext(from: &reader), isOpen { continue }
            reader = LineReader(connection)
            sleepThread(for: Self.patience)
        }
    }

    /// Serves one line; false at the end of the input.
    public func serveNext(from reader: inout LineReader) throws(SystemError) -> Bool {
        let line: String?
        do throws(SystemError) {
            line = try reader.next(until: .after(.seconds(3600)))
        } catch {
            if error.isTimeout { return true }
            throw error
        }
        guard let line else { return false }
        // What is no request was cut off by a host that went away; the next line is a new one.
        guard let request = AgentLine<AgentRequest>(line) else { return true }
        for reply in answer(request.content) {
            let text = "\(request.number) \(reply.text)\n"
            try connection.writeAll(Array(text.utf8), until: .after(.seconds(60)))
        }
        return true
    }

    private func answer(_ request: AgentRequest) -> [AgentReply] {
        do throws(SystemError) {
            switch request {
            case .execute(let line, let limit):
                return try execute(line, limit: .milliseconds(Int64(clamping: limit)))
            case .clock:
                return [.clock(wall: WallClock.nanoseconds, monotonic: Instant.now.nanoseconds)]
            case .setClock(let nanoseconds):
                try WallClock.set(nanoseconds: nanoseconds)
                return [.done]
            case .random(let count):
                return [.random(try KernelRandomness.bytes(count))]
            case .reseed(let seed):
                try KernelRandomness.reseed(seed)
                return [.done]
            case .write(let path, let permissions, let bytes, let isContinued):
                if !isContinued { try FileSystem.removeFile(path) }
                let mode: FileSystem.Mode = isContinued ? .append : .createNew
                try FileSystem.open(path, mode, permissions: permissions).writeAll(bytes)
                return [.done]
            }
        } catch {
            return [.failed("\(error)")]
        }
    }

    private func execute(_ line: String, limit: Duration) throws(SystemError) -> [AgentReply] {
        let run = try CapturedRun(
            "/bin/sh", ["-c", line], until: .after(limit), byteLimit: Self.outputLimit)
        let ended: AgentReply =
            switch run.status {
            case .exited(let code): .ended(status: code)
            case .signaled(let number): .ended(status: -number)
            }
        return pieces(of: run.output).map { .output($0) }
            + pieces(of: run.error).map { .error($0) } + [ended]
    }

    private func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: AgentReply.pieceLimit).map { start in
            Array(bytes[start..<min(bytes.count, start + AgentReply.pieceLimit)])
        }
    }
}
