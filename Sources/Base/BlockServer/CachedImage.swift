import DurableFiles
import FaultyDisk
import Glibc
import Randomness
import SystemCalls

/// The bytes of a disk: a sparse file holds what is there for certain, and a volatile cache holds
/// what was written since, write by write, until it is flushed.
///
/// The file outlives this process; that it outlives a power cut of the machine underneath is not
/// seen to.
struct CachedImage {
    /// What is kept and looked after in one piece.
    static let blockBytes = 4096
    /// The cache writes back everything when it holds more than this, as a disk may at any time.
    static let cacheLimit = 64 << 20

    private let file: FileDescriptor
    let size: Int
    /// What is in the cache as it reads now, by number of the block.
    private var cache: [Int: [UInt8]] = [:]
    /// The writes since the last flush, in order.
    private var pending: [PendingWrite] = []
    private var pendingBytes = 0
    private var nextSequence: UInt64 = 1
    /// Blocks that were ever written, in the file or in the cache.
    private var written: Set<Int>
    /// Bits that read wrong, by place of their byte.
    private var flipped: [Int: UInt8] = [:]
    private var snapshot: ImageSnapshot?

    /// The whole of a file is the disk.
    init(_ file: FileDescriptor) throws(SystemError) {
        self.file = file
        size = try file.size()
        written = Set(try file.extents().flatMap(Self.blocks))
    }

    static func blocks(_ range: Range<Int>) -> Range<Int> {
        range.lowerBound / blockBytes..<(range.upperBound + blockBytes - 1) / blockBytes
    }

    /// How many bytes of the disk a write takes into use.
    func growth(_ range: Range<Int>) -> Int {
        Self.blocks(range).count { !written.contains($0) } * Self.blockBytes
    }

    var unflushed: [UnflushedWrite] { pending.map(\.facts) }

    // MARK: - Reading and writing

    /// The bytes of a range, and whether a flipped bit is among them.
    func read(_ range: Range<Int>) throws(SystemError) -> (bytes: [UInt8], isFlipped: Bool) {
        var bytes = try stored(range)
        for block in Self.blocks(range) {
            guard let cached = cache[block] else { continue }
            let start = block * Self.blockBytes
            let part = range.clamped(to: start..<start + cached.count)
            bytes.replaceSubrange(
                part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound,
                with: cached[part.lowerBound - start..<part.upperBound - start])
        }
        var isFlipped = false
        for (place, mask) in flipped where range.contains(place) {
            bytes[place - range.lowerBound] ^= mask
            isFlipped = true
        }
        return (bytes, isFlipped)
    }

    mutating func write(
        _ bytes: [UInt8], at offset: Int, isDurable: Bool
    ) throws(SystemError) {
        let range = offset..<offset + bytes.count
        if isDurable {
            try writeThrough(bytes[...], at: offset)
            for index in pending.indices { pending[index].replace(range) }
            pending.removeAll { $0.live.isEmpty }
        } else {
            pending.append(PendingWrite(bytes, at: offset, sequence: nextSequence))
            pendingBytes += bytes.count
        }
        nextSequence += 1
        try cacheWrite(bytes, range, onlyWhereCached: isDurable)
        written.formUnion(Self.blocks(range))
        if !flipped.isEmpty { flipped = flipped.filter { !range.contains($0.key) } }
        if pendingBytes > Self.cacheLimit { try flush() }
    }

    /// Everything written so far is there for certain.
    mutating func flush() throws(SystemError) {
        for write in pending { try keep(write.live, of: write) }
        forgetCache()
    }

    private func stored(_ range: Range<Int>) throws(SystemError) -> [UInt8] {
        let bytes = try file.read(at: range.lowerBound, count: range.count)
        guard bytes.count == range.count else {
            // Somebody cut the file.
            throw SystemError(call: "pread", code: EIO, subject: file.subject)
        }
        return bytes
    }

    private mutating func writeThrough(
        _ bytes: ArraySlice<UInt8>, at offset: Int
    ) throws(SystemError) {
        try file.write(bytes, at: offset)
        snapshot?.note(changed: Self.blocks(offset..<offset + bytes.count))
    }

