import History

/// Makes the event of an operation map that `OperationMapWriter` made, in either notation.
enum OperationMapReader {
    typealias Problem = FieldReader.Problem

    static func event(_ field: Field) throws(Problem) -> HistoryEvent {
        guard case .map = field else { throw Problem(words: "an operation is a map") }
        let map = FieldReader(field)
        let index: UInt64 = try map.number("index")
        // A record counts from 1 and must be able to name the sequence behind the last event.
        guard index < .max - 1 else { throw Problem(words: "`index` is too large") }
        return HistoryEvent(
            sequence: Sequence(index + 1), time: try map.id("time"),
            process: try map.id("client"), content: try content(map))
    }

    private static func content(_ map: FieldReader) throws(Problem) -> HistoryEvent.Content {
        let type = try map.text("type")
        switch type {
        case "invoke":
            let kind: Operation.Kind = try map.choice("f") { $0.rawValue }
            let value = map.member("value") ?? FieldReader(.map([]))
            return .invoke(
                Invocation(
                    attempt: try map.id("attempt"),
                    operationID: try map.optionalID("operation_id"),
                    operation: try OperationFields.operation(kind, value),
                    slot: try map.optionalID("slot"), endpoint: try map.id("endpoint")))
        case "info" where map.member("attempt") == nil: return try deed(map)
        case "ok", "fail", "info":
            let outcome = try OutcomeFields.outcome(map)
            guard outcome.jepsenType == type else {
                throw Problem(words: "`type` is `\(type)`, `outcome` is `\(outcome.word)`")
            }
            return .complete(try map.id("attempt"), outcome)
        case let other: throw Problem(words: "`type` is `\(other)`, which is nothing known")
        }
    }

    /// What was done to the cluster, or said of it.
    private static func deed(_ map: FieldReader) throws(Problem) -> HistoryEvent.Content {
        if try map.text("f") == "note" { return .note(try map.text("value")) }
        let value = try map.required("value")
        return .fault(
            FaultEvent(
                id: try value.id("fault"), phase: try value.choice("phase") { $0.word },
                kind: try value.text("kind"), targets: try value.ids("targets"),
                detail: try value.text("detail")))
    }
}
