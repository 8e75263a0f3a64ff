public import LeaseEngine
public import LeaseKernel
public import TestSupport

// How the golden files name errors; one function per error type.

extension CommandDecodingError {
    public var vector: JSONValue {
        switch self {
        case .bufferTooShort: .error("buffer_too_short")
        case .invalidCommandTag(let tag): .error("invalid_command_tag", ["value": .count(tag)])
        case .invalidLayout: .error("invalid_layout")
        }
    }
}

extension ConfigurationError {
    public var vector: JSONValue {
        switch self {
        case .zeroCapacity(let field): .error("zero_capacity", ["field": .string(field.rawValue)])
        case .bundleSizeTooLarge: .error("bundle_size_too_large")
        case .historyWindowTooLarge: .error("history_window_too_large")
        case .operationWindowTooLarge: .error("operation_window_too_large")
        case .bucketCapacityTooLarge: .error("bucket_capacity_too_large")
        case .reservationMemberTableTooLarge: .error("reservation_member_table_too_large")
        case .wheelTooLarge: .error("wheel_too_large")
        }
    }
}

extension SnapshotDecodingError {
    public var vector: JSONValue {
        switch self {
        case .bufferTooShort: .error("buffer_too_short")
        case .invalidMagic(let value): .error("invalid_magic", ["value": .count(value)])
        case .invalidVersion(let value): .error("invalid_version", ["value": .count(value)])
        case .invalidStateTag(let value): .error("invalid_state_tag", ["value": .count(value)])
        case .invalidLayout: .error("invalid_layout")
        }
    }
}

extension RestoreError {
    public var vector: JSONValue {
        func over(_ table: String, _ count: Int, _ capacity: UInt64) -> JSONValue {
            .error("\(table)_over_capacity", ["count": .count(count), "max": .count(capacity)])
        }
        return switch self {
        case .configuration(let error): .error("config", ["config_error": error.vector])
        case .invalidLayout: .error("invalid_layout")
        case .inconsistentWatermarks(let lsn, let slot):
            .error(
                "inconsistent_watermarks",
                ["last_applied_lsn": .text(lsn), "last_request_slot": .text(slot)])
        case .resourceTableOverCapacity(let count, let capacity):
            over("resource_table", count, capacity)
        case .reservationTableOverCapacity(let count, let capacity):
            over("reservation_table", count, capacity)
        case .reservationMemberTableOverCapacity(let count, let capacity):
            over("reservation_member_table", count, capacity)
        case .operationTableOverCapacity(let count, let capacity):
            over("operation_table", count, capacity)
        case .duplicateResource(let id):
            .error("duplicate_resource_id", ["resource_id": .text(id)])
        case .duplicateReservation(let id):
            .error("duplicate_reservation_id", ["reservation_id": .text(id)])
        case .duplicateReservationMember(let id, let index):
            .error(
                "duplicate_reservation_member",
                ["reservation_id": .text(id), "member_index": .count(index)])
        case .duplicateOperation(let id):
            .error("duplicate_operation_id", ["operation_id": .text(id)])
        case .invariant(let violation):
            .error("invariant", ["invariant": .string(violation.rawValue)])
        }
    }
}

extension FrameError {
    public var vector: JSONValue {
        switch self {
        case .bufferTooShort: .error("buffer_too_short")
        case .invalidMagic(let value): .error("invalid_magic", ["value": .count(value)])
        case .invalidVersion(let value): .error("invalid_version", ["value": .count(value)])
        case .invalidRecordType(let value):
            .error("invalid_record_type", ["value": .count(value)])
        case .invalidChecksum: .error("invalid_checksum")
        }
    }
}

extension WALScan.Stop {
    public var vector: JSONValue {
        switch self {
        case .cleanEnd: .object(["reason": .string("clean_eof")])
        case .tornTail(let offset):
            .object(["reason": .string("torn_tail"), "offset": .count(offset)])
        case .corruption(let offset, let error):
            error.vector.with(["reason": .string("corruption"), "offset": .count(offset)])
        }
    }
}

extension WALFileError {
    public var vector: JSONValue {
        switch self {
        case .inputOutput(let failure): .error("io", ["code": .count(failure.code)])
        case .payloadTooLarge(let length, let maxPayloadBytes):
            .error(
                "payload_too_large",
                ["payload_len": .count(length), "max_payload_bytes": .count(maxPayloadBytes)])
        case .corruption(let offset, let error):
            .error("corruption", ["offset": .count(offset), "frame_error": error.vector])
        }
    }
}

