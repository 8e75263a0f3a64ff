import Glibc

/// A point on the machine's monotonic clock, in nanoseconds since some fixed moment before start.
///
/// It never runs backwards and is the same clock for every process of one machine, so instants
/// of several processes on one machine can be compared.
public struct Instant: Hashable, Comparable, Sendable {
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static var now: Instant {
        Instant(nanoseconds: read(CLOCK_MONOTONIC))
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant a duration later; a negative duration goes back, saturating at zero.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let sum = Int64(clamping: instant.nanoseconds).addingReportingOverflow(
            duration.wholeNanoseconds)
        if sum.overflow { return Instant(nanoseconds: UInt64(Int64.max)) }
        return Instant(nanoseconds: UInt64(max(0, sum.partialValue)))
    }

    public static func - (later: Instant, earlier: Instant) -> Duration {
        .nanoseconds(Int64(clamping: later.nanoseconds) - Int64(clamping: earlier.nanoseconds))
    }

    static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // Neither clock can fail: both ids exist on every Linux and the pointer is valid.
        _ = clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The calendar clock: may jump, good for people and time stamps only.
public enum WallClock {
    /// Milliseconds since 1970.
    public static var milliseconds: UInt64 { Instant.read(CLOCK_REALTIME) / 1_000_000 }
    /// Nanoseconds since 1970.
    public static var nanoseconds: UInt64 { Instant.read(CLOCK_REALTIME) }

    /// Sets it for the whole machine.
    public static func set(nanoseconds: UInt64) throws(SystemError) {
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        try check("clock_settime") { clock_settime(CLOCK_REALTIME, &time) }
    }
}

extension Duration {
    /// Nanoseconds, clamped to what an `Int64` holds (292 years).
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return scaled + attoseconds / 1_000_000_000
    }

    /// Milliseconds rounded up, so that a wait of this length is never shorter than asked for.
    public var millisecondsRoundedUp: Int64 { (wholeNanoseconds + 999_999) / 1_000_000 }
}

/// The moment by which something has to be done.
public struct Deadline: Sendable {
    public let instant: Instant

    public init(_ instant: Instant) {
        self.instant = instant
    }

    public static func after(_ duration: Duration) -> Deadline { Deadline(Instant.now + duration) }

    public var isPassed: Bool { Instant.now >= instant }

    /// What is left, never negative.
    public var remaining: Duration { max(.zero, instant - Instant.now) }

    /// What is left for poll-like calls: at least 1 until the deadline passed, then 0.
    var pollMilliseconds: Int32 { Int32(clamping: remaining.millisecondsRoundedUp) }
}

/// Stops the calling thread for `duration`. Never call it inside a Swift task.
public func sleepThread(for duration: Duration) {
    let end = Instant.now + duration
    var left = end - Instant.now
    while left > .zero {
        let nanoseconds = left.wholeNanoseconds
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        _ = nanosleep(&time, nil)
        left = end - Instant.now
    }
}

/// Stops the calling thread for `duration`, or until `isOver` holds, which is asked fifty times a
/// second. Never call it inside a Swift task.
public func sleepThread(for duration: Duration, unless isOver: () -> Bool) {
    let end = Deadline.after(duration)
    while !end.isPassed, !isOver() { sleepThread(for: min(.milliseconds(20), end.remaining)) }
}
