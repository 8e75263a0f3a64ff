public import LeaseKernel

extension Engine {
    /// Starts an engine from its files (durability.md 8). Every failure ends the start; a torn
    /// tail of the log is cut once the snapshot and the configuration were found good.
    public static func recover(
        _ kernelConfiguration: KernelConfiguration, _ configuration: EngineConfiguration,
        from storage: any EngineStorage, checking: Kernel.InvariantChecking = .onRestore,
        crashSwitch: CrashSwitch? = nil
    ) throws(RecoveryError) -> Engine {
        func pass(_ point: CrashPoint) throws(RecoveryError) {
            if let crashSwitch, crashSwitch(point) { throw .crashInjected(point) }
        }
        try requireBounds(configuration)
        let wal = try opening(storage, configuration)
        let snapshot = try readSnapshot(storage)
        let kernel = try restore(snapshot, kernelConfiguration, checking)
        try pass(.recoveryAfterSnapshotLoad)
        let frames = try cutToValidPrefix(wal)
        try pass(.recoveryAfterWALTruncate)

        let loadedLSN = kernel.lastAppliedLSN
        var replay = LogReplay(kernel, skippingThrough: loadedLSN)
        for frame in frames where try replay.replay(frame) {
            try pass(.recoveryAfterReplayFrame)
        }
        let last = replay.kernel.lastAppliedLSN
        if let last, last.rawValue == .max { throw .nextLSNExhausted(lastApplied: last) }

        let kind: StartupKind =
            if snapshot == nil {
                replay.appliedCount == 0 ? .freshStart : .walOnly
            } else {
                replay.appliedCount == 0 ? .snapshotOnly : .snapshotAndWAL
            }
        return Engine(
            kernel: replay.kernel, configuration: configuration,
            startup: StartupReport(
                kind: kind, loadedSnapshotLSN: loadedLSN,
                replayedFrameCount: replay.appliedCount,
                replayedLastLSN: replay.lastReplayedLSN),
            storage: storage, wal: wal,
            state: .running(next: last.map { LSN($0.rawValue + 1) } ?? LSN(1)),
            crashSwitch: crashSwitch)
    }

    /// Starts an empty engine at LSN 1 without reading what is there; for new files only.
    public static func open(
        _ kernelConfiguration: KernelConfiguration, _ configuration: EngineConfiguration,
        on storage: any EngineStorage, checking: Kernel.InvariantChecking = .onRestore
    ) throws(RecoveryError) -> Engine {
        try requireBounds(configuration)
        let kernel = try restore(nil, kernelConfiguration, checking)
        return Engine(
            kernel: kernel, configuration: configuration,
            startup: StartupReport(kind: .freshStart), storage: storage,
            wal: try opening(storage, configuration), state: .running(next: LSN(1)),
            crashSwitch: nil)
    }

    private static func requireBounds(
        _ configuration: EngineConfiguration
    ) throws(RecoveryError) {
        do {
            try configuration.validate()
        } catch {
            throw .engineConfiguration(error)
        }
    }

    private static func opening(
        _ storage: any EngineStorage, _ configuration: EngineConfiguration
    ) throws(RecoveryError) -> WALFile {
        do {
            return try WALFile(
                opening: storage, maxPayloadBytes: configuration.maxCommandBytes)
        } catch {
            throw .walFile(error)
        }
    }

    private static func readSnapshot(
        _ storage: any EngineStorage
    ) throws(RecoveryError) -> KernelSnapshot? {
        let bytes: [UInt8]?
        do {
            bytes = try storage.readSnapshot()
        } catch {
            throw .snapshotFile(error)
        }
        guard let bytes else { return nil }
        do {
            return try SnapshotCodec.decode(bytes)
        } catch {
            throw .snapshotDecoding(error)
        }
    }

    private static func restore(
        _ snapshot: KernelSnapshot?, _ configuration: KernelConfiguration,
        _ checking: Kernel.InvariantChecking
    ) throws(RecoveryError) -> Kernel {
        guard let snapshot else {
            do {
                return try Kernel(configuration: configuration, checking: checking)
            } catch {
                throw .configuration(error)
            }
        }
        do {
            return try Kernel(
                restoring: snapshot, configuration: configuration, checking: checking)
        } catch {
            throw .snapshotRestore(error)
        }
    }

    private static func cutToValidPrefix(_ wal: WALFile) throws(RecoveryError) -> [WALFrame] {
        do {
            return try wal.truncateToValidPrefix().frames
        } catch {
            throw .walFile(error)
        }
    }
}
