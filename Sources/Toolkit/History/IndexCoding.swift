/// The index and the end of a finished record of version 2.
enum IndexCoding {
    static func payload(_ chunks: [ChunkPlace]) -> [UInt8] {
        var writer = VarintWriter(reservingCapacity: 16 + chunks.count * 16)
        writer.byte(NativeFormat.FrameType.index.rawValue)
        writer.byte(NativeFormat.Version.two.rawValue)
        writer.number(UInt64(chunks.count))
        var next: UInt64 = 1
        for chunk in chunks {
            writer.number(UInt64(chunk.byteCount))
            writer.number(chunk.eventCount)
            writer.number(chunk.first.rawValue - next)
            writer.number(chunk.next.rawValue - chunk.first.rawValue - chunk.eventCount)
            writer.number(chunk.earliest.rawValue)
            writer.number(chunk.latest.rawValue - chunk.earliest.rawValue)
            next = chunk.next.rawValue
        }
        return writer.bytes
    }

    static func end(eventCount: UInt64, indexOffset: Int) -> [UInt8] {
        var writer = VarintWriter()
        writer.byte(NativeFormat.FrameType.end.rawValue)
        writer.byte(NativeFormat.Version.two.rawValue)
        writer.reserve(16)
        writer.overwrite(eventCount, at: 2)
        writer.overwrite(UInt64(indexOffset), at: 10)
        return writer.bytes
    }

    /// Takes a payload whose type and version are checked already. The chunks stand one behind
    /// the other from `start` on.
    static func chunks(
        _ payload: [UInt8], from start: Int
    ) throws(VarintReader.Malformed) -> [ChunkPlace] {
        var reader = VarintReader(payload, from: 2)
        var chunks: [ChunkPlace] = []
        var offset = start
        var next: UInt64 = 1
        for _ in 0..<(try reader.count()) {
            let bytes: UInt32 = try reader.number()
            let count: UInt32 = try reader.number()
            let first = next.addingReportingOverflow(try reader.number())
            let behind = first.partialValue.addingReportingOverflow(UInt64(count))
            let end = behind.partialValue.addingReportingOverflow(try reader.number())
            let earliest: UInt64 = try reader.number()
            let latest = earliest.addingReportingOverflow(try reader.number())
            guard count > 0, bytes > 0, !first.overflow, !behind.overflow, !end.overflow,
                !latest.overflow
            else { throw VarintReader.Malformed(problem: "an index of impossible chunks") }
            chunks.append(
                ChunkPlace(
                    offset: offset, byteCount: Int(bytes), first: Sequence(first.partialValue),
                    eventCount: UInt64(count), next: Sequence(end.partialValue),
                    earliest: RunInstant(earliest), latest: RunInstant(latest.partialValue)))
            offset += Int(bytes)
            next = end.partialValue
        }
        guard reader.isAtEnd else {
            throw VarintReader.Malformed(problem: "\(reader.remaining) bytes follow the index")
        }
        return chunks
    }

    static func end(
        _ payload: [UInt8]
    ) throws(VarintReader.Malformed) -> (eventCount: UInt64, indexOffset: UInt64) {
        var reader = VarintReader(payload, from: 2)
        let count: UInt64 = try reader.fixed()
        let offset: UInt64 = try reader.fixed()
        guard reader.isAtEnd else {
            throw VarintReader.Malformed(problem: "\(reader.remaining) bytes follow the end")
        }
        return (count, offset)
    }
}
