import LeaseEngine
import LeaseKernel

/// Replays a log frame by frame and knows where to stop.
///
/// The published frame's checksum leaves out magic, version and the low bytes of the position,
/// so beyond what was synced a frame whose position does not follow is damage like any other:
/// the walk ends before it.
struct LogWalk {
    private(set) var replay: LogReplay
    /// Where the frames end that are kept.
    private(set) var end = 0
    private(set) var previous: LSN?
    /// The position before the last unbroken run of entries.
    private(set) var floor: LSN?
    /// Of the last entries, for comparing with peers.
    private(set) var checksums: [(LSN, UInt32)] = []
    private let log: [UInt8]
    private let durable: LSN
    private let isNative: Bool

    init(_ kernel: Kernel, log: [UInt8], durable: LSN, isNative: Bool) {
        replay = LogReplay(kernel, skippingThrough: kernel.lastAppliedLSN)
        self.log = log
        self.durable = durable
        self.isNative = isNative
    }

    mutating func run() throws(RecoveryError) {
        while end < log.count {
            let frame: WALFrame
            do throws(FrameError) {
                frame = try WALFrame.decode(log, at: end)
            } catch {
                if isNative || error == .bufferTooShort { return }
                throw .walFile(.corruption(offset: end, error))
            }
            do throws(RecoveryError) {
                guard try take(frame) else { return }
            } catch {
                // Native logs beyond the synced part: as good as a damaged checksum.
                if isNative, replay.kernel.lastAppliedLSN ?? LSN(0) >= durable { return }
                throw error
            }
            end += frame.encodedLength
        }
    }

    /// False when the frame cannot stand here.
    private mutating func take(_ frame: WALFrame) throws(RecoveryError) -> Bool {
        guard frame.recordType != .snapshotMarker else {
            _ = try replay.replay(frame)
            return true
        }
        if isNative, !follows(frame.lsn) { return false }
        _ = try replay.replay(frame)
        if previous?.successor != frame.lsn { floor = LSN(frame.lsn.rawValue &- 1) }
        previous = frame.lsn
        if checksums.count >= 8192 { checksums.removeFirst(4096) }
        checksums.append((frame.lsn, Applier.checksum(ofFrame: frame.encode())))
        return true
    }

    private func follows(_ lsn: LSN) -> Bool {
        let applied = replay.kernel.lastAppliedLSN ?? LSN(0)
        if lsn == applied.successor || lsn == previous?.successor { return true }
        guard lsn <= max(durable, applied) else { return false }
        return previous.map { lsn > $0 } ?? (lsn > LSN(0))
    }
}
