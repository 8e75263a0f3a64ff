public import SystemCalls

/// Why a machine's monitor did not do what it was asked. What a command did that was not answered
/// in time is open: it may still be done.
public enum QMPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nobody listens there, or nobody answers.
    case unreachable(path: String, reason: String)
    /// Who listens there does not greet as QMP does.
    case stranger(path: String)
    /// The machine's process has gone, or has closed the connection.
    case closed(during: String, path: String)
    case timedOut(during: String, path: String)
    /// QEMU says no: its class of error, and its text.
    case refused(command: String, kind: String, reason: String)
    /// An answer that is none.
    case garbled(command: String, line: String)
    case system(during: String, SystemError)

    public var description: String {
        switch self {
        case .unreachable(let path, let reason): "no QEMU monitor at \(path): \(reason)"
        case .stranger(let path): "what listens at \(path) is no QEMU monitor"
        case .closed(let command, let path):
            "the QEMU monitor at \(path) went away during `\(command)`; its machine has ended"
        case .timedOut(let command, let path):
            "the QEMU monitor at \(path) did not answer `\(command)` in time; it may still do it"
        case .refused(let command, let kind, let reason):
            "QEMU refuses `\(command)`: \(reason) (\(kind))"
        case .garbled(let command, let line):
            "QEMU answered `\(command)` with something else than an answer: \(line)"
        case .system(let step, let error): "\(step): \(error)"
        }
    }
}
