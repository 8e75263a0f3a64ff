import CSystem
import Glibc

/// Signals of this process that are delivered as readable events instead of interrupting it.
public struct SignalReader: Sendable {
    public let descriptor: FileDescriptor

    /// Blocks `signals` for the calling thread and all threads it starts later: create it before
    /// any other thread exists.
    public init(_ signals: [Int32]) throws(SystemError) {
        try check("pthread_sigmask") { csystem_block_signals(signals, Int32(signals.count)) }
        let raw = try check("signalfd") { csystem_signalfd(signals, Int32(signals.count)) }
        descriptor = FileDescriptor(owning: raw, subject: "signalfd")
    }

    /// The number of the next pending signal; nil when there is none.
    public func next() -> Int32? {
        let number = csystem_read_signal(descriptor.rawValue)
        return number > 0 ? number : nil
    }
}

/// The signals this package sends or waits for, by name.
public enum Signals {
    public static let interrupt = SIGINT
    public static let terminate = SIGTERM
    public static let kill = SIGKILL
    public static let hangUp = SIGHUP
    public static let stop = SIGSTOP
    public static let proceed = SIGCONT

    /// As `kill -l` names it, without `SIG`; the number for one that has no name.
    public static func name(of number: Int32) -> String {
        guard let text = csystem_signal_name(number) else { return "\(number)" }
        return String(cString: text)
    }

    /// Writes to a closed pipe or socket become errors (EPIPE) for the whole process.
    public static func ignoreBrokenPipes() {
        // Cannot fail for a valid signal number.
        _ = csystem_ignore_sigpipe()
    }
}
