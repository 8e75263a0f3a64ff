/// A write that a power cut may undo, all of it or some of its sectors.
public struct UnflushedWrite: Hashable, Sendable {
    /// Its place in the order of writes.
    public let sequence: UInt64
    /// Where it lies on the disk, in bytes.
    public let range: Range<Int>
}

/// The same with its bytes.
struct PendingWrite {
    let facts: UnflushedWrite
    private let bytes: [UInt8]
    /// The parts of it that no durable write has replaced since: these cannot come back.
    private(set) var live: [Range<Int>]

    init(_ bytes: [UInt8], at offset: Int, sequence: UInt64) {
        self.bytes = bytes
        facts = UnflushedWrite(sequence: sequence, range: offset..<offset + bytes.count)
        live = [facts.range]
    }

    var liveBytes: Int { live.reduce(0) { $0 + $1.count } }

    /// The bytes of a part that lies in its range.
    subscript(part: Range<Int>) -> ArraySlice<UInt8> {
        bytes[part.lowerBound - facts.range.lowerBound..<part.upperBound - facts.range.lowerBound]
    }

    /// What is live of parts that are counted from the beginning of the write.
    func live(in parts: [Range<Int>]) -> [Range<Int>] {
        parts.flatMap { part in
            let start = facts.range.lowerBound
            let wanted = start + part.lowerBound..<start + part.upperBound
            return live.map { $0.clamped(to: wanted) }.filter { !$0.isEmpty }
        }
    }

    mutating func replace(_ range: Range<Int>) {
        live = live.flatMap { part -> [Range<Int>] in
            guard part.overlaps(range) else { return [part] }
            let before = part.lowerBound..<max(part.lowerBound, range.lowerBound)
            let after = min(part.upperBound, range.upperBound)..<part.upperBound
            return [before, after].filter { !$0.isEmpty }
        }
    }
}
