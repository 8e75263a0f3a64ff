import Checking
import History
import Testing

/// One way to turn a correct record into one that most likely breaks a promise.
struct CorruptionOperator: Sendable, CustomTestStringConvertible {
    let name: String
    /// Any of these findings shows that the break was seen for what it is; none where the change
    /// can break nothing.
    let expected: Set<FindingCode>
    private let change: Change

    var testDescription: String { name }

    private enum Change: Sendable {
        /// False where the record has nothing to corrupt in this way.
        case attempts(@Sendable (inout RecordEditor, inout SeededRandom) -> Bool)
        case events(@Sendable (inout [HistoryEvent], inout SeededRandom) -> Bool)
    }

    init(
        _ name: String, _ expected: Set<FindingCode>,
        apply: @escaping @Sendable (inout RecordEditor, inout SeededRandom) -> Bool
    ) {
        self.name = name
        self.expected = expected
        change = .attempts(apply)
    }

    init(
        _ name: String, _ expected: Set<FindingCode>,
        events: @escaping @Sendable (inout [HistoryEvent], inout SeededRandom) -> Bool
    ) {
        self.name = name
        self.expected = expected
        change = .events(events)
    }

    struct Mutant {
        let record: RunRecord
        /// The attempts of the record; absent where it is not one that a recorder writes, which
        /// is never legal.
        let editor: RecordEditor?
    }

    /// Absent where the record has nothing to corrupt in this way.
    func mutant(of record: RunRecord, seed: UInt64) -> Mutant? {
        var random = SeededRandom(seed: seed &* 7919)
        switch change {
        case .attempts(let apply):
            var editor = RecordEditor(record)
            guard apply(&editor, &random) else { return nil }
            return Mutant(record: editor.record(), editor: editor)
        case .events(let apply):
            var mutant = record
            guard apply(&mutant.events, &random) else { return nil }
            return Mutant(record: mutant, editor: nil)
        }
    }
}

/// A record taken apart into attempts, to be changed and put together again.
struct RecordEditor {
    struct Entry {
        var invocation: Invocation
        var invokedAt: RunInstant
        var process: ProcessID
        var outcome: Outcome?
        var answeredAt: RunInstant
    }

    var header: RunHeader
    var entries: [Entry] = []

    init(_ record: RunRecord) {
        header = record.header
        var index: [AttemptNumber: Int] = [:]
        for event in record.events {
            switch event.content {
            case .invoke(let invocation):
                index[invocation.attempt] = entries.count
                entries.append(
                    Entry(
                        invocation: invocation, invokedAt: event.time, process: event.process,
                        outcome: nil, answeredAt: RunInstant(.max)))
            case .complete(let number, let outcome):
                guard let position = index[number] else { continue }
                entries[position].outcome = outcome
                entries[position].answeredAt = event.time
            case .fault, .note: break
            }
        }
    }

    func record() -> RunRecord {
        var drafts: [(RunInstant, ProcessID, HistoryEvent.Content)] = []
        for entry in entries {
            drafts.append((entry.invokedAt, entry.process, .invoke(entry.invocation)))
            if let outcome = entry.outcome {
                drafts.append(
                    (entry.answeredAt, entry.process, .complete(entry.invocation.attempt, outcome)))
            }
        }
        let ordered = drafts.enumerated().sorted {
            ($0.element.0, $0.offset) < ($1.element.0, $1.offset)
        }
        let events = ordered.enumerated().map { index, draft in
            HistoryEvent(
                sequence: History.Sequence(UInt64(index + 1)), time: draft.element.0,
                process: draft.element.1, content: draft.element.2)
        }
        return RunRecord(header: header, events: events)
    }

    var end: UInt64 { entries.map(\.answeredAt.rawValue).filter { $0 < .max }.max() ?? 0 }
    var lastLSN: UInt64 {
        entries.compactMap {
            switch $0.outcome {
            case .committed(let lsn, _, _), .refused(let lsn, _, _): lsn.rawValue
            case .ticked(_, let lsn): lsn?.rawValue
            default: nil
            }
        }.max() ?? 0
    }

    /// Sends the same command once more at the end, with that answer.
    mutating func repeatAtEnd(_ index: Int, answered outcome: Outcome, slot: Slot? = nil) {
        let old = entries[index].invocation
        let number = (entries.map(\.invocation.attempt.rawValue).max() ?? 0) + 1
        entries.append(
            Entry(
                invocation: Invocation(
                    attempt: AttemptNumber(number), operationID: old.operationID,
                    operation: old.operation, slot: slot ?? old.slot, endpoint: old.endpoint),
                invokedAt: RunInstant(end + 10), process: ProcessID(9), outcome: outcome,
                answeredAt: RunInstant(end + 20)))
    }

    mutating func setSlot(_ slot: Slot, at index: Int) {
        let old = entries[index].invocation
        entries[index].invocation = Invocation(
            attempt: old.attempt, operationID: old.operationID, operation: old.operation,
            slot: slot, endpoint: old.endpoint)
    }

    /// Commands acknowledged once, by their only attempt.
    func soleCommits(where matches: (Entry) -> Bool = { _ in true }) -> [Int] {
        entries.indices.filter { index in
            guard case .committed(_, _, false) = entries[index].outcome, matches(entries[index])
            else { return false }
            let id = entries[index].invocation.operationID
            return entries.count { $0.invocation.operationID == id } == 1
        }
    }

    func refusals(_ codes: RefusalCode...) -> [Int] {
        entries.indices.filter {
            if case .refused(_, let code, false) = entries[$0].outcome {
                codes.contains(code)
            } else {
                false
            }
        }
    }

    func reads() -> [Int] {
        entries.indices.filter { if case .read = entries[$0].outcome { true } else { false } }
    }

    func ticks() -> [Int] {
        entries.indices.filter {
            if case .ticked(let applied, _) = entries[$0].outcome { applied > 0 } else { false }
        }
    }
}
