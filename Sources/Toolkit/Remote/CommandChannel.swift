import SecureShell
import SystemCalls

/// A channel that carries one command: its input, its output, and how it ended.
final class CommandChannel: SessionChannel {
    private enum State {
        /// The server was asked to run it.
        case starting
        case running
        /// The caller has its answer; the channel is being closed.
        case closing
    }

    private enum Input {
        case sending(OutgoingBytes, then: FileDescriptor?)
        case ending
        case ended
    }

    private let job: SessionJob
    private let work: CommandWork
    private let channel: LibraryChannel
    private var state = State.starting
    private var input: Input
    private var output: CommandOutput
    private var error: [UInt8] = []
    private let buffer: UnsafeMutableRawBufferPointer

    init(_ job: SessionJob, _ work: CommandWork, _ channel: LibraryChannel) {
        self.job = job
        self.work = work
        self.channel = channel
        switch work.input {
        case .bytes(let bytes): input = .sending(OutgoingBytes(bytes), then: nil)
        case .file(let file): input = .sending(OutgoingBytes(), then: file)
        }
        switch work.output {
        case .memory: output = CommandOutput(file: nil)
        case .file(let file): output = CommandOutput(file: file)
        }
        buffer = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    var deadline: Deadline? {
        switch state {
        case .starting, .running: job.deadline
        case .closing: nil
        }
    }

    var isStarting: Bool {
        switch state {
        case .starting: true
        case .running, .closing: false
        }
    }

    var local: (descriptor: FileDescriptor, interest: Poller.Interest)? { nil }

    func localEndIsGone() {}

    func advance(_ transport: SessionTransport) throws(LibraryError) -> Bool {
        switch state {
        case .starting: try start()
        case .running: break
        case .closing: return try channel.free() != nil
        }
        guard case .running = state else { return false }
        do throws(LocalFailure) {
            try send(transport)
            try receive()
        } catch {
            switch error {
            case .library(let error): throw error
            case .cause(let cause): fail(cause)
            }
        }
        if case .closing = state { return try channel.free() != nil }
        return false
    }

    private enum LocalFailure: Error {
        case library(LibraryError)
        case cause(RemoteError.Cause)
    }

    private func start() throws(LibraryError) {
        do throws(LibraryError) {
            if try channel.execute(work.line) != nil { state = .running }
        } catch {
            guard error.isRequestDenied else { throw error }
            job.finish(.failure(.final(job.error(.noShell(seen: "request denied")))))
            state = .closing
        }
    }

    private func send(_ transport: SessionTransport) throws(LocalFailure) {
        while true {
            switch input {
            case .ended: return
            case .ending:
                guard try library({ () throws(LibraryError) in try channel.finishSending() }) != nil
                else { return }
                input = .ended
            case .sending(var bytes, let file):
                let isAllTaken = try library { () throws(LibraryError) in
                    try bytes.send(to: channel, transport)
                }
                input = .sending(bytes, then: file)
                guard isAllTaken else { return }
                do throws(SystemError) {
                    if let file, try bytes.refill(from: file) {
                        input = .sending(bytes, then: file)
                    } else {
                        input = .ending
                    }
                } catch {
                    throw .cause(.system(error))
                }
            }
        }
    }

    private func receive() throws(LocalFailure) {
        let outputIsOver = try drain(.output) { bytes throws(RemoteError.Cause) in
            try output.take(bytes)
        }
        let errorIsOver = try drain(.error) { bytes throws(RemoteError.Cause) in
            guard error.count + bytes.count <= CommandResult.byteLimit else {
                throw .tooMuchOutput(limit: CommandResult.byteLimit)
            }
            error += bytes
        }
        guard outputIsOver, errorIsOver,
            try library({ () throws(LibraryError) in try channel.awaitClose() }) != nil
        else { return }
        let result = CommandResult(status: .init(channel.ending), output: output.kept, error: error)
        job.finish(.success(.command(result)))
        state = .closing
    }

    /// Takes what is there; true at the end of the stream.
    private func drain(
        _ stream: LibraryChannel.Stream,
        _ take: (UnsafeRawBufferPointer) throws(RemoteError.Cause) -> Void
    ) throws(LocalFailure) -> Bool {
        while true {
            let received = try library { () throws(LibraryError) in
                try channel.read(stream, into: buffer)
            }
            switch received {
            case .later: return false
            case .end: return true
            case .bytes(let count):
                do throws(RemoteError.Cause) {
                    try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                } catch {
                    throw .cause(error)
                }
            }
        }
    }

    private func library<Value>(
        _ step: () throws(LibraryError) -> Value
    ) throws(LocalFailure) -> Value {
        do throws(LibraryError) {
            return try step()
        } catch {
            throw .library(error)
        }
    }

    private func fail(_ cause: RemoteError.Cause) {
        job.finish(.failure(.final(job.error(cause, mayHaveHappened: true))))
        state = .closing
    }

    func deadlineHasPassed() {
        fail(.deadline(waitingFor: "the end of the command"))
    }

    func isLost(_ cause: RemoteError.Cause) {
        fail(cause)
    }
}

extension CommandStatus {
    init(_ ending: LibraryChannel.Ending) {
        switch ending {
        case .status(let code): self = .exited(code: code)
        case .signal(let name): self = .signaled(name: name)
        }
    }
}

/// Where a command's output goes: to memory, or its first line there and the rest to a file.
struct CommandOutput {
    private(set) var kept: [UInt8] = []
    private let file: FileDescriptor?
    private var isPastFirstLine = false

    init(file: FileDescriptor?) {
        self.file = file
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer) throws(RemoteError.Cause) {
        var rest = bytes[...]
        if file == nil || !isPastFirstLine {
            let end = file == nil ? nil : rest.firstIndex(of: UInt8(ascii: "\n"))
            let part = rest[..<(end.map { $0 + 1 } ?? rest.endIndex)]
            guard kept.count + part.count <= CommandResult.byteLimit else {
                throw .tooMuchOutput(limit: CommandResult.byteLimit)
            }
            kept += part
            rest = rest[part.endIndex...]
            isPastFirstLine = end != nil
        }
        guard let file else { return }
        while !rest.isEmpty {
            do throws(SystemError) {
                let count = try file.write(UnsafeRawBufferPointer(rebasing: rest))
                rest = rest[(rest.startIndex + count)...]
            } catch {
                throw .system(error)
            }
        }
    }
}
