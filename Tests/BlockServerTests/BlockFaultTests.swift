import DurableFiles
import FaultyDisk
import Randomness
import SystemCalls
import TestSupport
import Testing

@testable import BlockServer

@Suite("the faults of a block device")
struct BlockFaultTests {
    private static let write = BlockRequest.Operation.write(offset: 0, [1], isDurable: false)
    private static let durable = BlockRequest.Operation.write(offset: 0, [1], isDurable: true)
    private static let read = BlockRequest.Operation.read(offset: 0, count: 1)

    /// What each request is answered under each fault; nil for what waits, and for what the fault
    /// does not concern what it is answered without.
    private static let table: [(DiskFault, [(BlockRequest.Operation, BlockReply?)])] = [
        (.readError, [(read, .failed(.inputOutput)), (write, .done), (.flush, .done)]),
        (
            .writeError,
            [(write, .failed(.inputOutput)), (durable, .failed(.inputOutput)), (.flush, .done)]
        ),
        (
            .syncError,
            [(.flush, .failed(.inputOutput)), (durable, .failed(.inputOutput)), (write, .done)]
        ),
        (.readStall, [(read, nil), (write, .done), (.flush, .done)]),
        (.writeStall, [(write, nil), (durable, nil), (.flush, .done)]),
        (.syncStall, [(.flush, nil), (durable, nil), (write, .done)]),
        (.full, [(write, .failed(.noSpaceLeft)), (durable, .failed(.noSpaceLeft))]),
    ]

    @Test("each hits its requests, is counted, and is gone when it is switched off")
    func each() throws {
        for (fault, expectations) in Self.table {
            try BlockDisk.with { disk in
                for (operation, expected) in expectations {
                    let before = disk.state.touched[fault] ?? 0
                    disk.switchOn(fault, for: .seconds(60))
                    #expect(disk.state.active == [fault])
                    #expect(disk.ask(operation) == expected, "\(fault): \(operation)")
                    let hits = (disk.state.touched[fault] ?? 0) - before
                    #expect(hits == (expected == .done ? 0 : 1), "\(fault): \(operation)")
                    disk.switchOff(fault)
                    #expect(disk.state.active.isEmpty)
                }
                #expect(disk.ask(Self.durable) == .done)
                #expect(disk.ask(Self.read) == .done([1]))
                #expect(disk.ask(.flush) == .done)
            }
        }
    }

    @Test("what failed changed nothing")
    func nothingChanged() throws {
        try BlockDisk.with { disk in
            #expect(disk.write(1, in: 0..<512) == .done)
            for fault in [DiskFault.writeError, .writeStall] {
                disk.switchOn(fault, for: .seconds(60))
                #expect(disk.write(2, in: 0..<512) != .done)
                disk.switchOff(fault)
            }
            #expect(disk.read(0..<512)?.allSatisfy { $0 == 1 } == true)
        }
    }

    @Test("a full disk still takes what was written before, and what room there is")
    func full() throws {
        try BlockDisk.with { disk in
            #expect(disk.write(1, in: 0..<4096) == .done)
            disk.switchOn(.full, for: .seconds(60), room: 4096)
            #expect(disk.write(2, in: 512..<1024) == .done)
            #expect(disk.write(3, in: 4096..<4608) == .done)
            // The block that was taken into use has room left.
            #expect(disk.write(4, in: 4608..<8192) == .done)
            #expect(disk.write(5, in: 8000..<9000) == .failed(.noSpaceLeft))
            #expect(disk.read(4096..<9000)?.last == 0)
            #expect(disk.read(8191..<8192) == [4])
            #expect(disk.state.touched == [.full: 1])
        }
    }

    @Test("a power cut ends all faults, and what waited fails")
    func cutWhileWaiting() throws {
        try BlockDisk.with { disk in
            disk.switchOn(.writeStall, for: .seconds(60))
            guard case .hold(let life) = disk.carryOut(Self.write) else {
                Issue.record("it did not wait")
                return
            }
            _ = try disk.cutPower(.nothing, seed: 1)
            #expect(disk.state.active.isEmpty)
            guard case .reply(let reply) = disk.carryOut(Self.write, heldIn: life) else {
                Issue.record("it still waits")
                return
            }
            #expect(reply == .failed(.inputOutput))
            #expect(disk.read(0..<1) == [0])
        }
    }

