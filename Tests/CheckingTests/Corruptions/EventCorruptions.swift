import Checking
import History

/// The record is not as a recorder writes it.
extension CorruptionOperator {
    static let events: [CorruptionOperator] = [
        .init(
            "repeat a sequence number", .records,
            events: { events, random in
                let index = 1 + random.below(events.count - 1)
                events[index] = events[index].with(sequence: events[index - 1].sequence)
                return true
            }),
        .init(
            "leave out an event", .records,
            events: { events, random in
                events.remove(at: 1 + random.below(events.count - 2))
                return true
            }),
        .init(
            "repeat an event", .records,
            events: { events, random in
                let index = random.below(events.count)
                events.insert(events[index], at: index)
                return true
            }),
        .init(
            "exchange two events", .records,
            events: { events, random in
                events.swapAt(0, 1 + random.below(events.count - 1))
                return true
            }),
        .init(
            "answer an attempt twice", .records,
            events: { events, random in
                guard let index = random.completion(in: events) else { return false }
                events.append(events[index].with(sequence: events[events.count - 1].sequence.next))
                return true
            }),
        .init(
            "answer what was not asked", .records,
            events: { events, random in
                guard let index = random.completion(in: events),
                    case .complete(_, let outcome) = events[index].content
                else { return false }
                events[index] = events[index].with(
                    content: .complete(AttemptNumber(99_999), outcome))
                return true
            }),
        .init(
            "send an attempt twice", .records,
            events: { events, random in
                guard let last = events.last else { return false }
                events.append(
                    events[0].with(sequence: last.sequence.next, time: last.time))
                return true
            }),
        .init(
            "let time go back", .records,
            events: { events, random in
                let index = events.count / 2 + random.below(events.count / 4)
                guard case .invoke = events[index].content else { return false }
                events[index] = events[index].with(time: RunInstant(0))
                return true
            }),
    ]
}

extension SeededRandom {
    fileprivate mutating func completion(in events: [HistoryEvent]) -> Int? {
        maybePick(
            events.indices.filter {
                if case .complete = events[$0].content { true } else { false }
            })
    }
}

extension History.Sequence {
    fileprivate var next: History.Sequence { History.Sequence(rawValue + 1) }
}

extension HistoryEvent {
    fileprivate func with(
        sequence: History.Sequence? = nil, time: RunInstant? = nil,
        content: Content? = nil
    ) -> HistoryEvent {
        HistoryEvent(
            sequence: sequence ?? self.sequence, time: time ?? self.time,
            process: process, content: content ?? self.content)
    }
}
