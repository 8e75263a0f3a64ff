import Searching

/// Every history of a few operations, once: two that differ only in the names of operations or in
/// moments that order nothing are the same.
///
/// What real time says of a history is which operations were over before which began. Moments
/// therefore come in blocks: beginnings, then ends, then beginnings, and so on, none of them empty
/// but for a last block of ends. An operation is the block it begins in, the block it ends in (or
/// none, when it was never answered) and its call; a history is a set of these with repetition.
struct SmallHistories<Model: SequentialModel> {
    let alphabet: Alphabet<Model>

    private struct Choice {
        let begin: Int
        /// Absent for an operation that was never answered.
        let end: Int?
        let call: Model.Call
    }

    func forEach(of operations: Int, _ body: ([TimedCall<Model.Call>]) -> Void) {
        for ends in 0...operations {
            // Behind the last end only operations that are never answered can begin.
            for beginnings in [ends, ends + 1] where (1...operations).contains(beginnings) {
                extend([], lastKey: 0, row: 0, operations, beginnings, ends, body)
            }
        }
    }

    private func choices(in row: Int, _ ends: Int) -> [Choice] {
        let answered = (row..<max(row, ends)).flatMap { end in
            alphabet.answered.map { Choice(begin: row, end: end, call: $0) }
        }
        return answered + alphabet.unanswered.map { Choice(begin: row, end: nil, call: $0) }
    }

    private func extend(
        _ chosen: [Choice], lastKey: Int, row: Int, _ operations: Int, _ beginnings: Int,
        _ ends: Int, _ body: ([TimedCall<Model.Call>]) -> Void
    ) {
        let isLastRow = row == beginnings - 1
        if chosen.count == operations {
            let used = Set(chosen.compactMap(\.end))
            if isLastRow, chosen.last?.begin == row, used.count == ends { body(timed(chosen)) }
            return
        }
        let choices = choices(in: row, ends)
        for key in lastKey..<max(lastKey, choices.count) {
            extend(
                chosen + [choices[key]], lastKey: key, row: row, operations, beginnings, ends, body)
        }
        if !isLastRow, chosen.last?.begin == row {
            extend(chosen, lastKey: 0, row: row + 1, operations, beginnings, ends, body)
        }
    }

    private func timed(_ chosen: [Choice]) -> [TimedCall<Model.Call>] {
        chosen.enumerated().map { index, choice in
            TimedCall(
                choice.call, from: Int64(choice.begin * 32 + index),
                to: choice.end.map { Int64($0 * 32 + 16 + index) })
        }
    }
}
