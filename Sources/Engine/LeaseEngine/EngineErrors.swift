public import LeaseKernel

/// An engine bound that is zero; the first in the order of the declaration decides.
public enum EngineConfigurationError: Error, Hashable, Sendable {
    case zeroCapacity(Field)

    public enum Field: String, CaseIterable, Hashable, Sendable {
        case maxSubmissionQueue = "max_submission_queue"
        case maxCommandBytes = "max_command_bytes"
        case maxExpirationsPerTick = "max_expirations_per_tick"
    }
}

extension EngineConfiguration {
    /// None of the bounds may be zero (durability.md 9).
    public func validate() throws(EngineConfigurationError) {
        if maxSubmissionQueue == 0 { throw .zeroCapacity(.maxSubmissionQueue) }
        if maxCommandBytes == 0 { throw .zeroCapacity(.maxCommandBytes) }
        if maxExpirationsPerTick == 0 { throw .zeroCapacity(.maxExpirationsPerTick) }
    }
}

/// Why a command has no answer from the state machine (durability.md 9).
public enum SubmissionError: Error, Hashable, Sendable {
    /// An earlier write failed; only recovery helps.
    case engineHalted
    case invalidRequest(CommandDecodingError)
    case slotOverflow(SlotOverflow)
    case commandTooLarge(encodedLength: UInt64, maxCommandBytes: UInt64)
    case lsnExhausted(lastApplied: LSN)
    case overloaded(queueDepth: UInt32, queueCapacity: UInt32)
    /// Whether this command is in the log is decided by the next recovery.
    case walFile(WALFileError)
    /// The kernel can never apply the command; found before anything was logged.
    case refused(KernelError)
    /// A simulation stopped the engine here.
    case crashInjected(CrashPoint)

    /// Definitely without effect. Otherwise the command may be durable, and only repeating it
    /// tells (wire-api.md 5).
    public var isDefinite: Bool {
        switch self {
        case .invalidRequest, .slotOverflow, .commandTooLarge, .lsnExhausted, .overloaded,
            .refused:
            true
        case .engineHalted, .walFile, .crashInjected: false
        }
    }
}

/// Why a checkpoint was not taken (durability.md 7).
public enum CheckpointError: Error, Hashable, Sendable {
    case engineHalted
    /// The engine stays usable.
    case queueNotEmpty(depth: Int)
    /// The engine halts.
    case walNotClean(WALScan.Stop)
    /// The engine halts.
    case walStateMismatch(walLastLSN: LSN?, snapshotLSN: LSN?)
    /// The state has no snapshot form; the engine stays usable.
    case snapshotEncoding(SnapshotEncodingError)
    /// The log is untouched and the engine stays usable.
    case snapshotFile(InputOutputFailure)
    /// The engine halts.
    case walFile(WALFileError)
    case crashInjected(CrashPoint)
}

/// Why a node does not start (durability.md 8). Nothing is guessed: every one needs a person.
public enum RecoveryError: Error, Hashable, Sendable {
    case engineConfiguration(EngineConfigurationError)
    case walFile(WALFileError)
    case snapshotFile(InputOutputFailure)
    case snapshotDecoding(SnapshotDecodingError)
    case snapshotRestore(RestoreError)
    case configuration(ConfigurationError)
    case commandCodec(CommandDecodingError)
    case replay(ReplayError)
    case nextLSNExhausted(lastApplied: LSN)
    case crashInjected(CrashPoint)
}

/// Why a readable log frame cannot be applied (durability.md 8).
public enum ReplayError: Error, Hashable, Sendable {
    case nonMonotonicLSN(previous: LSN, next: LSN)
    case rewoundRequestSlot(previous: Slot, next: Slot)
    case slotOverflow(LSN, SlotOverflow)
    /// The kernel refuses the command for good.
    case refused(LSN, KernelError)
}