extension SubmissionError {
    /// Category and code as clients see them (wire-api.md 3.2).
    public var vector: JSONValue {
        let code: JSONValue =
            switch self {
            case .engineHalted: .coded("engine_halted")
            case .invalidRequest(let reason): .coded("invalid_request", reason.details)
            case .slotOverflow(let overflow): .coded("slot_overflow", overflow.details)
            case .commandTooLarge(let encodedLength, let maxCommandBytes):
                .coded(
                    "command_too_large",
                    [
                        "encoded_len": .text(encodedLength),
                        "max_command_bytes": .text(maxCommandBytes),
                    ])
            case .lsnExhausted(let last):
                .coded("lsn_exhausted", ["last_applied_lsn": .text(last)])
            case .overloaded(let depth, let capacity):
                .coded(
                    "overloaded",
                    ["queue_depth": .count(depth), "queue_capacity": .count(capacity)])
            case .walFile: .coded("storage_failure")
            case .refused(let error): .coded("refused", ["why": .string(error.debugText)])
            case .crashInjected(let point):
                .coded("crash_injected", ["point": .string(point.name)])
            }
        return code.with(["category": .string(isDefinite ? "definite_failure" : "indefinite")])
    }
}

extension JSONValue {
    fileprivate static func coded(
        _ code: String, _ details: [String: JSONValue] = [:]
    ) -> JSONValue {
        JSONValue.object(details).with(["code": .string(code)])
    }
}

extension CommandDecodingError {
    fileprivate var details: [String: JSONValue] {
        switch self {
        case .bufferTooShort: ["reason": .string("buffer_too_short")]
        case .invalidCommandTag(let tag):
            ["reason": .string("invalid_command_tag"), "tag": .count(tag)]
        case .invalidLayout: ["reason": .string("invalid_layout")]
        }
    }
}

extension SlotOverflow {
    public var details: [String: JSONValue] {
        let name =
            switch kind {
            case .operationWindow: "operation_window"
            case .deadline: "deadline"
            case .reservationHistory: "reservation_history"
            }
        return [
            "kind": .string(name), "request_slot": .text(requestSlot), "delta": .text(delta),
        ]
    }
}

extension CheckpointError {
    public var vector: JSONValue {
        switch self {
        case .engineHalted: .error("engine_halted")
        case .queueNotEmpty(let depth):
            .error("queue_not_empty", ["queue_depth": .count(depth)])
        case .walNotClean(let stop): .error("wal_not_clean", ["stop": stop.vector])
        case .walStateMismatch(let walLastLSN, let snapshotLSN):
            .error(
                "wal_state_mismatch",
                ["wal_last_lsn": .text(walLastLSN), "snapshot_lsn": .text(snapshotLSN)])
        case .snapshotEncoding(.wheelTooLong(let length)):
            .error("wheel_too_long", ["length": .text(length)])
        case .snapshotFile(let failure): .error("snapshot_file", ["code": .count(failure.code)])
        case .walFile(let error): .error("wal_file", ["detail": error.vector])
        case .crashInjected(let point):
            .error("crash_injected", ["point": .string(point.name)])
        }
    }
}

extension RecoveryError {
    /// Stage and detail of a start that failed.
    public var vector: JSONValue {
        func at(_ stage: String, _ detail: JSONValue) -> JSONValue {
            .object(["stage": .string(stage), "detail": detail])
        }
        return switch self {
        case .engineConfiguration(.zeroCapacity(let field)):
            at(
                "engine_config",
                .error("zero_capacity", ["field": .string(field.rawValue)]))
        case .walFile(let error): at("wal_file", error.vector)
        case .snapshotFile(let failure):
            at("snapshot_file", .error("io", ["code": .count(failure.code)]))
        case .snapshotDecoding(let error): at("snapshot_decode", error.vector)
        case .snapshotRestore(let error): at("snapshot_restore", error.vector)
        case .configuration(let error): at("config", error.vector)
        case .commandCodec(let error): at("command_codec", error.vector)
        case .replay(let error): at("replay", error.vector)
        case .nextLSNExhausted(let last):
            at("next_lsn_exhausted", .object(["last_applied_lsn": .text(last)]))
        case .crashInjected(let point): at("crash_injected", .string(point.name))
        }
    }
}

extension ReplayError {
    public var vector: JSONValue {
        switch self {
        case .nonMonotonicLSN(let previous, let next):
            .error(
                "non_monotonic_lsn", ["previous_lsn": .text(previous), "next_lsn": .text(next)])
        case .rewoundRequestSlot(let previous, let next):
            .error(
                "rewound_request_slot",
                [
                    "previous_request_slot": .text(previous),
                    "next_request_slot": .text(next),
                ])
        case .slotOverflow(let lsn, let overflow):
            JSONValue.error("slot_overflow", overflow.details).with(["lsn": .text(lsn)])
        case .refused(let lsn, let error):
            .error("refused", ["lsn": .text(lsn), "why": .string(error.debugText)])
        }
    }
}
