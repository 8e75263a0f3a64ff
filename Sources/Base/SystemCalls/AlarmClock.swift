import CSystem

/// Wakes a thread that waits in a `Poller` at an instant, with the precision of the machine's
/// timers (timerfd), where the limit of a wait counts whole milliseconds.
public final class AlarmClock: Sendable {
    public let descriptor: FileDescriptor

    public init() throws(SystemError) {
        let raw = try check("timerfd_create") { csystem_timerfd() }
        descriptor = FileDescriptor(owning: raw, subject: "timerfd")
    }

    /// Makes the descriptor readable at `instant`, once, instead of at the one set before. An
    /// instant that has passed makes it readable at once.
    public func set(_ instant: Instant) throws(SystemError) {
        let nanoseconds = Int64(clamping: max(1, instant.nanoseconds))
        try check("timerfd_settime") { csystem_timerfd_set(descriptor.rawValue, nanoseconds) }
    }

    /// Makes the descriptor unreadable until the next alarm.
    public func consume() {
        _ = try? descriptor.read(atMost: 8)
    }
}
