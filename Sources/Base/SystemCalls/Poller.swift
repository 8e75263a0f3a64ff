import CSystem

/// Waits for many descriptors at once (epoll, level-triggered).
public final class Poller: Sendable {
    /// What to wait for, and what was found. Errors and hang-ups show as readable and writable:
    /// the next read or write then tells what happened.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let readable = Interest(rawValue: UInt32(csystem_readable))
        public static let writable = Interest(rawValue: UInt32(csystem_writable))
        /// The peer ended its direction or the connection is broken.
        public static let hangup = Interest(rawValue: UInt32(csystem_hangup))
        /// Reported once, to one waiter; then not again until `modify` asks for it. For pollers
        /// that several threads wait in.
        public static let once = Interest(rawValue: UInt32(csystem_once))
    }

    public struct Ready: Sendable {
        public let token: UInt64
        public let interest: Interest
    }

    /// Descriptors reported by one `wait`; the rest is reported by the next.
    public static let batch = 256

    private let descriptor: FileDescriptor

    public init() throws(SystemError) {
        let raw = try check("epoll_create1") { csystem_epoll_create() }
        descriptor = FileDescriptor(owning: raw, subject: "epoll")
    }

    /// `token` comes back from `wait`; it must be unique among the added descriptors.
    public func add(
        _ target: FileDescriptor, token: UInt64, interest: Interest
    ) throws(SystemError) {
        try check("epoll_ctl", target.subject) {
            csystem_epoll_add(descriptor.rawValue, target.rawValue, token, interest.rawValue)
        }
    }

    public func modify(
        _ target: FileDescriptor, token: UInt64, interest: Interest
    ) throws(SystemError) {
        try check("epoll_ctl", target.subject) {
            csystem_epoll_modify(descriptor.rawValue, target.rawValue, token, interest.rawValue)
        }
    }

    public func remove(_ target: FileDescriptor) throws(SystemError) {
        try check("epoll_ctl", target.subject) {
            csystem_epoll_remove(descriptor.rawValue, target.rawValue)
        }
    }

    /// What became ready; empty when the time passed. `nil` waits without limit.
    public func wait(_ limit: Duration?) throws(SystemError) -> [Ready] {
        let milliseconds = limit.map { Int32(clamping: max(0, $0.millisecondsRoundedUp)) } ?? -1
        return try withUnsafeTemporaryAllocation(of: csystem_ready.self, capacity: Poller.batch) {
            ready throws(SystemError) in
            let count = try check("epoll_wait") {
                csystem_epoll_wait(
                    descriptor.rawValue, ready.baseAddress, Int32(Poller.batch), milliseconds)
            }
            return ready.prefix(Int(count)).map {
                Ready(token: $0.token, interest: Interest(rawValue: $0.interest))
            }
        }
    }
}

/// Wakes a thread that waits in a `Poller` (eventfd). Signals that come before they are
/// consumed merge into one.
public final class WakeUp: Sendable {
    public let descriptor: FileDescriptor

    public init() throws(SystemError) {
        let raw = try check("eventfd") { csystem_eventfd() }
        descriptor = FileDescriptor(owning: raw, subject: "eventfd")
    }

    /// From any thread.
    public func signal() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the waiter is woken anyway.
        withUnsafeBytes(of: &one) { _ = try? descriptor.write($0) }
    }

    /// Makes the descriptor unreadable until the next signal.
    public func consume() {
        _ = try? descriptor.read(atMost: 8)
    }
}
