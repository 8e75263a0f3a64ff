/// The header frame of a native record: the fields of `RunHeader` in order. Version 1 has no
/// origin; what has that version was always recorded.
enum HeaderCoding {
    static func payload(_ header: RunHeader) -> [UInt8] {
        var writer = VarintWriter()
        writer.byte(NativeFormat.FrameType.header.rawValue)
        writer.byte(NativeFormat.Version.two.rawValue)
        writer.text(header.runID)
        writer.text(header.workload)
        writer.text(header.nemesis)
        writer.text(header.testbed)
        writer.number(header.seed)
        writer.number(UInt64(header.concurrency))
        writer.number(header.startedAt)
        writer.text(header.slotRule)
        writer.text(header.toolVersion)
        let limits = header.limits
        writer.number(limits.shardID)
        writer.number(UInt64(limits.maxResources))
        writer.number(UInt64(limits.maxReservations))
        writer.number(UInt64(limits.maxBundleSize))
        writer.number(UInt64(limits.maxOperations))
        writer.number(limits.maxTTL.rawValue)
        writer.number(limits.clientRetryWindow.rawValue)
        writer.number(limits.reservationHistoryWindow.rawValue)
        writer.number(UInt64(limits.maxExpirationBucketLength))
        writer.number(UInt64(limits.maxExpirationsPerTick))
        switch header.origin {
        case .recorded: writer.byte(0)
        case .excerpt(let events):
            writer.byte(1)
            writer.optional(events)
        case .merged: writer.byte(2)
        case .extract(let extract):
            writer.byte(3)
            write(extract, to: &writer)
        }
        return writer.bytes
    }

    private static func write(_ extract: RecordExtract, to writer: inout VarintWriter) {
        writer.number(extract.wholeCount)
        writer.byte((extract.isContiguous ? 1 : 0) | (extract.mayHideEffects ? 2 : 0))
        writer.number(UInt64(extract.leftOut.count))
        for stretch in extract.leftOut {
            writer.number(stretch.first.rawValue)
            writer.number(stretch.last.rawValue)
            writer.optional(stretch.slot?.rawValue)
            writer.number(UInt64(stretch.changes.count))
            for change in stretch.changes {
                writer.number(change.resource.rawValue)
                writer.number(change.count)
            }
        }
    }

    private static func extract(
        _ reader: inout VarintReader
    ) throws(VarintReader.Malformed) -> RecordExtract {
        let wholeCount: UInt64 = try reader.number()
        let flags = try reader.byte()
        guard flags < 4 else { throw VarintReader.Malformed(problem: "flags \(flags)") }
        var stretches: [RecordExtract.LeftOut] = []
        for _ in 0..<(try reader.number(as: UInt32.self)) {
            let first = LSN(try reader.number())
            let last = LSN(try reader.number())
            let slot = try reader.optional(as: UInt64.self).map { Slot($0) }
            var changes: [RecordExtract.Change] = []
            for _ in 0..<(try reader.number(as: UInt32.self)) {
                let resource = ResourceID(try reader.number())
                changes.append(.init(resource, count: try reader.number()))
            }
            stretches.append(.init(first: first, last: last, slot: slot, changes: changes))
        }
        return RecordExtract(
            of: wholeCount, isContiguous: flags & 1 != 0, mayHideEffects: flags & 2 != 0,
            leftOut: stretches)
    }

    private static func origin(
        _ reader: inout VarintReader
    ) throws(VarintReader.Malformed) -> RunHeader.Origin {
        switch try reader.byte() {
        case 0: return .recorded
        case 1: return .excerpt(of: try reader.optional())
        case 2: return .merged
        case 3: return .extract(try extract(&reader))
        case let other: throw VarintReader.Malformed(problem: "origin \(other)")
        }
    }

    /// Takes a payload whose type and version are checked already.
    static func header(
        _ payload: [UInt8], _ version: NativeFormat.Version
    ) throws(VarintReader.Malformed) -> RunHeader {
        var reader = VarintReader(payload, from: 2)
        var header = RunHeader(
            runID: try reader.text(), workload: try reader.text(), nemesis: try reader.text(),
            testbed: try reader.text(), seed: try reader.number(),
            concurrency: try reader.number(), startedAt: try reader.number(),
            slotRule: try reader.text(), toolVersion: try reader.text(), limits: ClusterLimits())
        header.limits = ClusterLimits(
            shardID: try reader.number(), maxResources: try reader.number(),
            maxReservations: try reader.number(), maxBundleSize: try reader.number(),
            maxOperations: try reader.number(), maxTTL: SlotCount(try reader.number()),
            clientRetryWindow: SlotCount(try reader.number()),
            reservationHistoryWindow: SlotCount(try reader.number()),
            maxExpirationBucketLength: try reader.number(),
            maxExpirationsPerTick: try reader.number())
        switch version {
        case .one: break
        case .two: header.origin = try origin(&reader)
        }
        guard reader.isAtEnd else {
            throw VarintReader.Malformed(problem: "\(reader.remaining) bytes follow the header")
        }
        return header
    }
}
