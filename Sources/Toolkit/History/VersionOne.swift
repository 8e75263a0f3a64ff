/// What version 1 of the native record has of its own: a chunk is one frame, uncompressed, and
/// says nothing of its times.
enum VersionOne {
    /// Bytes of a chunk before its first event: type, version, first sequence, count of events.
    static let chunkHeaderBytes = 2 + 8 + 4

    static func chunkHead(_ payload: [UInt8]) throws(VarintReader.Malformed) -> PieceHead {
        var reader = VarintReader(payload, from: 2)
        let first: UInt64 = try reader.fixed()
        let count: UInt32 = try reader.fixed()
        guard count > 0 else { throw VarintReader.Malformed(problem: "a chunk without events") }
        guard first > 0, first <= .max - UInt64(count) else {
            throw VarintReader.Malformed(problem: "events from \(first) on")
        }
        return PieceHead(
            flags: NativeFormat.PieceFlags.all.rawValue, first: Sequence(first),
            eventCount: count, rawBytes: payload.count - chunkHeaderBytes,
            earliest: RunInstant(0), latest: RunInstant(.max))
    }

    static func end(_ payload: [UInt8]) throws(VarintReader.Malformed) -> UInt64 {
        var reader = VarintReader(payload, from: 2)
        let count: UInt64 = try reader.number()
        guard reader.isAtEnd else {
            throw VarintReader.Malformed(problem: "\(reader.remaining) bytes follow the end")
        }
        return count
    }
}
