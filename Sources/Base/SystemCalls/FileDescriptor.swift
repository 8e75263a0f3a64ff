import CSystem
import Glibc
import Synchronization

/// Owns one open descriptor and closes it when the last reference goes, or earlier on request.
///
/// All descriptors of this library are close-on-exec.
public final class FileDescriptor: Sendable {
    private let number: Atomic<Int32>
    /// What the descriptor stands for, named in errors.
    public let subject: String

    /// Takes over `rawValue`, which must be open and owned by nobody else.
    public init(owning rawValue: Int32, subject: String) {
        self.number = Atomic(rawValue)
        self.subject = subject
    }

    /// A second number for an open file that somebody else owns.
    public convenience init(duplicating rawValue: Int32, subject: String) throws(SystemError) {
        let number = try check("fcntl", subject) { csystem_duplicate(rawValue) }
        self.init(owning: number, subject: subject)
    }

    deinit {
        close()
    }

    /// The number, or -1 once closed: every call on it then fails with EBADF.
    public var rawValue: Int32 { number.load(ordering: .acquiring) }

    /// Closes now. Later calls do nothing. Nobody may be using the descriptor meanwhile.
    public func close() {
        let old = number.exchange(-1, ordering: .acquiringAndReleasing)
        if old >= 0 { _ = Glibc.close(old) }
    }

    public func setNonBlocking(_ enabled: Bool) throws(SystemError) {
        try check("fcntl", subject) { csystem_set_nonblocking(rawValue, enabled) }
    }

    /// Locks the open file against every other holder (flock); false when it is taken. The lock
    /// goes with the descriptor, also when the process dies.
    public func tryLockExclusively() throws(SystemError) -> Bool {
        do throws(SystemError) {
            try check("flock", subject) { csystem_flock_exclusive_nonblocking(rawValue) }
            return true
        } catch {
            if error.wouldBlock { return false }
            throw error
        }
    }

    /// Reads at most `limit` bytes; an empty result is the end of the input.
    /// A non-blocking descriptor without input throws an error whose `wouldBlock` is true.
    public func read(atMost limit: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            do throws(SystemError) {
                count = try self.read(into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills the front of `buffer`, returns how many bytes were read, 0 at the end of the input.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try check("read", subject) { Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
    }

    /// Writes once; returns how many of the bytes were taken.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        try check("write", subject) { Glibc.write(rawValue, bytes.baseAddress, bytes.count) }
    }

    /// Sends what was written to a file on its way to the disk without waiting for it. A sync that
    /// follows at once takes about a tenth less time so (ext4). Whatever fails here, it reports.
    public func beginWriteOut() {
        csystem_begin_write_out(rawValue)
    }

    /// Writes everything; for blocking descriptors.
    public func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var start = 0
        while start < bytes.count {
            start += try check("write", subject) {
                bytes.withUnsafeBytes { buffer in
                    // The buffer holds at least one byte here, so it has an address.
                    Glibc.write(rawValue, buffer.baseAddress! + start, buffer.count - start)
                }
            }
        }
    }

    /// Writes everything to a non-blocking descriptor of any kind; an error whose `isTimeout` is
    /// true when the deadline comes first. Some of the bytes may have left then.
    public func writeAll(_ bytes: [UInt8], until deadline: Deadline) throws(SystemError) {
        var start = 0
        while start < bytes.count {
            do throws(SystemError) {
                start += try check("write", subject) {
                    bytes.withUnsafeBytes { buffer in
                        // The buffer holds at least one byte here, so it has an address.
                        Glibc.write(rawValue, buffer.baseAddress! + start, buffer.count - start)
                    }
                }
            } catch {
                guard error.wouldBlock else { throw error }
                guard try waitUntilWritable(deadline) else {
                    throw SystemError.timedOut("write", subject)
                }
            }
        }
    }

    /// Makes room on the disk and grows the file to `end` with zeros; what it holds stays. False
    /// when the file system has no such call.
    public func reserve(from start: Int, to end: Int) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try check("fallocate", subject) {
                csystem_fallocate(rawValue, off_t(start), off_t(end - start))
            }
            return true
        } catch {
            if error.code == EOPNOTSUPP { return false }
            throw error
        }
    }
}
