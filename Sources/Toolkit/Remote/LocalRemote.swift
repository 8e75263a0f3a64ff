public import SystemCalls

/// This machine, in the shape of a remote one.
public final class LocalRemote: Remote {
    public let name = "this machine"

    public init() {}

    public func connect(until _: Deadline) throws(RemoteError) {}

    public func execute(
        _ line: String, input: [UInt8], until deadline: Deadline
    ) throws(RemoteError) -> CommandResult {
        let action = "running `\(line.prefix(100))`"
        let run = try system(action) { () throws(SystemError) in
            try CapturedRun(
                "/bin/sh", ["-c", line], input: input, until: deadline,
                byteLimit: CommandResult.byteLimit + 1)
        }
        if run.wasCutOff {
            throw RemoteError(
                remote: name, action: action,
                cause: .deadline(waitingFor: "the end of the command"), mayHaveHappened: true)
        }
        guard max(run.output.count, run.error.count) <= CommandResult.byteLimit else {
            throw RemoteError(
                remote: name, action: action,
                cause: .tooMuchOutput(limit: CommandResult.byteLimit), mayHaveHappened: true)
        }
        return CommandResult(status: .init(run.status), output: run.output, error: run.error)
    }

    public func upload(
        _ source: String, to path: String, permissions: UInt32, until _: Deadline
    ) throws(RemoteError) {
        try copy(source, to: path, permissions, action: "uploading \(source) to \(path)")
    }

    public func download(
        _ path: String, to target: String, until _: Deadline
    ) throws(RemoteError) {
        try copy(path, to: target, 0o644, action: "downloading \(path) to \(target)")
    }

    public func openStream(
        to address: SocketAddress, until deadline: Deadline
    ) throws(RemoteError) -> FileDescriptor {
        do throws(SystemError) {
            return try TCPConnection.connect(to: address, until: deadline).descriptor
        } catch {
            throw RemoteError(
                remote: name, action: "opening a stream to \(address)", cause: .unreachable(error))
        }
    }

    public func close() {}

    private func copy(
        _ source: String, to target: String, _ permissions: UInt32, action: String
    ) throws(RemoteError) {
        try system(action) { () throws(SystemError) in
            let input = try FileSystem.open(source, .readOnly)
            let part = target + ".part"
            defer { _ = try? FileSystem.removeFile(part) }
            let output = try FileSystem.open(part, .replace, permissions: permissions)
            while case let bytes = try input.read(atMost: 1 << 20), !bytes.isEmpty {
                try output.writeAll(bytes)
            }
            try FileSystem.rename(part, to: target)
        }
    }

    private func system<Value>(
        _ action: String, _ body: () throws(SystemError) -> Value
    ) throws(RemoteError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw RemoteError(remote: name, action: action, cause: .system(error))
        }
    }
}

extension CommandStatus {
    fileprivate init(_ status: ExitStatus) {
        switch status {
        case .exited(let code): self = .exited(code: code)
        case .signaled(let number): self = .signaled(name: Signals.name(of: number))
        }
    }
}