    /// What is read from now on, where it is not yet what the file has.
    private mutating func cacheWrite(
        _ bytes: [UInt8], _ range: Range<Int>, onlyWhereCached: Bool
    ) throws(SystemError) {
        for block in Self.blocks(range) where !onlyWhereCached || cache[block] != nil {
            let start = block * Self.blockBytes
            let whole = start..<min(size, start + Self.blockBytes)
            let part = range.clamped(to: whole)
            let new = bytes[part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound]
            if part == whole {
                cache[block] = Array(new)
                continue
            }
            var content: [UInt8]
            if let cached = cache[block] { content = cached } else { content = try stored(whole) }
            content.replaceSubrange(part.lowerBound - start..<part.upperBound - start, with: new)
            cache[block] = content
        }
    }

    private mutating func forgetCache() {
        cache = [:]
        pending = []
        pendingBytes = 0
    }

    // MARK: - Power

    /// What a retention leaves of the cache is there for certain now; the rest is gone.
    mutating func losePower(
        _ retention: Retention, seed: UInt64
    ) throws(SystemError) -> PowerCutReport {
        let sequences = pending.map(\.facts.sequence)
        var cut = PowerCut(retention, seed: seed, sequences: sequences, lastWrite: sequences.last)
        return try keepParts { write in
            cut.kept(of: write.sequence, count: write.range.count, at: write.range.lowerBound)
        }
    }

    /// The same with sectors that somebody chooses; each is asked for by its number on the disk.
    mutating func losePower(
        keeping keeps: (_ write: UnflushedWrite, _ sector: Int) -> Bool
    ) throws(SystemError) -> PowerCutReport {
        try keepParts { write in
            let start = write.range.lowerBound
            return Sectors.parts(of: write.range.count, at: start).filter {
                keeps(write, (start + $0.lowerBound) / Sectors.bytes)
            }
        }
    }

    /// `kept` tells of each write, in order, which parts reach the disk.
    private mutating func keepParts(
        _ kept: (UnflushedWrite) -> [Range<Int>]
    ) throws(SystemError) -> PowerCutReport {
        var report = PowerCutReport()
        for write in pending {
            let parts = write.live(in: kept(write.facts))
            report.note(kept: parts, of: write.liveBytes)
            try keep(parts, of: write)
        }
        forgetCache()
        return report
    }

    private mutating func keep(_ parts: [Range<Int>], of write: PendingWrite) throws(SystemError) {
        for part in parts { try writeThrough(write[part], at: part.lowerBound) }
    }
}

// MARK: - Damage and rollback

extension CachedImage {
    /// The bits of a byte that are set in `mask` read wrong until the byte is written again, or
    /// the disk is rolled back.
    mutating func flip(_ mask: UInt8, at place: Int) {
        flipped[place, default: 0] |= mask
    }

    /// Flips bits anywhere in the blocks that were written. Returns how many: fewer than asked for
    /// when hardly any are left.
    mutating func flip(bits: Int, seed: UInt64) -> Int {
        var random = SeededRandom(seed: seed)
        let blocks = written.sorted()
        let before = flippedBits
        guard !blocks.isEmpty else { return 0 }
        for _ in 0..<bits {
            // A bit that is chosen twice is not flipped back.
            for _ in 0..<16 {
                let block = blocks[random.index(below: blocks.count)]
                let place = block * Self.blockBytes + random.index(below: Self.blockBytes)
                let mask = UInt8(1) << random.index(below: 8)
                guard place < size, flipped[place, default: 0] & mask == 0 else { continue }
                flip(mask, at: place)
                break
            }
        }
        return flippedBits - before
    }

    var flippedBits: Int { flipped.values.reduce(0) { $0 + $1.nonzeroBitCount } }

    mutating func healFlips() { flipped = [:] }

    /// Remembers what the disk holds now, the cache included, which is flushed for that.
    mutating func takeSnapshot() throws(SystemError) {
        try flush()
        snapshot = try ImageSnapshot(of: file, written: written)
    }

    /// The disk is as the snapshot has it, with nothing in the cache. False without a snapshot.
    mutating func rollBack() throws(SystemError) -> Bool {
        guard let taken = snapshot else { return false }
        forgetCache()
        flipped = [:]
        written = taken.written
        try snapshot?.restore(to: file, size: size)
        return true
    }
}
