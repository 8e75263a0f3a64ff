/// A native record written as text version 1, by the mapping of validation.md 8.5, for the tools
/// that read it. The text says less than the record, and in two places the format demands what
/// nobody observed (docs/reference/history-format.md): the role and the LSN of a read are written
/// as the reference writes them, primary and the LSN that was required, unless the record knows
/// better; and the list of a tick is what was due by the record. Never judge a release by it.
public struct TextExport: Sendable {
    /// In the order of completion, numbered from 1.
    public private(set) var events: [TextEvent] = []
    /// How many attempts have no place in the format, by reason.
    public private(set) var omitted: [Omission: Int] = [:]

    /// Why an attempt is not in the text.
    public enum Omission: String, Hashable, Sendable, CaseIterable, Comparable {
        /// The format never records it.
        case creationOfResource = "creation of a resource"
        /// The reference ends a run here, and has no word for it: nothing was executed.
        case neverReachedAPrimary = "nothing was sent, or the replica is isolated"
        /// A tick that had nothing to do has no LSN.
        case tickWithoutEffect = "a tick that expired nothing"
        /// An answer without what the format demands of it.
        case incompleteAnswer = "an answer that lacks what the format demands"
        /// The lease was never shown to a client, so its resource or holder is not known.
        case unknownLease = "a lease that the record does not show"

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    public init(_ record: RunRecord) {
        var survey = Survey()
        for event in record.events { survey.take(event) }
        var exporter = survey.exporter(of: record.header)
        for event in record.events { if let text = exporter.take(event) { events.append(text) } }
        events += exporter.unanswered()
        omitted = exporter.omitted
    }

    /// What must be known of a whole record before its first event can be written: every lease
    /// that it shows. Memory grows with the leases.
    public struct Survey {
        private var pairing = AttemptPairing()
        private var leases = KnownLeases()
        private var end = RunInstant(0)

        public init() {}

        public mutating func take(_ event: HistoryEvent) {
            end = event.time
            if let attempt = pairing.take(event) { leases.take(attempt) }
        }

        /// The second pass over the same record.
        public consuming func exporter(of header: RunHeader) -> Exporter {
            for attempt in pairing.unanswered { leases.take(attempt) }
            leases.finish()
            return Exporter(header: header, leases: leases, end: end)
        }
    }

    /// Writes the events of a surveyed record while they come.
    public struct Exporter {
        private let header: RunHeader
        private let leases: KnownLeases
        private let end: RunInstant
        private var pairing = AttemptPairing()
        private var written: UInt64 = 0
        /// How many attempts have no place in the format, by reason.
        public private(set) var omitted: [Omission: Int] = [:]

        fileprivate init(header: RunHeader, leases: KnownLeases, end: RunInstant) {
            self.header = header
            self.leases = leases
            self.end = end
        }

        /// The line that the event completes, if it does and the format has words for it.
        public mutating func take(_ event: HistoryEvent) -> TextEvent? {
            pairing.take(event).flatMap { line(for: $0) }
        }

        /// The lines of all attempts that got no answer, once every event was taken.
        public mutating func unanswered() -> [TextEvent] {
            let attempts = pairing.unanswered
            return attempts.compactMap { line(for: $0) }
        }

        private mutating func line(for attempt: AttemptSummary) -> TextEvent? {
            let mapping = TextMapping(attempt: attempt, leases: leases)
            switch mapping.result() {
            case .failure(let omission):
                omitted[omission, default: 0] += 1
                return nil
            case .success(let (operation, outcome)):
                written += 1
                let time = header.startedAt &+ (attempt.completedAt ?? end).rawValue
                let process = attempt.process
                return TextEvent(
                    sequence: written,
                    process: process == .tool ? "tool" : "client-\(process)",
                    timeMillis: UInt128(time / 1_000_000), operation: operation,
                    outcome: outcome)
            }
        }
    }

    public var text: [UInt8] {
        var writer = TextHistoryWriter()
        for event in events { writer.write(event) }
        return writer.bytes
    }
}

extension TextExport.Omission: Error {}
