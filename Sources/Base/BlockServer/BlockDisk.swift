import DurableFiles
public import FaultyDisk
import Glibc
import Synchronization
public import SystemCalls

/// How a disk is, and what its faults have done so far.
public struct BlockDiskState: Hashable, Sendable {
    public var active: Set<DiskFault>
    /// How many requests each fault has hit.
    public var touched: [DiskFault: UInt64]
    /// Requests that wait for a stall to end.
    public var waiting: Int
    /// Reads that came back with a flipped bit in them.
    public var flippedReads: UInt64
    /// Bits that read wrong now.
    public var flippedBits: Int
    public var reads: UInt64
    public var writes: UInt64
    public var flushes: UInt64
    /// Writes that a power cut may undo now.
    public var unflushedWrites: Int
}

/// A disk with a volatile cache that fails on request, kept in a sparse file. It answers requests
/// wherever they come from; `BlockServer` gets them from clients of NBD.
///
/// Any thread may use it. Faults are those of `DiskFault` and end with their leases.
public final class BlockDisk: Sendable {
    /// What becomes of a request now.
    enum Answer {
        case reply(BlockReply)
        /// Ask again when the faults have changed, and say that it was held in this life.
        case hold(Life)
        /// Whoever asks lost its power with the disk.
        case lost
    }

    /// Goes up when the power is cut or the disk is rolled back: what waited for the disk before
    /// never comes about.
    typealias Life = UInt64

    /// Goes up when the power is cut: whoever was connected before was the machine that lost it.
    typealias Power = UInt64

    fileprivate struct Inside {
        var image: CachedImage
        var faults = DiskFaults()
        var waiting = 0
        var flippedReads: UInt64 = 0
        var reads: UInt64 = 0
        var writes: UInt64 = 0
        var flushes: UInt64 = 0
        var life: Life = 0
        var power: Power = 0
    }

    public let path: String
    /// In bytes.
    public let size: Int
    private let inside: Mutex<Inside>
    /// Told when requests that wait should be tried again.
    private let listener = Mutex<(@Sendable () -> Void)?>(nil)

    /// A new disk, empty, in a file that does not exist yet. It takes the room that is written.
    public init(creating path: String, size: Int) throws(SystemError) {
        let file = try FileSystem.open(path, .createNew)
        try file.truncate(to: size)
        self.path = path
        self.size = size
        inside = Mutex(Inside(image: try CachedImage(file)))
    }

    /// The disk that a raw image holds.
    public init(opening path: String) throws(SystemError) {
        guard FileSystem.exists(path) else {
            throw SystemError(call: "open", code: ENOENT, subject: path)
        }
        let image = try CachedImage(try FileSystem.open(path, .update))
        self.path = path
        size = image.size
        inside = Mutex(Inside(image: image))
    }

    // MARK: - Faults

    /// Switches a fault on, for at most `lease`. `room` is for a full disk: how many bytes that
    /// were never written may still be.
    public func switchOn(_ fault: DiskFault, for lease: Duration, room: Int = 0) {
        inside.withLock { $0.faults.switchOn(fault, until: .now + lease, room: room) }
        tellListener()
    }

    public func switchOff(_ fault: DiskFault) {
        inside.withLock { $0.faults.switchOff(fault) }
        tellListener()
    }

    public func switchAllOff() {
        inside.withLock { $0.faults.switchAllOff() }
        tellListener()
    }

    /// Flips bits in what was written; returns how many. They stay until they are written again,
    /// healed or rolled back.
    public func flipBits(_ count: Int, seed: UInt64) -> Int {
        inside.withLock { $0.image.flip(bits: count, seed: seed) }
    }

    /// The bits of one byte that are set in `mask` read wrong from now on.
    public func flipBits(_ mask: UInt8, at place: Int) {
        precondition(place >= 0 && place < size, "there is no byte \(place)")
        inside.withLock { $0.image.flip(mask, at: place) }
    }

    public func healBits() { inside.withLock { $0.image.healFlips() } }

    public var state: BlockDiskState {
        inside.withLock { inside in
            BlockDiskState(
                active: Set(inside.faults.current(at: .now)), touched: inside.faults.touched,
                waiting: inside.waiting, flippedReads: inside.flippedReads,
                flippedBits: inside.image.flippedBits, reads: inside.reads, writes: inside.writes,
                flushes: inside.flushes, unflushedWrites: inside.image.unflushed.count)
        }
    }

    // MARK: - Power

    /// The writes that were not flushed, in the order in which they came.
    public var unflushed: [UnflushedWrite] { inside.withLock { $0.image.unflushed } }

    /// The power fails and comes back: all faults end, and of what was not flushed the disk has
    /// what the retention leaves, for certain. Clients lose their connections, and what they had
    /// asked for and not got never comes about.
    public func cutPower(
        _ retention: Retention, seed: UInt64
    ) throws(SystemError) -> PowerCutReport {
        try withNewLife(isPowerCut: true) { image throws(SystemError) in
            try image.losePower(retention, seed: seed)
        }
    }

