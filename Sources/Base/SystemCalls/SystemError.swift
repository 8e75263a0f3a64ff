import Glibc

/// A system call that failed: which one, why, and on what.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Name of the call, for example `fdatasync`.
    public let call: String
    /// The value of `errno`.
    public let code: Int32
    /// What the call was applied to: a path, an address, a process number.
    public let subject: String

    public init(call: String, code: Int32, subject: String) {
        self.call = call
        self.code = code
        self.subject = subject
    }

    /// The system's own text for the code, without the call and the subject.
    public var text: String { SystemError.text(of: code) }

    public var description: String {
        subject.isEmpty ? "\(call): \(text)" : "\(call) \(subject): \(text)"
    }

    public static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        _ = strerror_r(code, &buffer, buffer.count)
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    public var wouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }
    /// Whoever was to read has gone.
    public var isBrokenPipe: Bool { code == EPIPE }
    public var isTimeout: Bool { code == ETIMEDOUT }
    public var isRefused: Bool { code == ECONNREFUSED }
    public var isReset: Bool { code == ECONNRESET || code == EPIPE }

    /// Code of a read that finds nothing yet.
    public static var wouldBlockCode: Int32 { EAGAIN }
    /// Code of a write that nobody will read.
    public static var brokenPipe: Int32 { EPIPE }

    /// A connection that was refused, reported in the shape of the call that made it.
    public static func refused(_ subject: String) -> SystemError {
        SystemError(call: "connect", code: ECONNREFUSED, subject: subject)
    }

    /// A connection that could not be made for a reason of its own.
    public static func unreachable(_ subject: String) -> SystemError {
        SystemError(call: "connect", code: EHOSTUNREACH, subject: subject)
    }

    /// Code of an answer longer than its limit.
    static var messageTooLong: Int32 { EMSGSIZE }

    /// A limit of ours that ran out, reported in the shape of the call that waited.
    public static func timedOut(_ call: String, _ subject: String) -> SystemError {
        SystemError(call: call, code: ETIMEDOUT, subject: subject)
    }
}

/// The one place where a C call is repeated after EINTR and its failure becomes an error.
@discardableResult
func check<Value: SignedInteger>(
    _ call: String, _ subject: @autoclosure () -> String = "", _ body: () -> Value
) throws(SystemError) -> Value {
    while true {
        let result = body()
        if result != -1 { return result }
        let code = errno
        if code == EINTR { continue }
        throw SystemError(call: call, code: code, subject: subject())
    }
}
