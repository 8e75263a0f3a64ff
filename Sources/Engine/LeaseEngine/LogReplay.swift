public import LeaseKernel

/// Brings a kernel forward through log frames (durability.md 8 step 6), with the same code that
/// applies commands live: outcomes are computed again, not read.
public struct LogReplay: Sendable {
    public private(set) var kernel: Kernel
    /// Client and internal frames applied.
    public private(set) var appliedCount: UInt32 = 0
    public private(set) var lastReplayedLSN: LSN?
    private let snapshotLSN: LSN?
    private var previousLSN: LSN?
    private var previousSlot: Slot?

    /// Frames up to `snapshotLSN`, the position of the snapshot the kernel came from, are
    /// skipped unread.
    public init(_ kernel: Kernel, skippingThrough snapshotLSN: LSN?) {
        self.kernel = kernel
        self.snapshotLSN = snapshotLSN
        self.previousLSN = kernel.lastAppliedLSN
        self.previousSlot = kernel.lastRequestSlot
    }

    /// Returns whether the frame was applied; skipped frames and markers are not.
    public mutating func replay(_ frame: WALFrame) throws(RecoveryError) -> Bool {
        if let snapshotLSN, frame.lsn <= snapshotLSN { return false }
        if let previousLSN, frame.lsn <= previousLSN {
            throw .replay(.nonMonotonicLSN(previous: previousLSN, next: frame.lsn))
        }
        if let previousSlot, frame.requestSlot < previousSlot {
            throw .replay(.rewoundRequestSlot(previous: previousSlot, next: frame.requestSlot))
        }
        let isApplied = try apply(frame)
        previousLSN = frame.lsn
        previousSlot = frame.requestSlot
        if isApplied {
            appliedCount += 1
            lastReplayedLSN = frame.lsn
        }
        return isApplied
    }

    private mutating func apply(_ frame: WALFrame) throws(RecoveryError) -> Bool {
        switch frame.recordType {
        case .snapshotMarker:
            return false
        case .clientCommand:
            let request = try decoding { () throws(CommandDecodingError) in
                try CommandCodec.decodeClient(frame.payload)
            }
            try requireRange(
                kernel.configuration.slotOverflow(
                    ofClient: request.command, at: frame.requestSlot), of: frame)
            try refusing(frame) { (kernel: inout Kernel) throws(KernelError) in
                _ = try kernel.apply(request, lsn: frame.lsn, requestSlot: frame.requestSlot)
            }
        case .internalCommand:
            let command = try decoding { () throws(CommandDecodingError) in
                try CommandCodec.decodeInternal(frame.payload)
            }
            try requireRange(
                kernel.configuration.slotOverflow(ofInternal: command, at: frame.requestSlot),
                of: frame)
            try refusing(frame) { (kernel: inout Kernel) throws(KernelError) in
                _ = try kernel.applyInternal(
                    command, lsn: frame.lsn, requestSlot: frame.requestSlot)
            }
        }
        return true
    }

    private func decoding<Value>(
        _ decode: () throws(CommandDecodingError) -> Value
    ) throws(RecoveryError) -> Value {
        do throws(CommandDecodingError) {
            return try decode()
        } catch {
            throw .commandCodec(error)
        }
    }

    private func requireRange(
        _ overflow: SlotOverflow?, of frame: WALFrame
    ) throws(RecoveryError) {
        if let overflow { throw .replay(.slotOverflow(frame.lsn, overflow)) }
    }

    private mutating func refusing(
        _ frame: WALFrame, _ change: (inout Kernel) throws(KernelError) -> Void
    ) throws(RecoveryError) {
        do throws(KernelError) {
            try change(&kernel)
        } catch {
            throw .replay(.refused(frame.lsn, error))
        }
    }
}
