import Glibc
public import LeaseKernel

/// A failed file operation, reduced to its system error number.
///
/// Two renderings are part of the protocol (replica.md 2): the kind alone, for example
/// `StorageFull`, and the whole error, for example
/// `Os { code: 28, kind: StorageFull, message: "No space left on device" }`.
public struct InputOutputFailure: Error, Hashable, Sendable {
    /// The value of `errno`.
    public let code: Int32

    public init(code: Int32) {
        self.code = code
    }

    /// The name under which replies and fault reasons report this kind of failure.
    public var kind: String { Self.kinds[code] ?? "Uncategorized" }

    public var message: String {
        var buffer = [CChar](repeating: 0, count: 256)
        _ = strerror_r(code, &buffer, buffer.count)
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let kinds: [Int32: String] = [
        EACCES: "PermissionDenied", EPERM: "PermissionDenied", ENOENT: "NotFound",
        EEXIST: "AlreadyExists", EINTR: "Interrupted", EISDIR: "IsADirectory",
        ENOTDIR: "NotADirectory", ENOTEMPTY: "DirectoryNotEmpty", ENOSPC: "StorageFull",
        EROFS: "ReadOnlyFilesystem", EDQUOT: "QuotaExceeded", EFBIG: "FileTooLarge",
        EBUSY: "ResourceBusy", ETXTBSY: "ExecutableFileBusy", EDEADLK: "Deadlock",
        EXDEV: "CrossesDevices", EMLINK: "TooManyLinks", ENAMETOOLONG: "InvalidFilename",
        ELOOP: "FilesystemLoop", ESTALE: "StaleNetworkFileHandle", EINVAL: "InvalidInput",
        ENOMEM: "OutOfMemory", ENOSYS: "Unsupported", EOPNOTSUPP: "Unsupported",
        EAGAIN: "WouldBlock", ETIMEDOUT: "TimedOut", EPIPE: "BrokenPipe", ESPIPE: "NotSeekable",
    ]
}

extension InputOutputFailure: DebugTextual {
    public var debugText: String {
        "Os { code: \(code), kind: \(kind), message: \"\(message)\" }"
    }
}
