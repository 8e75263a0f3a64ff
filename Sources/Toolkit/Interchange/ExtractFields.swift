import History

/// The origin of an extract as a map.
enum ExtractFields {
    static func field(_ extract: RecordExtract) -> Field {
        .object([
            "extract_of": .number(extract.wholeCount), "contiguous": .truth(extract.isContiguous),
            "hides_effects": .truth(extract.mayHideEffects),
            "left_out": .list(extract.leftOut.map(stretch)),
        ])
    }

    private static func stretch(_ stretch: RecordExtract.LeftOut) -> Field {
        .object([
            "first_lsn": .number(stretch.first.rawValue),
            "last_lsn": .number(stretch.last.rawValue),
            "slot": stretch.slot.map { .number($0.rawValue) } ?? .nothing,
            "changes": .list(
                stretch.changes.map { change in
                    .object([
                        "resource": .identifier(change.resource.rawValue),
                        "count": .number(change.count),
                    ])
                }),
        ])
    }

    /// Nil for another origin.
    static func extract(_ map: FieldReader) throws(FieldReader.Problem) -> RecordExtract? {
        guard map.member("extract_of") != nil else { return nil }
        var stretches: [RecordExtract.LeftOut] = []
        for stretch in try map.list("left_out") {
            var changes: [RecordExtract.Change] = []
            for change in try stretch.list("changes") {
                changes.append(
                    .init(try change.id("resource"), count: try change.number("count")))
            }
            stretches.append(
                .init(
                    first: try stretch.id("first_lsn"), last: try stretch.id("last_lsn"),
                    slot: try stretch.optionalID("slot"), changes: changes))
        }
        return RecordExtract(
            of: try map.number("extract_of"), isContiguous: try map.truth("contiguous"),
            mayHideEffects: try map.truth("hides_effects"), leftOut: stretches)
    }
}