    @Test("flipped bits read wrong until they are written again, healed or rolled back")
    func flippedBits() throws {
        try BlockDisk.with { disk in
            #expect(disk.flipBits(5, seed: 3) == 0)
            #expect(disk.write(0xff, in: 0..<8192) == .done)
            #expect(disk.ask(.flush) == .done)
            for seed in 0..<20 as Range<UInt64> {
                #expect(disk.flipBits(5, seed: seed) == 5)
                let wrong = try #require(disk.read(0..<8192))
                #expect(wrong.reduce(0) { $0 + 8 - $1.nonzeroBitCount } == 5)
                #expect(disk.state.flippedBits == 5)
                #expect(disk.state.flippedReads == 2 * seed + 1)
                // A neighbour is written, and the wrong bits stay.
                let place = try #require(wrong.firstIndex { $0 != 0xff })
                let neighbour = place == 0 ? 1 : place - 1
                if wrong[neighbour] == 0xff {
                    #expect(disk.write([0xff], at: neighbour) == .done)
                }
                #expect(disk.read(0..<8192) == wrong)
                switch seed % 2 {
                case 0: #expect(disk.write(0xff, in: 0..<8192) == .done)
                default: disk.healBits()
                }
                #expect(disk.state.flippedBits == 0)
                #expect(disk.content?.prefix(8192).allSatisfy { $0 == 0xff } == true)
            }
            disk.flipBits(0b101, at: 100)
            #expect(disk.read(100..<101) == [0xff ^ 0b101])
        }
    }

    @Test("rolled back, it is as it was: bytes, cache, faults and bits, again and again")
    func rollBack() throws {
        try BlockDisk.with(size: 100_000) { disk in
            #expect(try !disk.rollBack())
            var random = SeededRandom(seed: 4)
            func work() throws {
                for _ in 0..<30 {
                    let offset = random.index(below: disk.size)
                    let count = min(disk.size - offset, 1 + random.index(below: 9000))
                    let byte = UInt8(truncatingIfNeeded: random.next())
                    let isDurable = random.chance(0.2)
                    #expect(
                        disk.write(byte, in: offset..<offset + count, isDurable: isDurable) == .done
                    )
                    if random.chance(0.2) { #expect(disk.ask(.flush) == .done) }
                    if random.chance(0.1) { _ = try disk.cutPower(.scatter, seed: random.next()) }
                }
            }
            for _ in 0..<3 {
                try work()
                let before = disk.content
                try disk.takeSnapshot()
                for _ in 0..<4 {
                    try work()
                    _ = disk.flipBits(3, seed: random.next())
                    disk.switchOn(.readStall, for: .seconds(60))
                    #expect(try disk.rollBack())
                    #expect(disk.content == before)
                    #expect(disk.state.flippedBits == 0 && disk.state.active.isEmpty)
                    #expect(try FileSystem.read(disk.path, limit: 1 << 20) == before)
                }
            }
            #expect(try FileSystem.list(Path.parent(of: disk.path) ?? "") == ["image"])
        }
    }

    @Test("an image takes the room that was written, also when it is opened again")
    func sparse() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "image")
            let size = 1 << 30
            let disk = try BlockDisk(creating: path, size: size)
            #expect(disk.write(1, in: size - 4096..<size) == .done)
            try disk.flush()
            try disk.takeSnapshot()
            let again = try BlockDisk(opening: path)
            #expect(again.size == size)
            #expect(again.read(size - 1..<size) == [1])
            let extents = try FileSystem.open(path, .readOnly).extents()
            #expect(extents == [size - 4096..<size])
            again.switchOn(.full, for: .seconds(60))
            #expect(again.write(2, in: size - 512..<size) == .done)
            #expect(again.write(2, in: 0..<512) == .failed(.noSpaceLeft))
            #expect(throws: SystemError.self) { try BlockDisk(creating: path, size: 512) }
            #expect(throws: SystemError.self) { try BlockDisk(opening: path + "-missing") }
        }
    }
}
