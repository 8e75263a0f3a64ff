import Searching

/// Tries every order. Slow, and too simple to be wrong.
struct BruteForce<Model: SequentialModel> {
    let model: Model
    let calls: [TimedCall<Model.Call>]

    var isLinearizable: Bool { canFinish(model.initial, (1 << UInt64(calls.count)) - 1) }

    /// `rest` has a bit for each call that is not done yet.
    private func canFinish(_ state: Model.State, _ rest: UInt64) -> Bool {
        var limit: Int64?
        for index in calls.indices where rest & (1 << UInt64(index)) != 0 {
            if let end = calls[index].returned { limit = min(limit ?? end, end) }
        }
        guard let limit else { return true }
        for index in calls.indices
        where rest & (1 << UInt64(index)) != 0 && calls[index].invoked <= limit {
            guard let next = model.apply(calls[index].call, to: state) else { continue }
            if canFinish(next, rest & ~(1 << UInt64(index))) { return true }
        }
        return false
    }

    /// The earliest return such that what was known by then is already impossible.
    var firstViolation: Int? {
        let returns = calls.indices.compactMap { index in calls[index].returned.map { ($0, index) }
        }
        for (time, index) in returns.sorted(by: { $0 < $1 }) {
            let known = calls.filter { $0.invoked <= time }.map { call in
                TimedCall(
                    call.call, from: call.invoked,
                    to: call.returned.flatMap { $0 <= time ? $0 : nil })
            }
            if !BruteForce(model: model, calls: known).isLinearizable { return index }
        }
        return nil
    }
}

/// The calls of which small histories are made.
struct Alphabet<Model: SequentialModel> {
    let model: Model
    let answered: [Model.Call]
    let unanswered: [Model.Call]
}

extension Alphabet {
    /// Intervals with distinct ends, and calls that a correct object would have answered so; in
    /// half of the histories one call is then replaced by any other.
    func randomHistory(_ random: inout SmallRandom, operations: Int) -> [TimedCall<Model.Call>] {
        var ends = Array(0..<Int64(operations * 2))
        // Nearly sorted ends make short intervals: as many histories with little overlap as with
        // much.
        let reach = 1 + random.below(operations * 2)
        for place in ends.indices {
            ends.swapAt(place, min(ends.count - 1, place + random.below(reach)))
        }
        var spans = (0..<operations).map { index in
            (min(ends[index * 2], ends[index * 2 + 1]), max(ends[index * 2], ends[index * 2 + 1]))
        }
        spans.sort { $0.0 < $1.0 }
        let effects = spans.enumerated().map { index, span in
            (Double(span.0) + random.fraction() * Double(span.1 - span.0), index)
        }
        var history = spans.map { TimedCall(answered[0], from: $0.0, to: $0.1) }
        var state = model.initial
        for (_, index) in effects.sorted(by: { $0 < $1 }) {
            if !unanswered.isEmpty, random.below(6) == 0 {
                history[index].call = unanswered[random.below(unanswered.count)]
                history[index].returned = nil
                if random.below(2) == 0 { continue }
            } else {
                let legal = answered.filter { model.apply($0, to: state) != nil }
                history[index].call = legal[random.below(legal.count)]
            }
            state = model.apply(history[index].call, to: state) ?? state
        }
        if random.below(2) == 0 {
            let index = random.below(operations)
            if history[index].returned != nil {
                history[index].call = answered[random.below(answered.count)]
            }
        }
        return history
    }

    /// Every history of so many operations: all overlaps, all calls.
    func forEachHistory(of operations: Int, _ body: ([TimedCall<Model.Call>]) -> Void) {
        extend([], open: [], time: 0, operations, body)
    }

    private func extend(
        _ history: [TimedCall<Model.Call>], open: [Int], time: Int64, _ operations: Int,
        _ body: ([TimedCall<Model.Call>]) -> Void
    ) {
        if history.count == operations, open.isEmpty { return body(history) }
        for index in open {
            var next = history
            next[index].returned = time
            extend(next, open: open.filter { $0 != index }, time: time + 1, operations, body)
        }
        guard history.count < operations else { return }
        for call in answered {
            extend(
                history + [TimedCall(call, from: time, to: nil)], open: open + [history.count],
                time: time + 1, operations, body)
        }
        for call in unanswered {
            extend(
                history + [TimedCall(call, from: time, to: nil)], open: open, time: time + 1,
                operations, body)
        }
    }
}

/// A small generator that can be seeded (SplitMix64).
struct SmallRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }
}
