public import History

/// Figures that people ask for after a run, from its record. None of them decides a verdict.
public struct RunFigures: Hashable, Sendable {
    /// Commands that were ambiguous at least once, by what a later answer showed.
    public struct Ambiguities: Hashable, Sendable {
        /// Executed by an attempt that nobody heard the answer of: a retry was told so from memory.
        public var tookEffect: UInt64 = 0
        /// Executed by a later attempt, which was the first to reach the log.
        public var byRetry: UInt64 = 0
        /// The state machine refused the command.
        public var refused: UInt64 = 0
        /// No answer in the record says.
        public var unresolved: UInt64 = 0

        public init() {}
    }

    public var ambiguities = Ambiguities()
    /// Tenths of a second of the window in which a client's write was in flight, and those of
    /// them in which one succeeded.
    public var busyTenths: UInt64 = 0
    public var availableTenths: UInt64 = 0
    /// From the end of each fault to the next completion of a write that succeeded, in the order of
    /// the ends. An end that nothing succeeded after is not among them.
    public var recoveries: [Duration] = []

    /// The share of time in which writes succeeded; nil when none was ever in flight.
    public var availability: Double? {
        busyTenths == 0 ? nil : Double(availableTenths) / Double(busyTenths)
    }

    /// The texts of the two notes that mark the window in a record.
    public static let windowBegins = "the window begins"
    public static let windowEnds = "the window ends"

    static let tenth: UInt64 = 100_000_000

    public init(_ record: RunRecord) {
        let writes = record.attempts.filter {
            $0.process != .tool && $0.invocation.operation.isMutating
        }
        resolve(record.attempts)
        measureAvailability(writes, window: Self.window(of: record))
        let successes = writes.filter(Self.isSuccess).compactMap { $0.completedAt }.sorted()
        for event in record.events {
            guard case .fault(let fault) = event.content, fault.phase == .end else { continue }
            if let next = successes.first(where: { $0 >= event.time }) {
                recoveries.append(
                    .nanoseconds(Int64(clamping: next.rawValue - event.time.rawValue)))
            }
        }
    }

    /// The cluster carried the write out, or decided by its log that it shall not be.
    private static func isSuccess(_ attempt: AttemptSummary) -> Bool {
        switch attempt.outcome {
        case .committed, .refused, .ticked: true
        case .read, .failed, .ambiguous: false
        }
    }

    /// Between the two notes; a record that was cut off ends its window.
    private static func window(of record: RunRecord) -> ClosedRange<UInt64>? {
        var start: UInt64?
        var end = record.events.last?.time.rawValue ?? 0
        for event in record.events {
            guard case .note(let text) = event.content else { continue }
            if text == windowBegins { start = event.time.rawValue }
            if text == windowEnds { end = event.time.rawValue }
        }
        guard let start, start <= end else { return nil }
        return start...end
    }

    private mutating func measureAvailability(
        _ writes: [AttemptSummary], window: ClosedRange<UInt64>?
    ) {
        guard let window else { return }
        // Only whole tenths: a window's last piece would weigh as much as the others.
        let count = Int((window.upperBound - window.lowerBound) / Self.tenth)
        guard count > 0 else { return }
        var busy = [Bool](repeating: false, count: count)
        var available = busy
        func place(_ time: UInt64) -> Int {
            Int((max(time, window.lowerBound) - window.lowerBound) / Self.tenth)
        }
        for write in writes {
            let begin = write.invokedAt.rawValue
            let end = write.completedAt?.rawValue ?? window.upperBound
            guard begin <= window.upperBound, end >= window.lowerBound else { continue }
            let last = min(place(end), count - 1)
            guard place(begin) <= last else { continue }
            for tenth in place(begin)...last { busy[tenth] = true }
            if Self.isSuccess(write), place(end) < count { available[place(end)] = true }
        }
        busyTenths = UInt64(busy.count { $0 })
        availableTenths = UInt64(available.count { $0 })
    }

    private mutating func resolve(_ attempts: [AttemptSummary]) {
        // `known`: answered before anything was ambiguous.
        enum Fate { case known, open, tookEffect, byRetry, refused }
        var fates: [OperationID: Fate] = [:]
        for attempt in attempts {
            guard let id = attempt.invocation.operationID else { continue }
            switch attempt.outcome {
            case .ambiguous: if fates[id] == nil { fates[id] = .open }
            case .committed(_, _, let fromCache):
                switch fates[id] {
                case .open: fates[id] = fromCache ? .tookEffect : .byRetry
                case nil: fates[id] = .known
                case .known, .tookEffect, .byRetry, .refused: break
                }
            case .refused:
                switch fates[id] {
                case .open: fates[id] = .refused
                case nil: fates[id] = .known
                case .known, .tookEffect, .byRetry, .refused: break
                }
            case .ticked, .read, .failed: break
            }
        }
        for fate in fates.values {
            switch fate {
            case .known: break
            case .open: ambiguities.unresolved += 1
            case .tookEffect: ambiguities.tookEffect += 1
            case .byRetry: ambiguities.byRetry += 1
            case .refused: ambiguities.refused += 1
            }
        }
    }
}
