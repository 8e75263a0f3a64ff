public import History
import Interchange

/// Where in a file an operation of a finding stands.
public struct FindingPlace: Hashable, Sendable, CustomStringConvertible {
    public enum Position: Hashable, Sendable {
        /// Of a text, from 1.
        case line(Int)
        /// The sequence of an event in a native record; in JSON lines and EDN with its line.
        case event(Sequence, line: Int?)
    }

    public let position: Position
    /// What happened there, where the finding does not say it.
    public let words: String?

    init(_ position: Position, words: String?) {
        self.position = position
        self.words = words
    }

    /// `line 8 (event 7)`.
    public var description: String {
        switch position {
        case .line(let line): "line \(line)"
        case .event(let sequence, nil): "event \(sequence)"
        case .event(let sequence, let line?): "line \(line) (event \(sequence))"
        }
    }

    public var line: Int? {
        switch position {
        case .line(let line): line
        case .event(_, let line): line
        }
    }

    /// The event's sequence in the record.
    public var sequence: UInt64? {
        switch position {
        case .line: nil
        case .event(let sequence, _): sequence.rawValue
        }
    }

    /// The places of these events.
    static func places(
        of wanted: [Sequence], in record: RunRecord, lines: [Sequence: Int]
    ) -> [Sequence: FindingPlace] {
        let wanted = Set(wanted)
        guard !wanted.isEmpty else { return [:] }
        var places: [Sequence: FindingPlace] = [:]
        for event in record.events where wanted.contains(event.sequence) {
            places[event.sequence] =
                places[event.sequence]
                ?? FindingPlace(
                    .event(event.sequence, line: lines[event.sequence]),
                    words: EventWords.withoutSequence(event))
        }
        return places
    }
}
