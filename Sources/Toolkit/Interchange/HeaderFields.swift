import History

/// What stands before the first and behind the last operation of a history in JSON or EDN.
enum HeaderFields {
    /// The version of these maps.
    private static let version: UInt64 = 1

    static func header(_ header: RunHeader) -> Field {
        let limits = header.limits
        return .object([
            "type": .word("header"), "format": .word("allocdb_record"),
            "version": .number(version), "run_id": .text(header.runID),
            "workload": .text(header.workload), "nemesis": .text(header.nemesis),
            "testbed": .text(header.testbed), "seed": .identifier(UInt128(header.seed)),
            "concurrency": .number(header.concurrency),
            "started_at": .identifier(UInt128(header.startedAt)),
            "slot_rule": .text(header.slotRule), "tool_version": .text(header.toolVersion),
            "limits": .object([
                "shard": .number(limits.shardID), "resources": .number(limits.maxResources),
                "reservations": .number(limits.maxReservations),
                "bundle_size": .number(limits.maxBundleSize),
                "operations": .number(limits.maxOperations),
                "ttl": .number(limits.maxTTL.rawValue),
                "retry_window": .number(limits.clientRetryWindow.rawValue),
                "history_window": .number(limits.reservationHistoryWindow.rawValue),
                "expiration_bucket": .number(limits.maxExpirationBucketLength),
                "expirations_per_tick": .number(limits.maxExpirationsPerTick),
            ]),
            "origin": origin(header.origin),
        ])
    }

    private static func origin(_ origin: RunHeader.Origin) -> Field {
        switch origin {
        case .recorded: .word("recorded")
        case .merged: .word("merged")
        case .excerpt(let events):
            .object(["excerpt_of": events.map { .number($0) } ?? .word("cut_off_record")])
        case .extract(let extract): ExtractFields.field(extract)
        }
    }

    /// The header, or nil for a map that is another thing.
    static func header(_ field: Field) throws(FieldReader.Problem) -> RunHeader? {
        let map = FieldReader(field)
        guard field["type"]?.string == "header", field["format"]?.string == "allocdb_record" else {
            return nil
        }
        guard try map.number("version") == version else {
            throw .init(words: "a later version of these maps; this tool reads version \(version)")
        }
        let limits = try map.required("limits")
        return RunHeader(
            runID: try map.text("run_id"), workload: try map.text("workload"),
            nemesis: try map.text("nemesis"), testbed: try map.text("testbed"),
            seed: try map.number("seed"), concurrency: try map.number("concurrency"),
            startedAt: try map.number("started_at"), slotRule: try map.text("slot_rule"),
            toolVersion: try map.text("tool_version"),
            limits: ClusterLimits(
                shardID: try limits.number("shard"),
                maxResources: try limits.number("resources"),
                maxReservations: try limits.number("reservations"),
                maxBundleSize: try limits.number("bundle_size"),
                maxOperations: try limits.number("operations"), maxTTL: try limits.id("ttl"),
                clientRetryWindow: try limits.id("retry_window"),
                reservationHistoryWindow: try limits.id("history_window"),
                maxExpirationBucketLength: try limits.number("expiration_bucket"),
                maxExpirationsPerTick: try limits.number("expirations_per_tick")),
            origin: try origin(try map.required("origin")))
    }

    private static func origin(
        _ origin: FieldReader
    ) throws(FieldReader.Problem) -> RunHeader.Origin {
        switch origin.field.string {
        case "recorded": return .recorded
        case "merged": return .merged
        default: break
        }
        if let extract = try ExtractFields.extract(origin) { return .extract(extract) }
        let whole = try origin.required("excerpt_of")
        return .excerpt(
            of: whole.field.string == "cut_off_record" ? nil : try origin.number("excerpt_of"))
    }

    /// The mark of a whole record.
    static func end(events: UInt64) -> Field {
        .object(["type": .word("end"), "events": .number(events)])
    }

    /// The number of events that the mark tells; nil for a map that is another thing.
    static func end(_ field: Field) throws(FieldReader.Problem) -> UInt64? {
        guard field["type"]?.string == "end" else { return nil }
        return try FieldReader(field).number("events")
    }
}
