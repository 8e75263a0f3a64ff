import CSystem
import Glibc

/// Facts about processes that are not (or no longer) our children.
public enum Processes {
    public static var ownID: Int32 { getpid() }

    /// Sends a signal; a negative number means a whole process group. A process that does not
    /// exist any more is no error.
    public static func signal(_ process: Int32, _ number: Int32) throws(SystemError) {
        do throws(SystemError) {
            try check("kill", "\(process)") { kill(process, number) }
        } catch {
            if error.code != ESRCH { throw error }
        }
    }

    /// Whether the number names a process that still runs; a zombie does not.
    public static func isAlive(_ process: Int32) -> Bool {
        guard process > 0, kill(process, 0) == 0 || errno == EPERM else { return false }
        guard let fields = statusFields(of: process) else { return true }
        return fields.first != "Z" && fields.first != "X"
    }

    /// Whether the process is stopped, as by SIGSTOP.
    public static func isStopped(_ process: Int32) -> Bool {
        statusFields(of: process)?.first == "T"
    }

    /// Start time in clock ticks since boot. Together with the number it names one process for
    /// ever; nil when there is none.
    public static func startTime(of process: Int32) -> UInt64? {
        // Field 22 of /proc/N/stat; `statusFields` begins with field 3.
        guard let fields = statusFields(of: process), fields.count > 19 else { return nil }
        return UInt64(fields[19])
    }

    /// Waits until the process has ended; false when the deadline came first.
    public static func waitForEnd(
        of process: Int32, until deadline: Deadline
    ) throws(SystemError) -> Bool {
        guard isAlive(process) else { return true }
        let descriptor: FileDescriptor
        do throws(SystemError) {
            let raw = try check("pidfd_open", "\(process)") { csystem_pidfd_open(process) }
            descriptor = FileDescriptor(owning: raw, subject: "process \(process)")
        } catch {
            if error.code == ESRCH { return true }
            throw error
        }
        return try descriptor.waitUntilReadable(deadline)
    }

    /// What a child is started with that shall run the very program this process runs, also when
    /// another one has taken its path since: a build, or an upgrade.
    public static let ownProgram = "/proc/self/exe"

    /// Path of the program this process runs.
    public static func ownExecutable() throws(SystemError) -> String {
        try FileSystem.readLink("/proc/self/exe")
    }

    /// The fields of /proc/N/stat after the parenthesised name, which may itself hold blanks.
    private static func statusFields(of process: Int32) -> [Substring]? {
        guard let bytes = try? FileSystem.read("/proc/\(process)/stat", limit: 4096) else {
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: close)...].split(separator: " ")
    }
}

/// The environment this process was started with.
public enum Environment {
    public static subscript(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    public static var all: [String: String] {
        var variables: [String: String] = [:]
        guard var entry = csystem_environment() else { return variables }
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }
}

/// The standard streams; writing never closes them.
public enum StandardStreams {
    public static func writeOutput(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    public static func writeError(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// Standard input, as a descriptor that may be closed.
    public static func inputDescriptor() throws(SystemError) -> FileDescriptor {
        try FileDescriptor(duplicating: STDIN_FILENO, subject: "standard input")
    }

    /// Standard output, as a descriptor that may be closed.
    public static func outputDescriptor() throws(SystemError) -> FileDescriptor {
        try FileDescriptor(duplicating: STDOUT_FILENO, subject: "standard output")
    }

    /// Writes everything or gives up: a closed output is nobody's error.
    private static func write(_ text: String, to number: Int32) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                // The buffer holds at least one byte here, so it has an address.
                Glibc.write(number, buffer.baseAddress! + start, buffer.count - start)
            }
            if written > 0 {
                start += written
            } else if errno != EINTR {
                return
            }
        }
    }
}

/// Ends this process at once with an exit status; nothing is flushed or unwound.
public func exitProcess(_ status: Int32) -> Never {
    _exit(status)
}
