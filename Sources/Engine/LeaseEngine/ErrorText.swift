public import LeaseKernel

// The fixed textual form of replica.md 2.

extension SubmissionError: DebugTextual {
    public var debugText: String {
        switch self {
        case .engineHalted: "EngineHalted"
        case .invalidRequest(let reason): "InvalidRequest(\(reason.debugText))"
        case .slotOverflow(let overflow): "SlotOverflow(\(overflow.debugText))"
        case .commandTooLarge(let encodedLength, let maxCommandBytes):
            "CommandTooLarge { encoded_len: \(encodedLength), "
                + "max_command_bytes: \(maxCommandBytes) }"
        case .lsnExhausted(let last): "LsnExhausted { last_applied_lsn: \(last.debugText) }"
        case .overloaded(let depth, let capacity):
            "Overloaded { queue_depth: \(depth), queue_capacity: \(capacity) }"
        case .walFile(let error): "WalFile(\(error.debugText))"
        case .refused(let error): "Refused(\(error.debugText))"
        case .crashInjected(let point): "CrashInjected(\(point.name))"
        }
    }
}

extension FrameError: DebugTextual {
    public var debugText: String {
        switch self {
        case .bufferTooShort: "BufferTooShort"
        case .invalidMagic(let value): "InvalidMagic(\(value))"
        case .invalidVersion(let value): "InvalidVersion(\(value))"
        case .invalidRecordType(let value): "InvalidRecordType(\(value))"
        case .invalidChecksum: "InvalidChecksum"
        }
    }
}

extension WALFileError: DebugTextual {
    public var debugText: String {
        switch self {
        case .inputOutput(let failure): "Io(\(failure.debugText))"
        case .payloadTooLarge(let length, let maxPayloadBytes):
            "PayloadTooLarge { payload_len: \(length), max_payload_bytes: \(maxPayloadBytes) }"
        case .corruption(let offset, let error):
            "Corruption { offset: \(offset), error: \(error.debugText) }"
        }
    }
}

extension WALScan.Stop: DebugTextual {
    public var debugText: String {
        switch self {
        case .cleanEnd: "CleanEof"
        case .tornTail(let offset): "TornTail { offset: \(offset) }"
        case .corruption(let offset, let error):
            "Corruption { offset: \(offset), error: \(error.debugText) }"
        }
    }
}

extension CheckpointError: DebugTextual {
    public var debugText: String {
        switch self {
        case .engineHalted: "EngineHalted"
        case .queueNotEmpty(let depth): "QueueNotEmpty { queue_depth: \(depth) }"
        case .walNotClean(let stop): "WalNotClean(\(stop.debugText))"
        case .walStateMismatch(let walLastLSN, let snapshotLSN):
            "WalStateMismatch { wal_last_lsn: \(walLastLSN.debugText), "
                + "snapshot_lsn: \(snapshotLSN.debugText) }"
        case .snapshotEncoding(.wheelTooLong(let length)): "WheelTooLong(\(length))"
        case .snapshotFile(let failure): "SnapshotFile(Io(\(failure.debugText)))"
        case .walFile(let error): "WalFile(\(error.debugText))"
        case .crashInjected(let point): "CrashInjected(\(point.name))"
        }
    }
}

extension EngineConfigurationError: DebugTextual {
    public var debugText: String {
        switch self {
        case .zeroCapacity(let field): "ZeroCapacity(\"\(field.rawValue)\")"
        }
    }
}

extension RecoveryError: DebugTextual {
    public var debugText: String {
        switch self {
        case .engineConfiguration(let error): "EngineConfig(\(error.debugText))"
        case .walFile(let error): "WalFile(\(error.debugText))"
        case .snapshotFile(let failure): "SnapshotFile(Io(\(failure.debugText)))"
        case .snapshotDecoding(let error): "SnapshotFile(Decode(\(error.debugText)))"
        case .snapshotRestore(let error): "Snapshot(\(error.debugText))"
        case .configuration(let error): "Config(\(error.debugText))"
        case .commandCodec(let error): "CommandCodec(\(error.debugText))"
        case .replay(let error): "Replay(\(error.debugText))"
        case .nextLSNExhausted(let last):
            "NextLsnExhausted { last_applied_lsn: \(last.debugText) }"
        case .crashInjected(let point): "CrashInjected(\(point.name))"
        }
    }
}

extension ReplayError: DebugTextual {
    public var debugText: String {
        switch self {
        case .nonMonotonicLSN(let previous, let next):
            "NonMonotonicLsn { previous_lsn: \(previous.debugText), "
                + "next_lsn: \(next.debugText) }"
        case .rewoundRequestSlot(let previous, let next):
            "RewoundRequestSlot { previous_request_slot: \(previous.debugText), "
                + "next_request_slot: \(next.debugText) }"
        case .slotOverflow(let lsn, let overflow):
            "SlotOverflow { lsn: \(lsn.debugText), error: \(overflow.debugText) }"
        case .refused(let lsn, let error):
            "Refused { lsn: \(lsn.debugText), error: \(error.debugText) }"
        }
    }
}
