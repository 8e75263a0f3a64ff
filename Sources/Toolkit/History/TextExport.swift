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
        let attempts = record.attempts
        let leases = KnownLeases(attempts)
        let end = record.events.last?.time ?? RunInstant(0)
        for attempt in attempts {
            let mapping = TextMapping(attempt: attempt, leases: leases)
            switch mapping.result() {
            case .failure(let omission): omitted[omission, default: 0] += 1
            case .success(let (operation, outcome)):
                let time = record.header.startedAt &+ (attempt.completedAt ?? end).rawValue
                let process = attempt.process
                events.append(
                    TextEvent(
                        sequence: UInt64(events.count) + 1,
                        process: process == .tool ? "tool" : "client-\(process)",
                        timeMillis: UInt128(time / 1_000_000), operation: operation,
                        outcome: outcome))
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