    /// The same, with sectors of 512 bytes that the caller chooses: for every unflushed write,
    /// in order, which of the sectors that it touches are kept.
    public func cutPower(
        keeping keeps: (_ write: UnflushedWrite, _ sector: Int) -> Bool
    ) throws(SystemError) -> PowerCutReport {
        try withNewLife(isPowerCut: true) { image throws(SystemError) in
            try image.losePower(keeping: keeps)
        }
    }

    // MARK: - Rollback

    /// Remembers what the disk holds, the cache included. The memory takes the room of the image
    /// in the same folder and goes with the disk; a second one replaces the first.
    public func takeSnapshot() throws(SystemError) {
        try inside.withLock { inside throws(SystemError) in try inside.image.takeSnapshot() }
    }

    /// Puts the disk back to its snapshot: the bytes, and no faults. Requests that wait fail.
    /// False when there is no snapshot. Whoever uses the disk must have been put back, too.
    public func rollBack() throws(SystemError) -> Bool {
        try withNewLife { image throws(SystemError) in try image.rollBack() }
    }

    /// Writes out what is in the cache, as before the machine is switched off in good order.
    public func flush() throws(SystemError) {
        try inside.withLock { inside throws(SystemError) in try inside.image.flush() }
    }

    private func withNewLife<Value>(
        isPowerCut: Bool = false, _ body: (inout CachedImage) throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        let value = try inside.withLock { inside throws(SystemError) in
            inside.faults.switchAllOff()
            inside.life += 1
            if isPowerCut { inside.power += 1 }
            return try body(&inside.image)
        }
        tellListener()
        return value
    }
}

// MARK: - For whoever serves it

extension BlockDisk {
    func setListener(_ listener: (@Sendable () -> Void)?) {
        self.listener.withLock { $0 = listener }
    }

    private func tellListener() { listener.withLock { $0 }?() }

    /// When the next fault ends by itself.
    var nextChange: Instant? { inside.withLock { $0.faults.nextEnd } }

    func setWaiting(_ count: Int) { inside.withLock { $0.waiting = count } }

    var power: Power { inside.withLock { $0.power } }

    /// `power` is the one of when the client connected; nil for a caller without a connection.
    func carryOut(
        _ operation: BlockRequest.Operation, under power: Power? = nil, heldIn life: Life? = nil
    ) -> Answer {
        inside.withLock { inside in
            if let power, power != inside.power { return .lost }
            if let life, life != inside.life { return .reply(.failed(.inputOutput)) }
            do throws(SystemError) {
                let reply = try inside.carryOut(operation, isRepeated: life != nil)
                return reply.map { .reply($0) } ?? .hold(inside.life)
            } catch {
                // The file that holds the image, not a fault of ours.
                return .reply(.failed(error.code == ENOSPC ? .noSpaceLeft : .inputOutput))
            }
        }
    }
}

extension BlockDisk.Inside {
    /// Nil for what has to wait.
    mutating func carryOut(
        _ operation: BlockRequest.Operation, isRepeated: Bool
    ) throws(SystemError) -> BlockReply? {
        switch operation {
        case .read(let offset, let count): try read(offset..<offset + count, isRepeated)
        case .write(let offset, let bytes, let isDurable):
            try write(bytes, at: offset, isDurable, isRepeated)
        case .flush: try flush(isRepeated)
        }
    }

    private mutating func read(
        _ range: Range<Int>, _ isRepeated: Bool
    ) throws(SystemError) -> BlockReply? {
        switch faults.decide(.read, at: .now, isRepeated: isRepeated) {
        case .hold: return nil
        case .fail(let error): return .failed(BlockError(error))
        case .proceed, .cutShort, .pretend:
            let (bytes, isFlipped) = try image.read(range)
            reads += 1
            if isFlipped { flippedReads += 1 }
            return .done(bytes)
        }
    }

    private mutating func write(
        _ bytes: [UInt8], at offset: Int, _ isDurable: Bool, _ isRepeated: Bool
    ) throws(SystemError) -> BlockReply? {
        let growth = image.growth(offset..<offset + bytes.count)
        let operation = DiskFaults.Operation.write(growth: growth, isDurable: isDurable)
        let decision = faults.decide(operation, at: .now, isRepeated: isRepeated)
        switch decision {
        case .hold: return nil
        case .fail(let error): return .failed(BlockError(error))
        // A disk writes all of a request or says that it has no room.
        case .cutShort: return .failed(.noSpaceLeft)
        case .proceed, .pretend:
            try image.write(bytes, at: offset, isDurable: isDurable && decision != .pretend)
            writes += 1
            return .done([])
        }
    }

    private mutating func flush(_ isRepeated: Bool) throws(SystemError) -> BlockReply? {
        switch faults.decide(.sync, at: .now, isRepeated: isRepeated) {
        case .hold: return nil
        case .fail(let error): return .failed(BlockError(error))
        case .pretend: break
        case .proceed, .cutShort: try image.flush()
        }
        flushes += 1
        return .done([])
    }
}

extension BlockError {
    fileprivate init(_ error: DiskError) {
        self = error == .noSpaceLeft ? .noSpaceLeft : .inputOutput
    }
}
