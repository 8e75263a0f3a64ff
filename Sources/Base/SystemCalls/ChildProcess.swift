import CSystem
import Glibc
import Synchronization

/// How a process ended.
public enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    case signaled(number: Int32)

    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let number): "killed by signal \(number)"
        }
    }

    public var isSuccess: Bool { self == .exited(code: 0) }
}

/// A process started by this one: in a session and a process group of its own, which neither the
/// terminal nor the end of this process signals, with default signal handling, without any
/// descriptor but the three given to it.
///
/// It is not killed when this value goes away; whoever starts a child decides when it ends.
public final class ChildProcess: Sendable {
    /// Where one of the three standard streams goes.
    public enum Stream: Sendable {
        case nullDevice
        case descriptor(FileDescriptor)
    }

    public let processID: Int32
    private let pidfd: FileDescriptor
    private let status = Mutex<ExitStatus?>(nil)

    /// Starts `executable`, looked up in PATH when it holds no slash. `arguments` do not include
    /// the program's name. Without `environment` the child gets this process's. With
    /// `endsWithThread` it is killed when the calling thread ends, also by the death of this
    /// process.
    public init(
        executable: String,
        arguments: [String],
        environment: [String: String]? = nil,
        folder: String? = nil,
        input: Stream = .nullDevice,
        output: Stream = .nullDevice,
        error: Stream = .nullDevice,
        endsWithThread: Bool = false
    ) throws(SystemError) {
        let files = csystem_child_files(
            standard_input: input.number, standard_output: output.number,
            standard_error: error.number)
        let variables = (environment ?? Environment.all).map { "\($0.key)=\($0.value)" }
        var process: pid_t = 0
        try withCStrings([executable] + arguments) { argumentList throws(SystemError) in
            try withCStrings(variables) { environmentList throws(SystemError) in
                try check("posix_spawn", executable) {
                    endsWithThread
                        ? csystem_spawn_bound(
                            &process, executable, argumentList, environmentList, files, folder)
                        : csystem_spawn(
                            &process, executable, argumentList, environmentList, files, folder)
                }
            }
        }
        processID = process
        // The child is not reaped yet, so its number cannot name another process.
        let raw = try check("pidfd_open", "\(process)") { csystem_pidfd_open(process) }
        pidfd = FileDescriptor(owning: raw, subject: "process \(process)")
        withExtendedLifetime((input, output, error)) {}
    }

    /// Readable in a `Poller` once the process has ended.
    public var exitDescriptor: FileDescriptor { pidfd }

    /// The way it ended; nil while it runs.
    public func poll() throws(SystemError) -> ExitStatus? {
        try reap(WNOHANG)
    }

    /// Waits for the end; nil when the deadline came first.
    public func wait(until deadline: Deadline) throws(SystemError) -> ExitStatus? {
        if let status = status.withLock({ $0 }) { return status }
        guard try pidfd.waitUntilReadable(deadline) else { return try poll() }
        return try reap(0)
    }

    /// Signals the child alone. A child that has ended already is no error.
    public func signal(_ number: Int32) throws(SystemError) {
        try status.withLock { ended throws(SystemError) in
            // Holding the lock keeps the child unreaped, so the number is still its own.
            if ended == nil { try Processes.signal(processID, number) }
        }
    }

    /// Signals the child and everything it started in its process group.
    public func signalGroup(_ number: Int32) throws(SystemError) {
        try status.withLock { ended throws(SystemError) in
            if ended == nil { try Processes.signal(-processID, number) }
        }
    }

    /// Kills the whole group and waits for the child's end.
    @discardableResult
    public func killAndWait() throws(SystemError) -> ExitStatus {
        try signalGroup(SIGKILL)
        return try reap(0) ?? .signaled(number: SIGKILL)
    }

    private func reap(_ options: Int32) throws(SystemError) -> ExitStatus? {
        try status.withLock { ended throws(SystemError) in
            if let ended { return ended }
            var raw: Int32 = 0
            let found = try check("waitpid", "\(processID)") { waitpid(processID, &raw, options) }
            guard found == processID else { return nil }
            ended =
                csystem_signaled(raw)
                ? .signaled(number: csystem_signal_number(raw))
                : .exited(code: csystem_exit_code(raw))
            return ended
        }
    }
}

extension ChildProcess.Stream {
    fileprivate var number: Int32 {
        switch self {
        case .nullDevice: -1
        case .descriptor(let descriptor): descriptor.rawValue
        }
    }
}

extension Processes {
    /// Runs another program in the place of this one, with its terminal and its environment. The
    /// program is looked up in PATH when it holds no slash; returns only by failing.
    public static func become(
        _ program: String, _ arguments: [String]
    ) throws(SystemError) -> Never {
        try withCStrings([program] + arguments) { words throws(SystemError) in
            try check("execvp", program) { execvp(program, words) }
        }
        // What succeeded does not come back.
        exitProcess(127)
    }
}

/// A null-terminated list of C strings that lives as long as `body` runs.
private func withCStrings(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws(SystemError) -> Void
) throws(SystemError) {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    try body(pointers)
}

/// A pipe; both ends are close-on-exec and blocking.
public struct Pipe: Sendable {
    public let readEnd: FileDescriptor
    public let writeEnd: FileDescriptor

    public init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try check("pipe2") { csystem_pipe(&ends) }
        readEnd = FileDescriptor(owning: ends[0], subject: "pipe")
        writeEnd = FileDescriptor(owning: ends[1], subject: "pipe")
    }
}
