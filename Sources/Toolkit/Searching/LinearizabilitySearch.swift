/// Searches one object: whether `calls` can be put in an order that real time allows and `model`
/// could have answered. For any model; `SearchCheck` does it for recorded histories.
public enum LinearizabilitySearch {
    /// More answered operations than this open at once are not searched: the verdict is unknown.
    public static let openLimit = WideSlots<256>.capacity

    public static func check<Model: SequentialModel>(
        _ calls: [TimedCall<Model.Call>], against model: Model, limits: SearchLimits = .init()
    ) -> SearchVerdict {
        let order = calls.indices.sorted { (calls[$0].invoked, $0) < (calls[$1].invoked, $1) }
        let table = ModelTable(model)
        let input = SearchInput(
            entries: order.map { index in
                SearchInput.Entry(
                    call: table.number(of: calls[index].call), invoked: calls[index].invoked,
                    returned: calls[index].returned ?? .max)
            })
        let verdict = search(input, table, Budget(limits)).verdict
        return verdict.renaming { order[$0] }
    }

    /// Begins with small sets of slots, and begins again with larger ones when they do not do.
    static func search(
        _ input: SearchInput, _ table: any CallTable, _ budget: Budget
    ) -> (verdict: SearchVerdict, largestFrontier: Int) {
        var small = FrontierSearch<UInt64>(input, table: table, budget: budget)
        var result = (small.run(), small.largestFrontier)
        if result.0.needsMoreSlots {
            table.restart()
            var search = FrontierSearch<UInt128>(input, table: table, budget: budget)
            result = (search.run(), search.largestFrontier)
        }
        if result.0.needsMoreSlots {
            table.restart()
            var search = FrontierSearch<WideSlots<16>>(
                input, table: table, budget: budget)
            result = (search.run(), search.largestFrontier)
        }
        if result.0.needsMoreSlots {
            table.restart()
            var search = FrontierSearch<WideSlots<256>>(
                input, table: table, budget: budget)
            result = (search.run(), search.largestFrontier)
        }
        return result
    }
}

extension SearchVerdict {
    fileprivate var needsMoreSlots: Bool {
        guard case .unknown(let exhaustion) = self else { return false }
        return exhaustion.budget == .concurrency
    }

    /// The verdict with operations named in another way.
    func renaming(_ name: (Int) -> Int) -> SearchVerdict {
        guard case .notLinearizable(var violation) = self else { return self }
        violation.operation = name(violation.operation)
        violation.concurrent = violation.concurrent.map(name)
        violation.possibilities = violation.possibilities.map {
            Violation.Possibility(state: $0.state, done: $0.done.map(name))
        }
        return .notLinearizable(violation)
    }
}
