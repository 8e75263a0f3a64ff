import Glibc

/// Lines from a pipe or socket that must not wait for ever. The descriptor is non-blocking.
public struct LineReader: Sendable {
    private let descriptor: FileDescriptor
    private var pending: [UInt8] = []
    /// A line longer than this, in bytes, is an error (EMSGSIZE).
    public static let longestLine = 64 << 10

    public init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// The next line without its end; nil at the end of the input. An error whose `isTimeout` is
    /// true when the deadline comes first.
    public mutating func next(until deadline: Deadline) throws(SystemError) -> String? {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeSubrange(...end) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            if pending.count > Self.longestLine {
                throw SystemError(
                    call: "read", code: SystemError.messageTooLong, subject: descriptor.subject)
            }
            guard try descriptor.waitUntilReadable(deadline) else {
                throw .timedOut("read", descriptor.subject)
            }
            do throws(SystemError) {
                let bytes = try descriptor.read(atMost: 4096)
                if bytes.isEmpty { return nil }
                pending += bytes
            } catch {
                if !error.wouldBlock { throw error }
            }
        }
    }
}
