import CSystem
import Glibc

/// A stream socket that listens under a name in a folder, non-blocking. The name goes with it.
public final class UnixListener: Sendable {
    public let path: String
    public let descriptor: FileDescriptor

    /// Longest name of a socket, in bytes: the system has no room for more.
    public static let longestPath = 107

    /// A name that is left of a process that is gone must be removed before (EADDRINUSE).
    public init(at path: String) throws(SystemError) {
        let raw = try check("bind", path) { csystem_unix_listen(path, 16) }
        self.path = path
        descriptor = FileDescriptor(owning: raw, subject: path)
    }

    deinit { _ = try? FileSystem.removeFile(path) }

    /// The next waiting connection, non-blocking; nil when none waits.
    public func accept() throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            let raw = try check("accept4", path) { csystem_accept(descriptor.rawValue) }
            return FileDescriptor(owning: raw, subject: path)
        } catch {
            if error.wouldBlock || error.code == ECONNABORTED { return nil }
            throw error
        }
    }
}

/// The other end.
public enum UnixSocket {
    /// A non-blocking connection. Somebody who does not listen yet is waited for until the
    /// deadline.
    public static func connect(
        to path: String, until deadline: Deadline
    ) throws(SystemError) -> FileDescriptor {
        while true {
            do throws(SystemError) {
                let raw = try check("connect", path) { csystem_unix_connect(path) }
                return FileDescriptor(owning: raw, subject: path)
            } catch {
                let comesLater = error.isMissing || error.isRefused || error.wouldBlock
                guard comesLater, !deadline.isPassed else { throw error }
                sleepThread(for: .milliseconds(5))
            }
        }
    }
}

extension FileDescriptor {
    /// Sends what a non-blocking socket takes now; 0 when it has no room. Never raises SIGPIPE.
    public func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        do throws(SystemError) {
            return try check("send", subject) {
                csystem_send(rawValue, bytes.baseAddress, bytes.count, false)
            }
        } catch {
            if error.wouldBlock { return 0 }
            throw error
        }
    }

    /// Sends everything on a non-blocking socket; an error whose `isTimeout` is true when the
    /// deadline comes first. Some of the bytes may have left then.
    public func sendAll(_ bytes: [UInt8], until deadline: Deadline) throws(SystemError) {
        var sent = 0
        while sent < bytes.count {
            let taken = try check("send", subject) {
                let count = bytes.withUnsafeBytes {
                    csystem_send(rawValue, $0.baseAddress.map { $0 + sent }, $0.count - sent, false)
                }
                return count == -1 && errno == EAGAIN ? 0 : count
            }
            sent += taken
            if taken > 0 { continue }
            guard try waitUntilWritable(deadline) else {
                throw SystemError.timedOut("send", subject)
            }
        }
    }
}
