public import LeaseKernel

/// What a checkpoint wrote (durability.md 7).
public struct CheckpointReport: Hashable, Sendable {
    public let snapshotLSN: LSN?
    public let previousSnapshotLSN: LSN?
    /// Frames in the new log, its marker included.
    public let retainedFrameCount: Int

    public init(snapshotLSN: LSN?, previousSnapshotLSN: LSN?, retainedFrameCount: Int) {
        self.snapshotLSN = snapshotLSN
        self.previousSnapshotLSN = previousSnapshotLSN
        self.retainedFrameCount = retainedFrameCount
    }
}

extension Engine {
    /// Writes the state as the snapshot file and shortens the log to what came after the
    /// previous snapshot. Works also when no LSN is left.
    public mutating func checkpoint() throws(CheckpointError) -> CheckpointReport {
        if isHalted { throw .engineHalted }
        guard queue.isEmpty else { throw .queueNotEmpty(depth: queue.count) }
        let frames = try cleanLogFrames()
        try writeSnapshot()
        try passCheckpoint(.checkpointAfterSnapshotWrite)

        let previous = activeSnapshotLSN
        var retained = frames.filter { $0.lsn.rawValue > previous?.rawValue ?? 0 }
        if let lsn = kernel.lastAppliedLSN {
            retained.append(
                WALFrame(
                    lsn: lsn, requestSlot: kernel.lastRequestSlot ?? Slot(0),
                    recordType: .snapshotMarker, payload: []))
        }
        activeSnapshotLSN = kernel.lastAppliedLSN
        do {
            try wal.replace(with: retained)
        } catch {
            state = .halted
            throw .walFile(error)
        }
        try passCheckpoint(.checkpointAfterWALRewrite)
        return CheckpointReport(
            snapshotLSN: kernel.lastAppliedLSN, previousSnapshotLSN: previous,
            retainedFrameCount: retained.count)
    }

    /// The frames of a log that ends cleanly and exactly at the state in memory.
    private mutating func cleanLogFrames() throws(CheckpointError) -> [WALFrame] {
        let scan: WALScan
        do {
            scan = try wal.scan()
        } catch {
            state = .halted
            throw .walFile(error)
        }
        guard scan.stop == .cleanEnd else {
            state = .halted
            throw .walNotClean(scan.stop)
        }
        let walLastLSN = scan.frames.last?.lsn
        guard walLastLSN == kernel.lastAppliedLSN else {
            state = .halted
            throw .walStateMismatch(walLastLSN: walLastLSN, snapshotLSN: kernel.lastAppliedLSN)
        }
        return scan.frames
    }

    private func writeSnapshot() throws(CheckpointError) {
        let bytes: [UInt8]
        do {
            bytes = try SnapshotCodec.encode(kernel.snapshot())
        } catch {
            throw .snapshotEncoding(error)
        }
        do {
            try storage.replaceSnapshot(with: bytes)
        } catch {
            throw .snapshotFile(error)
        }
    }

    private mutating func passCheckpoint(_ point: CrashPoint) throws(CheckpointError) {
        do {
            try pass(point)
        } catch {
            throw .crashInjected(point)
        }
    }
}
