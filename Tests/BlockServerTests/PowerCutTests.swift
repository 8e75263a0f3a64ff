import FaultyDisk
import Randomness
import SystemCalls
import TestSupport
import Testing

@testable import BlockServer

@Suite("the volatile cache of a block device")
struct PowerCutTests {
    /// What a disk may hold, as simply as possible: every unflushed write is a table of bytes.
    private struct Oracle {
        var durable: [UInt8]
        var pending: [[Int: UInt8]] = []

        var current: [UInt8] { pending.reduce(durable) { Self.apply($1, to: $0) } }

        static func apply(_ write: [Int: UInt8], to bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for (place, byte) in write { bytes[place] = byte }
            return bytes
        }

        mutating func write(_ bytes: [UInt8], at offset: Int, isDurable: Bool) {
            let places = offset..<offset + bytes.count
            let write = [Int: UInt8](uniqueKeysWithValues: zip(places, bytes))
            guard isDurable else { return pending.append(write) }
            durable = Self.apply(write, to: durable)
            pending = pending.map { $0.filter { !places.contains($0.key) } }.filter { !$0.isEmpty }
        }

        mutating func flush() {
            durable = current
            pending = []
        }

        func allows(_ left: [UInt8], after retention: Retention) -> Bool {
            switch retention {
            case .nothing: left == durable
            case .prefix: left == current || (0..<pending.count).contains { isTorn(left, at: $0) }
            case .torn: pending.isEmpty ? left == durable : isTorn(left, at: pending.count - 1)
            case .scatter: allowsScattered(left)
            }
        }

        /// Whether a write, and nothing behind it, reached the disk up to some sector.
        private func isTorn(_ left: [UInt8], at index: Int) -> Bool {
            let before = pending[..<index].reduce(durable) { Self.apply($1, to: $0) }
            return stride(from: 0, through: left.count, by: 512).contains { end in
                left == Self.apply(pending[index].filter { $0.key < end }, to: before)
            }
        }

        /// Every sector holds what some of the writes to it left, in their order.
        private func allowsScattered(_ left: [UInt8]) -> Bool {
            stride(from: 0, to: left.count, by: 512).allSatisfy { start in
                var possible: Set<[UInt8]> = [Array(durable[start..<start + 512])]
                for write in pending {
                    let here = write.filter { (start..<start + 512).contains($0.key) }
                    let moved = [Int: UInt8](
                        uniqueKeysWithValues: here.map { ($0.key - start, $0.value) })
                    possible.formUnion(possible.map { Self.apply(moved, to: $0) })
                }
                return possible.contains(Array(left[start..<start + 512]))
            }
        }
    }

    /// Writes at random and returns what may be left.
    private func work(
        on disk: BlockDisk, _ oracle: inout Oracle, _ random: inout SeededRandom
    ) throws {
        for _ in 0..<random.index(below: 12) {
            switch random.index(below: 8) {
            case 0:
                #expect(disk.ask(.flush) == .done)
                oracle.flush()
            case let choice:
                // Mostly whole sectors, as clients do.
                let unit = random.chance(0.7) ? 512 : 1
                let offset = random.index(below: disk.size / unit) * unit
                let limit = min(disk.size - offset, 3000)
                let count = min(limit, (1 + random.index(below: 3000 / unit)) * unit)
                let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                let isDurable = choice == 1
                #expect(disk.write(bytes, at: offset, isDurable: isDurable) == .done)
                oracle.write(bytes, at: offset, isDurable: isDurable)
            }
        }
    }

    @Test("a cut leaves what its retention allows, and nothing else", arguments: Retention.allCases)
    func allowed(_ retention: Retention) throws {
        var random = SeededRandom(seed: 11)
        var lost: UInt64 = 0
        for round in 0..<25 as Range<UInt64> {
            try BlockDisk.with(size: 12 << 10) { disk in
                var oracle = Oracle(durable: [UInt8](repeating: 0, count: disk.size))
                for again in 0..<3 as Range<UInt64> {
                    try work(on: disk, &oracle, &random)
                    #expect(disk.content == oracle.current)
                    #expect(disk.unflushed.count == oracle.pending.count)
                    let report = try disk.cutPower(retention, seed: round * 3 + again)
                    lost += report.lostBytes
                    let left = try #require(disk.content)
                    #expect(oracle.allows(left, after: retention), "seed 11, round \(round)")
                    // What is left is durable.
                    #expect(try FileSystem.read(disk.path, limit: 1 << 20) == left)
                    #expect(disk.unflushed.isEmpty)
                    oracle = Oracle(durable: left)
                }
            }
        }
        #expect(lost > 0)
    }

    @Test("the same seed cuts in the same way, another one in another")
    func seeds() throws {
        func left(_ seed: UInt64) throws -> [UInt8]? {
            try BlockDisk.with { disk in
                _ = disk.write(7, in: 0..<disk.size)
                _ = try disk.cutPower(.scatter, seed: seed)
                return disk.content
            }
        }
        #expect(try left(1) == left(1))
        #expect(try left(1) != left(2))
    }

    @Test("chosen sectors are kept, and no others")
    func chosen() throws {
        try BlockDisk.with { disk in
            #expect(disk.write(1, in: 0..<2048) == .done)
            #expect(disk.ask(.flush) == .done)
            #expect(disk.write(2, in: 0..<2048) == .done)
            #expect(disk.write(3, in: 100..<1100) == .done)
            let writes = disk.unflushed
            #expect(writes.map(\.range) == [0..<2048, 100..<1100])
            let report = try disk.cutPower { write, sector in
                write == writes[0] ? sector == 3 : sector == 1
            }
            let content = try #require(disk.read(0..<2048))
            #expect(content[..<512].allSatisfy { $0 == 1 })
            #expect(content[512..<1024].allSatisfy { $0 == 3 })
            #expect(content[1024..<1536].allSatisfy { $0 == 1 })
            #expect(content[1536...].allSatisfy { $0 == 2 })
            #expect(report.lostWrites == 2 && report.lostBytes == 3 * 512 + 412 + 76)
        }
    }

    @Test("a flush that lies loses what it promised; an honest one afterwards does not")
    func lie() throws {
        try BlockDisk.with { disk in
            for (isHonestLater, expected) in [(false, 0), (true, 5)] as [(Bool, UInt8)] {
                disk.switchOn(.syncLie, for: .seconds(60))
                #expect(disk.write(5, in: 0..<512) == .done)
                #expect(disk.ask(.flush) == .done)
                #expect(disk.write(5, in: 512..<1024, isDurable: true) == .done)
                if isHonestLater {
                    disk.switchOff(.syncLie)
                    #expect(disk.ask(.flush) == .done)
                }
                _ = try disk.cutPower(.nothing, seed: 1)
                #expect(disk.read(0..<1024)?.allSatisfy { $0 == expected } == true)
            }
            #expect(disk.state.touched == [.syncLie: 4])
        }
    }

    @Test("a full cache is written back, as a disk may at any time")
    func writtenBack() throws {
        try BlockDisk.with(size: 128 << 20) { disk in
            let piece = 32 << 20
            for number in 0..<3 {
                #expect(disk.write(9, in: number * piece..<(number + 1) * piece) == .done)
            }
            #expect(disk.unflushed.isEmpty)
            _ = try disk.cutPower(.nothing, seed: 1)
            #expect(disk.read(0..<512)?.allSatisfy { $0 == 9 } == true)
        }
    }
}
